"""What two pictures share across a camera cut, and how boxes and motions move along."""

import cv2
import numpy as np
import pytest

from tracker.motion import Motion, MotionOptions
from tracker.shared_view import LastPicture, Similarity

TWICE = Similarity(np.array([[2.0, 0, -100], [0, 2.0, -50]]))


def wall(seed: int) -> np.ndarray:
    blots = np.random.default_rng(seed).uniform(0, 255, (72, 128)).astype(np.float32)
    return cv2.resize(blots, (1280, 720)).astype(np.uint8)[..., None].repeat(3, axis=2)


def test_a_zoom_is_found_with_its_shift() -> None:
    last = LastPicture()
    last.follow(wall(0))
    zoom = np.array([[1.8, 0, -500], [0, 1.8, -300]])
    found = last.shared_with(cv2.warpAffine(wall(0), zoom, (1280, 720)))
    assert found is not None
    assert found.zoom == pytest.approx(1.8, abs=0.02)
    np.testing.assert_allclose(found.boxes(np.array([[300.0, 200, 400, 400]])), [[40, 60, 220, 420]], atol=6)


@pytest.mark.parametrize("other", [wall(1), np.zeros((720, 1280, 3), np.uint8)], ids=["another wall", "black"])
def test_pictures_of_two_places_share_nothing(other: np.ndarray) -> None:
    last = LastPicture()
    assert last.shared_with(other) is None
    last.follow(wall(0))
    assert last.shared_with(other) is None


def test_boxes_keep_their_shape_about_the_moved_centre() -> None:
    # centre (100, 200) -> (100, 350); 40 x 80 -> 80 x 160
    np.testing.assert_allclose(TWICE.boxes(np.array([[80.0, 160, 120, 240]])), [[60, 270, 140, 430]])


def test_a_motion_goes_on_twice_as_large_and_fast() -> None:
    motion = Motion(np.array([80.0, 160, 120, 240]), MotionOptions())
    motion.filter.x[4:, 0] = 10, -5
    spread = motion.filter.P.copy()
    motion.move(TWICE)
    np.testing.assert_allclose(motion.filter.x[:, 0], [100, 350, 80, 160, 20, -10])
    np.testing.assert_allclose(motion.filter.P, 4 * spread)
