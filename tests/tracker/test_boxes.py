import numpy as np
import pytest

from tracker import boxes

A = np.array([[0.0, 0.0, 10.0, 20.0]])
B = np.array([[5.0, 10.0, 15.0, 30.0], [10.0, 0.0, 20.0, 20.0], [0.0, 0.0, 10.0, 20.0]])


def test_conversions_are_each_others_inverse():
    assert boxes.xyxy_to_cxcywh(A).tolist() == [[5, 10, 10, 20]]
    assert boxes.cxcywh_to_xyxy(boxes.xyxy_to_cxcywh(B)) == pytest.approx(B)
    assert boxes.xyxy_to_xywh(B).tolist()[0] == [5, 10, 10, 20]
    assert boxes.xywh_to_xyxy(boxes.xyxy_to_xywh(B)) == pytest.approx(B)


def test_iou_worked_by_hand():
    # a 5 x 10 corner is shared by two boxes of 200; touching sides share nothing; a box is itself
    assert boxes.iou(A, B)[0] == pytest.approx([50 / 350, 0.0, 1.0])


def test_height_iou_looks_at_the_vertical_only():
    # rows 10..20 of 0..30 are shared; side by side people of one height overlap fully
    assert boxes.height_iou(A, B)[0] == pytest.approx([10 / 30, 1.0, 1.0])


def test_no_boxes_make_empty_tables():
    none = np.zeros((0, 4))
    assert boxes.iou(none, B).shape == (0, 3)
    assert boxes.iou(B, none).shape == (3, 0)
