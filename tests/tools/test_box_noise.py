"""Boxes with a detector's errors: as large as measured, larger for hidden people, and the joints stay in place."""

from __future__ import annotations

import numpy as np
import pytest

from tools.dataset.box_noise import detected
from tools.dataset.scene_crops import CutOptions, cut_frame
from tools.renderer import StageFrame
from tracker.types import Frame, FrameTracks

BOX = np.array([100.0, 50.0, 180.0, 250.0], np.float32)  # 80 by 200
NO_NEIGHBOURS = np.zeros((0, 4), np.float32)


def body(seen: slice = slice(0, 17)) -> np.ndarray:
    """17 joints down the middle of the box; those of `seen` are in sight."""
    points = np.stack([np.full(17, 140.0), np.linspace(60, 240, 17), np.ones(17)], axis=1)
    points[seen, 2] = 2
    return points.astype(np.float32)


def errors(visibility: float, degree: float, draws: int = 4000) -> np.ndarray:
    """Edges' errors (draws, 4) as shares of the height."""
    random = np.random.default_rng(3)
    boxes = [detected(BOX, body(), visibility, NO_NEIGHBOURS, degree, random) for _ in range(draws)]
    return (np.array(boxes) - BOX) / 200


def test_a_person_in_sight_is_boxed_as_a_detector_does():
    edges = errors(1.0, 1.0)
    # Measured on DanceTrack with YOLOX: half of the errors below 0.007 / 1.48 = 0.5%, 5% beyond 2 to 4%, 1% beyond 17%
    assert np.median(np.abs(edges), axis=0) == pytest.approx(0.005, abs=0.002)
    assert (np.quantile(np.abs(edges), 0.9, axis=0) < 0.045).all()
    assert (np.quantile(np.abs(edges[:, :3]), 0.99, axis=0) > 0.05).all()
    lost_feet = edges[:, 3] < -0.045
    assert lost_feet.mean() == pytest.approx(0.045, abs=0.02)  # 4% cut, and the tail of the rest


def test_the_errors_grow_with_the_degree_and_with_what_is_hidden():
    typical = [np.median(np.abs(errors(seen, degree))) for seen, degree in ((1.0, 1.0), (1.0, 2.0), (0.4, 2.0))]
    assert typical[1] == pytest.approx(2 * typical[0], rel=0.2)
    assert typical[2] > 1.5 * typical[1]


def test_of_a_half_hidden_person_sometimes_only_the_part_in_sight_is_boxed():
    random = np.random.default_rng(5)
    boxes = np.array([detected(BOX, body(slice(0, 8)), 0.5, NO_NEIGHBOURS, 2.0, random) for _ in range(1000)])
    # with a chance of 2 * 0.5 * 0.5 = 0.5; joint 7 lies at 60 + 180 * 7 / 16 = 139, the box ends 40 to 100% of the way
    # from 250 up to 139 + 0.05 * 200 = 149, that is at 210 or above
    assert (boxes[:, 3] < 212).mean() == pytest.approx(0.5, abs=0.12)


def test_a_neighbour_is_included_only_where_the_person_is_partly_hidden():
    neighbour = np.array([[160.0, 50.0, 240.0, 250.0]], np.float32)
    reached = {}
    for visibility in (1.0, 0.4):
        random = np.random.default_rng(8)
        boxes = np.array([detected(BOX, body(), visibility, neighbour, 2.0, random) for _ in range(1000)])
        reached[visibility] = (boxes[:, 2] > 190).mean()
    assert reached[1.0] < 0.15
    assert reached[0.4] > reached[1.0] + 0.1


def frame() -> StageFrame:
    """Two people whose joints are yellow dots on black."""
    image = np.zeros((300, 400, 3), np.uint8)
    keypoints = np.stack([body(), body() + np.array([120, 0, 0], np.float32)])
    for x, y, _ in keypoints.reshape(-1, 3):
        image[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2] = (0, 255, 255)
    xyxy = np.stack([BOX, BOX + np.array([120, 0, 120, 0], np.float32)])
    tracks = FrameTracks(7, 1.4, np.array([1, 2]), xyxy, np.ones(2), np.zeros(2, bool), keypoints)
    return StageFrame(Frame(7, 1.4, image), tracks, np.array([1.0, 0.6], np.float32))


def test_the_joints_of_a_crop_lie_on_the_person_however_the_box_was_off():
    shifts = []
    for seed in range(20):
        for crop in cut_frame(frame(), CutOptions(200, 5, 2.0, seed)):
            inside = (crop.joints > 2).all(axis=1) & (crop.joints < np.array([97, 197])).all(axis=1)
            columns, rows = crop.joints[inside].round().astype(int).T
            nearby = [
                crop.image[row - 2 : row + 3, column - 2 : column + 3, 1].max()
                for column, row in zip(columns, rows, strict=True)
            ]
            assert inside.sum() >= 5
            assert min(nearby) > 128
            assert crop.frame == 35
            shifts.append(crop.joints[8])
    assert np.std(shifts, axis=0).max() > 1  # the boxes did differ


def test_the_same_seed_gives_the_same_boxes():
    first, again, other = (
        [crop.xyxy.tolist() for crop in cut_frame(frame(), CutOptions(64, 5, 2.0, seed))] for seed in (1, 1, 2)
    )
    assert first == again != other
    assert [crop.xyxy.tolist() for crop in cut_frame(frame(), CutOptions(64))] == frame().truth.xyxy.tolist()
