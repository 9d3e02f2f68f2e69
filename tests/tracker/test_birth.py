"""When a track begins, and when it is confirmed."""

from __future__ import annotations

import numpy as np
import pytest
from tracks_by_hand import known, show, standing, track_at

from tracker.birth import Birth, BirthOptions
from tracker.holders import Holders
from tracker.recovery import RecoveryOptions
from tracker.track import Track, TrackState
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Frame

SEES = Birth(BirthOptions().with_appearance(), recognises=True, recovery=RecoveryOptions())
BLIND = Birth(BirthOptions(), recognises=False, recovery=RecoveryOptions())


def aged(seconds: float, height: float = 200.0) -> Track:
    """A tentative track first seen at 0 s, and in three frames up to now."""
    track = track_at(0.0, standing(600, height))
    for time in (seconds / 2, seconds):
        track.observe(Frame(1, time, None), Detections(track.last_xyxy[None], np.array([0.9])), 0)
    return track


def is_due(birth: Birth, track: Track, others: list[Track], **more) -> bool:
    awake = [track, *(other for other in others if other.state is not TrackState.LOST)]
    asleep = [other for other in others if other.state is TrackState.LOST]
    return birth.due(awake, Holders(asleep), track.last_time, **{"remembered": False, "last": False, **more}) == [track]


def test_a_detection_that_is_sure_and_apart_starts_a_track():
    """Boxes of 100 x 200: moved by 24 pixels they share 76 of 124 columns, 0.613; by 26 pixels 74 of 126, 0.587."""
    frame = Frame(10, 1.0, None)
    boxes = np.array([standing(324), standing(526), standing(700), standing(900)])
    found = Detections(boxes, np.array([0.9, 0.9, 0.66, 0.64]))
    here = [known(1, 1.0, standing(300)), known(2, 1.0, standing(500)), known(3, 0.9, standing(700))]
    started = BLIND.start(frame, found, np.arange(4), found.score, here, [])
    assert [track.last_xyxy[0] + 50 for track in started] == [526, 700]


def begun(birth: Birth, boxes: list[list[float]], scores: list[float], lost: list[Track]) -> list[Track]:
    """Of boxes at 1 s, where nobody is but one person at 900."""
    found = Detections(np.array(boxes), np.array(scores))
    here, rows = [known(9, 1.0, standing(900))], np.arange(len(boxes))
    return birth.start(Frame(10, 1.0, None), found, rows, found.score, here, [Holders(lost), Holders()])


@pytest.mark.parametrize(
    ("x", "height", "score", "starts"),
    [
        (520, 200, 0.41, True),  # 1.1 body heights away: the least that is farther than usual is sqrt(0.25 + 1) = 1.12
        (530, 200, 0.41, False),
        (300, 200, 0.39, False),
        (300, 110, 0.41, True),
        (300, 99, 0.41, False),  # less than half as large
    ],
)
def test_a_weak_box_starts_a_track_only_where_somebody_was_lost(x: float, height: float, score: float, starts: bool):
    """Lost at 0 s at 300, 200 pixels high, a second ago; the middle of a smaller one with its feet there is higher."""
    lost = [known(1, 0.0, standing(300), lost=True)]
    for birth in (SEES, BLIND):
        started = begun(birth, [standing(x, height)], [score], lost)
        assert len(started) == starts
        assert not any(birth.may_be_new(track, 99.0, missing=each, last=True) for track in started for each in (0, 1))
        assert not begun(birth, [standing(x, height)], [score], [])


def test_where_somebody_was_before_a_camera_cut_says_nothing_of_who_is_there_now():
    lost = known(1, 0.0, standing(300), lost=True)
    lost.cut_away()
    assert begun(SEES, [standing(300)], [0.5], [lost]) == []
    assert len(begun(SEES, [standing(300)], [0.7], [lost])) == 1


def test_a_weak_box_upon_somebody_in_sight_starts_none():
    """Boxes of 100 x 200 about 900 and 950 share a third of what they cover, about 960 a quarter."""
    lost = [known(1, 0.0, standing(900), lost=True)]
    assert [len(begun(SEES, [standing(x)], [0.5], lost)) for x in (950, 960)] == [0, 1]
    assert len(begun(SEES, [standing(950)], [0.7], lost)) == 1


def test_of_two_boxes_on_one_person_the_better_one_starts_the_track():
    (track,) = begun(SEES, [standing(300), standing(310)], [0.7, 0.8], [])
    assert track.last_xyxy[0] + 50 == 310


def test_the_time_of_a_weak_track_counts_from_its_first_sure_box():
    track = aged(0.2)
    track.sure_time = 5.0
    assert [SEES.may_be_new(track, now, missing=True, last=False) for now in (5.88, 5.92)] == [False, True]


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


def test_who_is_beyond_the_cast_for_hours_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracker.track.MOST_UNREPORTED", 5)
    tracker = Tracker(TrackerOptions(cast=1))
    both = Detections(np.array([standing(300), standing(600)]), np.array([0.95, 0.9]))
    for index in range(20):
        tracker.update(Frame(index, index / 10, None), both)
    (waiting,) = (track for track in tracker._tracks if track.identity is None)
    assert [seen.frame for seen in waiting.unreported] == [0, 16, 17, 18, 19]
    assert waiting.hits == 20
