"""A virtual camera: it stands still, follows softly, waits where the person left, and cuts where the camera did."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tracker.offline.camera_path import Band, smooth_path
from tracker.offline.follow import FollowOptions, follow
from tracker.types import FrameTracks, InputError

FPS = 25
PICTURE = (1280, 720)
PORTRAIT = 9 / 16
HEIGHT = 320
"""Of the person, in pixels: with room above and below the view is 320 / (1 - 0.12 - 0.08) = 400 high, 225 wide."""


def film(x: Callable[[float], float | None], seconds: float, cut: float = -1.0) -> list[FrameTracks]:
    """A person of 100 by 320 whose middle is at x(time) pixels across, with the feet at 600; None is away."""
    rows = []
    for index in range(round(seconds * FPS)):
        time = index / FPS
        at = x(time)
        boxes = [] if at is None else [[at - 50, 600 - HEIGHT, at + 50, 600]]
        seen = len(boxes)
        rows.append(
            FrameTracks(
                index, time, [7][:seen], np.reshape(boxes, (-1, 4)), np.ones(seen), np.zeros(seen), cut=time == cut
            )
        )
    return rows


def middles(xyxy: np.ndarray) -> np.ndarray:
    return (xyxy[:, 0] + xyxy[:, 2]) / 2


def test_the_view_of_a_person_who_stands_still_is_worked_out_by_hand():
    """400 high and up to 12% more; the feet 8% of it above its lower side."""
    views = follow(film(lambda time: 640, 4.0), 7, PICTURE, PORTRAIT)
    left, top, right, bottom = views.xyxy[50]
    assert np.ptp(views.xyxy, axis=0).max() < 0.5
    assert 399.5 <= bottom - top <= 448.5
    assert (right - left) / (bottom - top) == pytest.approx(PORTRAIT)
    assert (left + right) / 2 == pytest.approx(640, abs=0.04 * 252 + 1)
    assert bottom - 600 == pytest.approx(0.08 * (bottom - top), abs=1)
    assert views.acceleration == pytest.approx(0, abs=0.01)


def test_swaying_within_the_middle_does_not_move_the_camera():
    views = follow(film(lambda time: 640 + 8 * np.sin(5 * time), 6.0), 7, PICTURE, PORTRAIT)
    assert np.ptp(middles(views.xyxy)) < 2


def test_a_run_across_the_stage_is_followed_softly():
    """500 pixels in 2 s from standing, and standing again: more than twice the view's width of 225."""

    def x(time: float) -> float:
        return float(np.interp(time, [2, 4], [300, 800]))

    views = follow(film(x, 6.0), 7, PICTURE, PORTRAIT)
    away = middles(views.xyxy) - [x(index / FPS) for index in range(150)]
    assert np.abs(away).max() < 0.3 * 225  # never out of the middle 60%
    measured = np.abs(np.diff(middles(views.xyxy), 2)).max() * FPS**2 / 400
    assert measured <= 1.1 * views.acceleration <= 1.1 * 1.01 * FollowOptions().acceleration


def test_a_jump_of_the_boxes_is_eased_as_far_as_the_bound_allows():
    options = FollowOptions(acceleration=0.5)
    views = follow(film(lambda time: 300 if time < 3 else 800, 6.0), 7, PICTURE, PORTRAIT, options)
    assert np.abs(np.diff(middles(views.xyxy))).max() < 15  # the boxes jump by 500
    assert views.acceleration <= 0.51


def test_the_camera_waits_where_the_person_left_and_is_there_for_the_return():
    """Gone on the right from 2 s to 8 s, back on the left: a way of 700 pixels takes sqrt(4 * 700 / 1000) = 1.7 s."""

    def x(time: float) -> float | None:
        return 1000 if time < 2 else 300 if time >= 8 else None

    views = follow(film(x, 10.0), 7, PICTURE, PORTRAIT)
    middle = middles(views.xyxy)
    assert np.abs(middle[: round(5.8 * FPS)] - 1000).max() < 30  # within the first second of its way it is still near
    assert np.abs(middle[8 * FPS :] - 300).max() < 0.3 * 225
    assert np.abs(np.diff(middle)).max() < 40


def test_at_a_camera_cut_the_view_cuts_too():
    views = follow(film(lambda time: 300 if time < 2 else 900, 4.0, cut=2.0), 7, PICTURE, PORTRAIT)
    middle = middles(views.xyxy)
    assert np.ptp(middle[:50]) < 1
    assert np.ptp(middle[50:]) < 1
    assert middle[50] - middle[49] == pytest.approx(600, abs=25)
    assert views.cut.nonzero()[0].tolist() == [50]


def test_a_shot_without_the_person_keeps_the_view_of_the_one_before():
    views = follow(film(lambda time: 300 if time < 2 else None, 4.0, cut=2.0), 7, PICTURE, PORTRAIT)
    assert np.array_equal(views.xyxy[50:], np.tile(views.xyxy[49], (50, 1)))


@pytest.mark.parametrize("x", [10.0, 1270.0])
def test_the_view_never_leaves_the_picture(x: float):
    for aspect in (PORTRAIT, 1.0, 16 / 9):
        views = follow(film(lambda time: x, 2.0), 7, PICTURE, aspect).xyxy
        assert views[:, :2].min() >= -1e-6
        assert (views[:, 2:] <= np.array(PICTURE) + 1e-6).all()


def test_a_crouch_neither_zooms_nor_moves_the_floor():
    rows = film(lambda time: 640, 6.0)
    for each in rows[60:80]:
        each.xyxy[:, 1] += 150
    views = follow(rows, 7, PICTURE, PORTRAIT).xyxy
    assert np.ptp(views[:, 3]) < 8
    assert (views[:, 1] < 600 - HEIGHT).all()


def test_a_person_who_is_nowhere_is_refused():
    with pytest.raises(InputError, match="9 is in no frame"):
        follow(film(lambda time: 640, 1.0), 9, PICTURE, PORTRAIT)
    with pytest.raises(InputError, match=r"--camera.acceleration must be more than 0, not -1"):
        FollowOptions(acceleration=-1)


def test_a_path_through_a_step_keeps_its_bounds():
    times = np.arange(0, 6, 0.1)
    target = np.where(times < 3, 0.0, 1.0)
    path = smooth_path(times, [Band(target, target, np.ones(60))], 0.0, 0.9, acceleration=2.0)
    fine = np.linspace(0, 5.9, 1000)
    assert path(fine).min() >= -1e-9
    assert path(fine).max() == pytest.approx(0.9)
    assert path.acceleration <= 2.0 + 1e-6
    assert np.abs(np.diff(path(fine), 2)).max() / (fine[1] ** 2) <= 2.0 + 1e-3
    assert path(np.array([1.0, 5.0])) == pytest.approx([0.0, 0.9], abs=0.01)
