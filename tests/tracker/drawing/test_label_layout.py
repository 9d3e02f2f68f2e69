"""Where labels go: beside their person and off all faces."""

from __future__ import annotations

import numpy as np
import pytest

from tracker import boxes
from tracker.drawing.label_layout import LabelLayout, head_regions, slots

PICTURE = (1280, 720)
LABEL = (60, 30)


def placed(people: list[list[float]], keypoints: np.ndarray | None = None) -> np.ndarray:
    """Labels as corners (T, 4) for boxes given as corners."""
    xyxy = np.array(people, float)
    sizes = [LABEL] * len(xyxy)
    corner = LabelLayout().place(0.0, range(len(xyxy)), xyxy, head_regions(xyxy, keypoints), sizes, PICTURE)
    return np.concatenate([corner, corner + LABEL], axis=1)


def test_one_person_has_the_label_at_the_feet() -> None:
    assert placed([[100, 100, 200, 400]]).tolist() == [[100, 400, 160, 430]]


def test_feet_at_the_lower_edge_keep_the_label_in_the_picture() -> None:
    assert placed([[100, 300, 200, 710]]).tolist() == [[100, 690, 160, 720]]


def test_a_person_filling_the_picture_has_the_label_off_the_face() -> None:
    (label,) = placed([[0, 0, 1280, 720]])
    assert label[1] > 180


def test_a_head_behind_the_feet_is_left_free() -> None:
    behind, front = [100, 100, 200, 400], [90, 390, 220, 700]
    assert placed([behind, front])[0].tolist() == [100, 70, 160, 100]


def test_no_label_covers_a_face_or_another_label_in_a_crowd() -> None:
    random = np.random.default_rng(5)
    for _ in range(200):
        height = random.uniform(150, 350, 7)
        left, top = random.uniform(0, 1180, 7), random.uniform(0, 370, 7)
        people = np.stack([left, top, left + height / 3, top + height], axis=1)
        labels = placed(people.tolist())
        assert boxes.intersection(labels, head_regions(people)).sum() == 0
        assert boxes.intersection(labels, labels)[~np.eye(7, dtype=bool)].sum() == 0
        assert (labels[:, :2] >= 0).all()
        assert (labels[:, 2:] <= PICTURE).all()


def test_keypoints_tell_where_a_head_is_in_a_handstand() -> None:
    box = np.array([[100, 100, 200, 400.0]])
    joints = np.zeros((1, 17, 3))
    joints[0, :3] = [[150, 370, 0.9], [145, 375, 0.9], [155, 375, 0.9]]
    ((left, top, right, bottom),) = head_regions(box, joints).tolist()
    assert (left, top, right, bottom) == pytest.approx((112, 337, 188, 400))
    joints[0, :, 2] = 0.1
    assert head_regions(box, joints).tolist() == [[100, 100, 200, 175]]


def test_a_label_stays_where_it_is_for_a_while() -> None:
    layout = LabelLayout()
    alone, crowd = np.array([[100, 100, 200, 400.0]]), np.array([[100, 100, 200, 400.0], [90, 390, 230, 700]])

    def at(time: float, people: np.ndarray) -> list[int]:
        ids = range(1, 1 + len(people))
        return layout.place(time, ids, people, head_regions(people), [LABEL] * len(people), PICTURE)[0].tolist()

    below, above = [100, 400], [100, 70]
    assert at(0.0, alone) == below
    assert at(0.1, crowd) == above  # a face came below
    assert at(0.2, alone) == above  # and is gone again, but the label does not flicker
    assert at(1.2, alone) == below


def test_slots_touch_the_box() -> None:
    box = np.array([100, 100, 200, 400.0])
    corners = slots(box, 60, 30)
    left, top, right, bottom = box
    assert ((corners[:, 0] + 60 >= left) & (corners[:, 0] <= right)).all()
    assert ((corners[:, 1] + 30 >= top) & (corners[:, 1] <= bottom)).all()
