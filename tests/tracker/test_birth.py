"""When a track begins, and when it is confirmed."""

from __future__ import annotations

import numpy as np
import pytest
from tracks_by_hand import known, show, standing, track_at

from tracker.birth import Birth, BirthOptions
from tracker.gallery import GalleryOptions
from tracker.motion import MotionOptions
from tracker.track import Track, TrackState
from tracker.tracker import Tracker
from tracker.types import Detections, Frame

SEES, BLIND = Birth(BirthOptions().with_appearance(), recognises=True), Birth(BirthOptions(), recognises=False)


def aged(seconds: float, height: float = 200.0) -> Track:
    """A tentative track first seen at 0 s, and in three frames up to now."""
    track = track_at(0.0, standing(600, height))
    for time in (seconds / 2, seconds):
        track.observe(Frame(1, time, None), Detections(track.last_xyxy[None], np.array([0.9])), 0)
    return track


def is_due(birth: Birth, track: Track, others: list[Track], **more) -> bool:
    awake = [track, *(other for other in others if other.state is not TrackState.LOST)]
    asleep = [other for other in others if other.state is TrackState.LOST]
    return birth.due(awake, asleep, track.last_time, **{"remembered": False, "last": False, **more}) == [track]


def test_a_detection_that_is_sure_and_apart_starts_a_track():
    """Boxes of 100 x 200: moved by 24 pixels they share 76 of 124 columns, 0.613; by 26 pixels 74 of 126, 0.587."""
    frame = Frame(10, 1.0, None)
    boxes = np.array([standing(324), standing(526), standing(700), standing(900)])
    found = Detections(boxes, np.array([0.9, 0.9, 0.66, 0.64]))
    here = [known(1, 1.0, standing(300)), known(2, 1.0, standing(500)), known(3, 0.9, standing(700))]
    started = BLIND.start(frame, found, np.arange(4), found.score, here, MotionOptions(), GalleryOptions())
    assert [track.last_xyxy[0] + 50 for track in started] == [526, 700]


def test_a_track_is_confirmed_after_a_fifth_of_a_second_and_after_a_tenth_with_an_encoder():
    assert [is_due(BLIND, aged(age), []) for age in (0.18, 0.22)] == [False, True]
    assert [is_due(SEES, aged(age), []) for age in (0.08, 0.12)] == [False, True]


def test_while_a_person_is_lost_an_encoder_waits_for_a_view():
    lost = [known(1, 0.0, standing(100), lost=True)]
    assert not is_due(SEES, aged(0.88), lost)
    assert is_due(SEES, aged(0.92), lost)
    assert is_due(SEES, aged(0.2), [known(1, 0.0, standing(100))])  # none is lost
    assert not is_due(SEES, aged(0.2), [], remembered=True)
    assert is_due(SEES, aged(0.2), lost, last=True)
    assert is_due(BLIND, aged(0.2), lost)
    viewed = aged(0.2)
    show(viewed.fresh, [1.0])
    assert is_due(SEES, viewed, lost)


def test_half_the_median_height_may_be_a_passer_by():
    cast = [known(id, 0.0, standing(100 * id, height)) for id, height in ((1, 100), (2, 400), (3, 500))]
    assert is_due(BLIND, aged(1.9, 202), cast)  # the median is 400
    assert not is_due(BLIND, aged(1.9, 198), cast)
    assert is_due(BLIND, aged(2.1, 198), cast)


def test_a_track_that_was_not_recognised_is_new_when_its_time_is_up():
    for age, new in ((0.88, False), (0.92, True)):
        assert SEES.may_be_new(aged(age), age, missing=True, last=False) is new
    assert SEES.may_be_new(aged(0.2), 0.2, missing=False, last=False)
    assert SEES.may_be_new(aged(0.2), 0.2, missing=True, last=True)
    assert BLIND.may_be_new(aged(0.2), 0.2, missing=True, last=False)


@pytest.mark.parametrize(("fps", "frames"), [(30, 7), (25, 6), (24, 6), (10, 3), (5, 3), (60, 13), (59.94, 13)])
def test_the_shortest_video_that_can_confirm_a_person(fps: float, frames: int):
    """At 30 frames/s a person first seen at 0 s is 0.2 s old in the seventh frame."""
    one = Detections(np.array([[10, 20, 60, 170]]), np.array([0.9]))
    assert Tracker().min_frames(fps) == frames
    for length in (frames - 1, frames):
        tracker = Tracker(None, None, (640, 480))
        ids = [tracker.update(Frame(index, index / fps, None), one).ids.tolist() for index in range(length)]
        assert (ids[-1] == [1]) == (length == frames)
