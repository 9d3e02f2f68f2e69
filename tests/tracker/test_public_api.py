"""What a Python program writes: names from the top, images as frames, one sentence where an argument is wrong."""

from __future__ import annotations

import numpy as np
import pytest

import tracker
from tracker import Detections, Frame, FrameTracks, InputError, Renderer, Tracker

IMAGE = np.zeros((480, 640, 3), np.uint8)
ONE = Detections(np.array([[100.0, 100, 180, 300]]), np.array([0.9]))


def test_every_name_that_is_offered_is_there():
    assert all(getattr(tracker, name).__name__ == name for name in tracker.__all__)
    assert set(tracker.__all__) <= set(dir(tracker))
    with pytest.raises(AttributeError, match="has no attribute 'Trucker'"):
        tracker.Trucker  # noqa: B018


def test_images_alone_are_frames_at_the_given_rate():
    follow = Tracker(fps=20.0)
    tracks = [follow.update(IMAGE, ONE) for _ in range(6)]
    assert [rows.frame for rows in tracks] == [0, 1, 2, 3, 4, 5]
    assert [rows.time for rows in tracks] == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2, 0.25])
    # seen in three frames, and 0.2 s old, in frame 4: the four frames before come with it
    assert [rows.ids.tolist() for rows in tracks] == [[], [], [], [], [1], [1]]
    assert [rows.frame for rows in tracks[4].backfill] == [0, 1, 2, 3]


def test_an_image_counts_on_from_the_frame_before_it():
    follow = Tracker()
    follow.update(Frame(7, 2.0, IMAGE), ONE)
    rows = follow.update(IMAGE, ONE)
    assert (rows.frame, rows.time) == (8, pytest.approx(2.0 + 1 / 30))


def test_an_image_alone_can_be_drawn_on():
    tracks = FrameTracks(0, 0.0, [1], ONE.xyxy, ONE.score, [False])
    assert np.array_equal(Renderer().draw(IMAGE, tracks), Renderer().draw(Frame(0, 0.0, IMAGE), tracks))
    assert not IMAGE.any()


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: Tracker("x"), TypeError, "the options of a tracker must be TrackerOptions, not str"),
        (lambda: Tracker(embedder="x"), TypeError, "must be an Embedder with a calibration, or None, not str"),
        (lambda: Tracker(fps=0), InputError, "fps must be above 0, not 0"),
        (lambda: Tracker().update("x", ONE), TypeError, "must be Frame, not str"),
        (lambda: Tracker().update(IMAGE, ONE.xyxy), TypeError, "must be Detections, not ndarray"),
        (lambda: Tracker().update(IMAGE / 255, ONE), InputError, r"not \(480, 640, 3\) float64"),
        (lambda: Tracker().update(IMAGE[..., 0], ONE), InputError, r"not \(480, 640\) uint8"),
        (lambda: Tracker().update(Frame(0, 0.0, IMAGE[..., :2]), ONE), InputError, r"not \(480, 640, 2\) uint8"),
        (lambda: Tracker().update(IMAGE[:0], ONE), InputError, r"not \(0, 640, 3\) uint8"),
        (lambda: Renderer().draw(IMAGE, ONE), TypeError, "must be FrameTracks, not Detections"),
        (lambda: Renderer("x"), TypeError, "the options of a renderer must be RenderOptions, not str"),
    ],
)
def test_a_wrong_argument_gives_one_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
