"""The floor from feet and heights: a pinhole camera films people of known height at known places."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tracker.ground_plane import GroundPlane, GroundPlaneOptions, feet, fit_plane, in_clear_view
from tracker.types import InputError

SIZE = (1000, 500)
FOCAL = 1000.0
VIEW = math.degrees(2 * math.atan(0.5))
"""The angle across 1000 pixels with that focal length."""
CAMERA_HEIGHT = 2.0
"""In body heights; the camera looks at the horizon, row 250."""


def filmed(places: np.ndarray, heights: float | np.ndarray = 1.0) -> np.ndarray:
    """Boxes (N, 4) of people who stand at `places` (N, 2), body heights to the right of the camera and away from it.

    A foot at depth z is `2 * 1000 / z` pixels below the horizon, a person of height 1 is `1000 / z` pixels high.
    """
    right, away = places.T
    column, row, high = 500 + FOCAL * right / away, 250 + FOCAL * CAMERA_HEIGHT / away, FOCAL * heights / away
    return np.stack([column - high / 6, row - high, column + high / 6, row], axis=1)


def walks(people: int, samples: int, depths: tuple[float, float], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Ids (N,) and places (N, 2) of people who each walk from one place to another."""
    random = np.random.default_rng(seed)
    start, end = (np.stack([random.uniform(-3, 3, people), random.uniform(*depths, people)], axis=1) for _ in range(2))
    share = np.linspace(0, 1, samples)[:, None, None]
    return np.tile(np.arange(1, people + 1), samples), (start + share * (end - start)).reshape(-1, 2)


def fitted(ids: np.ndarray, boxes: np.ndarray, seconds: float = 20.0) -> GroundPlane | None:
    return fit_plane(ids, boxes[:, 3], boxes[:, 3] - boxes[:, 1], seconds, SIZE, GroundPlaneOptions(view=VIEW))


def test_people_of_one_height_give_the_camera_back():
    ids, places = walks(5, 60, (9, 16))
    plane = fitted(ids, filmed(places))
    assert plane is not None
    assert plane.slope == pytest.approx(0.5, abs=1e-3)  # a camera two body heights up
    assert plane.horizon == pytest.approx(250, abs=1)
    found = plane.places(feet(filmed(places), SIZE))
    np.testing.assert_allclose(found, places, atol=0.05)


def test_one_person_by_hand():
    """Feet 100 pixels below the horizon: 50 high, so 50 pixels off the middle are one body height, at 1000 / 50."""
    plane = GroundPlane(slope=0.5, horizon=250, typical=60, centre=500, focal=1000)
    np.testing.assert_allclose(plane.places(np.array([[550.0, 350.0]])), [[1, 20]])
    assert np.isnan(plane.places(np.array([[550.0, 260.0], [550.0, 200.0]]))).all()  # at the horizon, and beyond


def test_a_wrong_lens_stretches_depth_and_nothing_else():
    ids, places = walks(5, 60, (9, 16))
    boxes = filmed(places)
    half = GroundPlaneOptions(view=math.degrees(2 * math.atan(1.0)))  # of half the focal length
    plane = fit_plane(ids, boxes[:, 3], boxes[:, 3] - boxes[:, 1], 20.0, SIZE, half)
    assert plane is not None
    np.testing.assert_allclose(plane.places(feet(boxes, SIZE)), places * [1, 0.5], atol=0.05)


def test_crouching_and_raised_arms_hardly_move_the_floor():
    ids, places = walks(6, 60, (9, 16))
    random = np.random.default_rng(1)
    pose = np.where(random.random(len(ids)) < 0.15, 0.6, np.where(random.random(len(ids)) < 0.15, 1.25, 1.0))
    plane = fitted(ids, filmed(places, pose))
    assert plane is not None
    found = plane.places(feet(filmed(places, pose), SIZE))
    assert np.abs(np.ptp(found, axis=0) / np.ptp(places, axis=0) - 1).max() < 0.1
    assert np.linalg.norm(found - places, axis=1).max() < 0.6


