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


def test_pairs_that_overlap_are_as_all_pairs_have_it():
    """Of three boxes the second covers a quarter of the first, and the third lies above the others."""
    xyxy = np.array([[0, 0, 10, 20], [5, 10, 25, 40], [0, -30, 10, -1]], float)
    assert [each.tolist() for each in boxes.contacts(xyxy)] == [[0], [1], [0.25]]
    random = np.random.default_rng(0)
    corner = random.uniform(0, 100, (30, 2))
    xyxy = np.concatenate([corner, corner + random.uniform(5, 40, (30, 2))], axis=1)
    every = np.zeros((30, 30))
    rows, columns, share = boxes.contacts(xyxy)
    every[rows, columns] = share
    assert every == pytest.approx(np.triu(boxes.contact(xyxy, xyxy), 1))