def test_a_tall_person_who_stays_in_front_does_not_tilt_the_floor():
    """Of six one is 12% taller and stays at depth 9, the others walk; least squares over all boxes say 0.64."""
    ids, places = walks(6, 60, (9, 16))
    places[ids == 6] = [2, 9]
    plane = fitted(ids, filmed(places, np.where(ids == 6, 1.12, 1.0)))
    assert plane is not None
    assert plane.slope == pytest.approx(0.5, abs=0.03)


def test_all_at_one_depth_only_left_and_right_is_measured():
    ids, places = walks(5, 60, (12, 12.0001))
    random = np.random.default_rng(2)
    boxes = filmed(places, random.normal(1, 0.04, len(ids)))
    plane = fitted(ids, boxes)
    assert plane is not None
    assert plane.slope == 0
    found = plane.places(feet(boxes, SIZE))
    np.testing.assert_allclose(found[:, 0], places[:, 0], atol=0.1)
    assert np.ptp(found[:, 1]) == 0


def test_people_who_all_stand_still_in_one_row_are_at_one_depth():
    ids = np.tile(np.arange(1, 6), 60)
    plane = fit_plane(ids, np.full(300, 300.0), np.full(300, 80.0), 20.0, SIZE)
    assert plane is not None
    assert (plane.slope, plane.typical) == (0, 80)


def test_a_camera_at_the_ceiling_shows_no_floor():
    """Seen from straight above all are about equally high, wherever they are."""
    random = np.random.default_rng(3)
    rows, ids = random.uniform(60, 440, 300), np.tile(np.arange(1, 6), 60)
    assert fit_plane(ids, rows, random.normal(60, 3, 300), 20.0, SIZE) is None


def test_a_camera_in_the_pit_shows_no_floor():
    """From below the stage, the nearer feet are the higher ones."""
    random = np.random.default_rng(4)
    rows, ids = random.uniform(300, 400, 300), np.tile(np.arange(1, 6), 60)
    assert fit_plane(ids, rows, 500 - rows, 20.0, SIZE) is None


def test_boxes_of_any_height_anywhere_show_no_floor():
    random = np.random.default_rng(5)
    rows, ids = random.uniform(150, 450, 300), np.tile(np.arange(1, 6), 60)
    assert fit_plane(ids, rows, random.uniform(20, 140, 300), 20.0, SIZE) is None


def test_different_heights_in_one_row_of_the_picture_show_no_floor():
    """With the camera on the floor the feet are all in one row, and nothing tells depth but the heights themselves."""
    random = np.random.default_rng(6)
    ids, rows = np.tile(np.arange(1, 6), 60), random.normal(300, 2, 300)
    assert fit_plane(ids, rows, np.array([60, 80, 100, 130, 160])[ids - 1].astype(float), 20.0, SIZE) is None


def test_few_boxes_show_no_floor():
    ids, places = walks(5, 5, (9, 16))
    assert fitted(ids, filmed(places)) is None
    assert fitted(ids[:0], filmed(places)[:0]) is None


def test_boxes_that_are_cut_off_or_covered_are_not_in_clear_view():
    alone, at_the_edge = [100, 100, 150, 250], [960, 100, 1000, 250]
    one, behind_it = [400, 100, 450, 250], [430, 90, 480, 240]
    boxes = np.array([alone, at_the_edge, one, behind_it], float)
    assert in_clear_view(boxes, SIZE).tolist() == [True, False, False, False]
    assert in_clear_view(np.zeros((0, 4)), SIZE).tolist() == []


def test_feet_below_the_picture_are_not_known():
    points = feet(np.array([[100, 100, 150, 250], [400, 300, 460, 500]]), SIZE)
    assert points[0].tolist() == [125, 250]
    assert np.isnan(points[1]).all()


def test_an_angle_that_is_none_is_refused():
    with pytest.raises(InputError, match="angle of view, must be 5 to 150 degrees, not 0"):
        GroundPlaneOptions(view=0)
