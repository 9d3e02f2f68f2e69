"""Pedestrians walk on, dancers turn back: what the tracker learns from that, and what follows from it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage_play import ColourEmbedder, absent, box, ids_of, paint, play, stand, walk

from reid.encoder.calibration import Calibration
from tracker.association import AssociationOptions
from tracker.birth import BirthOptions
from tracker.gallery import Gallery, GalleryOptions
from tracker.motion import Motion, MotionOptions
from tracker.recovery import RecoveryOptions
from tracker.shared_view import Similarity
from tracker.steadiness import Steadiness, SteadinessOptions
from tracker.track import Identity, Track, predict, update
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Frame, FrameTracks

FPS = 20
OPTIONS = MotionOptions(), GalleryOptions()


def learn(path, seconds: float) -> float:
    """What is learnt from one person, 200 px tall, up to and with that second."""
    steadiness, track = Steadiness(SteadinessOptions()), None
    for index in range(round(seconds * FPS) + 1):
        time = index / FPS
        frame, feet = Frame(index, time, None), path(time)
        found = Detections(np.array([] if feet is None else [box(feet)]).reshape(-1, 4), np.ones(int(feet is not None)))
        if track is None:
            track = Track(frame, found, 0, *OPTIONS)
            track.take_identity(Identity(1, Gallery(GalleryOptions())))
            track.confirm()
        else:
            predict([track], 1 / FPS, time, 0.0)
            if feet is not None:
                update([track], frame, found, [0])
        steadiness.learn([track], time)
    return steadiness.value


def test_each_half_second_that_goes_on_as_the_one_before_counts():
    """150 pixels a second, places at 0.0, 0.5, 1.0: the first step that can be compared ends at 1.0 s. With n steady
    steps the share is (n + 0.3 x 6) / (n + 6): 0.53 for three, 0.58 for four, 0.65 for six; 0.5 is 0, 0.65 is 1."""
    walker = walk((100, 600), (1600, 600), 10.0)
    assert [learn(walker, seconds) for seconds in (1.0, 2.0, 2.5, 3.5)] == [0.0, 0.2, 0.5, 1.0]


def test_a_dancer_who_turns_back_is_not_steady():
    assert learn(lambda time: (600 + 100 * math.sin(math.pi * time), 600), 10.0) == 0.0


def test_who_stands_still_tells_nothing():
    """Steps of less than a tenth of 200 pixels: 19 in half a second. Else two who stand beside a dancer would count."""
    assert learn(walk((100, 600), (480, 600), 10.0), 10.0) == 0.0
    assert learn(walk((100, 600), (520, 600), 10.0), 10.0) == 1.0


def test_after_a_gap_steps_are_counted_anew():
    """Unseen at 1.3 s: of the steps that end at 1.0, 1.5, 2.0, 2.5 and 3.0 s the first is left, and the next ends one
    second after the gap."""
    walker = walk((100, 600), (1600, 600), 10.0)
    assert learn(walker, 3.0) == 0.8
    assert learn(absent(walker, 1.29, 1.31), 3.0) == 0.2


def test_between_dancers_and_pedestrians_options_are_in_between():
    association = AssociationOptions(occlusion_weight=0.1, last_box_decay=math.inf, last_box_decay_steady=0.3)
    assert association.at(0.0) is association
    assert association.at(0.5).occlusion_weight == pytest.approx(0.05)
    assert association.at(0.5).last_box_decay == pytest.approx(0.6)
    birth = BirthOptions(recognition_timeout=0.9, recognition_timeout_steady=0.4)
    assert birth.at(0.5).recognition_timeout == pytest.approx(0.65)
    recovery = RecoveryOptions(position_noise=0.5, steady_noise=0.3, min_log_odds=0.0, steady_log_odds=3.0)
    assert recovery.at(1.0).position_noise == pytest.approx(0.15)
    assert recovery.at(0.5).min_log_odds == pytest.approx(1.5)


def test_the_velocity_of_an_unseen_pedestrian_stays():
    """150 pixels a second: 450 in three seconds. Where velocity decays within 0.4 s, each step of 6 pixels is a factor
    of exp(-0.1) shorter than the one before: 6 x 0.905 / (1 - 0.905) = 57."""
    for steadiness, way in ((1.0, 450), (0.0, 57)):
        motion = Motion(np.array([60.0, 300, 140, 500]), MotionOptions())
        motion.filter.x[4, 0] = 150.0
        for _ in range(75):
            motion.predict(0.04, seen=False, steadiness=steadiness)
        assert motion.centre[0] - 100 == pytest.approx(way, abs=1)


NEVER = TrackerOptions(steadiness=SteadinessOptions(unsteady=2.0, steady=3.0))
STREET = [walk((50 + 40 * n, 500 + 100 * n), (1350 + 40 * n, 500 + 100 * n), 13.0) for n in range(3)]
"""Three who walk to the right for thirteen seconds, 100 pixels a second."""


def people_in(others, options: TrackerOptions, seconds: float = 10.0) -> tuple[list[FrameTracks], set[int]]:
    """What is known of each frame of the street with these others in it, by motion alone, and all ids."""
    tracks, stories = play([*STREET, *others], seconds, Tracker(options, picture_size=(1920, 1080)))
    return tracks, set().union(*map(ids_of, stories))


@pytest.mark.parametrize("away", [2.0, 4.0])  # while motion may still continue the one who is gone, and after it
@pytest.mark.parametrize(("options", "people"), [(TrackerOptions(), 5), (NEVER, 4)])
def test_in_a_street_who_steps_out_where_another_vanished_is_somebody_else(options, people: int, away: float):
    """One goes into a house at x = 700; some seconds later somebody comes out of it."""
    gone = absent(walk((100, 400), (1600, 400), 10.0), 4.0, 99.0)
    comes = absent(stand(700, 400), 0.0, 4.0 + away)
    assert len(people_in([gone, comes], options)[1]) == people


@pytest.mark.parametrize(("options", "returns"), [(TrackerOptions(), 0), (NEVER, 1)])
def test_in_a_street_motion_follows_who_is_hidden(options: TrackerOptions, returns: int):
    """Hidden for one and a half seconds on a way of 150 pixels a second: 225, more than a body's width of 80."""
    hidden = absent(walk((100, 400), (1600, 400), 10.0), 4.0, 5.5)
    tracks, ids = people_in([hidden], options)
    assert ids == {1, 2, 3, 4}
    assert len([event for rows in tracks for event in rows.recoveries if event.is_return]) == returns


@pytest.mark.parametrize(("options", "waits"), [(TrackerOptions(), 0.4), (NEVER, 0.9)])
def test_in_a_street_newcomers_do_not_wait_long_to_be_somebody_missing(options: TrackerOptions, waits: float):
    """One of three is gone when somebody of other clothes comes in at 6 s."""
    people = [*STREET[:2], absent(STREET[2], 5.0, 99.0), absent(stand(1000, 400), 0.0, 6.0)]
    pictures = paint(people, [(0, 0, 255), (255, 0, 0), (0, 255, 0), (255, 255, 0)])
    tracker, seen = Tracker(options, ColourEmbedder()), []
    for index in range(round(8.0 * FPS)):
        time = index / FPS
        boxes = [box(feet) for person in people if (feet := person(time)) is not None]
        rows = tracker.update(Frame(index, time, pictures(time)), Detections(np.array(boxes), np.full(len(boxes), 0.9)))
        seen += [time] if 4 in rows.ids else []
    assert seen[0] - 6.0 == pytest.approx(waits, abs=0.06)


class Unsure(ColourEmbedder):
    """Whoever it is, the views are as likely of one person as of two."""

    calibration = Calibration(gap=(0.0, 60.0), same=((0.5, 0.2),) * 2, different=((0.5, 0.2),) * 2)


@pytest.mark.parametrize(("options", "people"), [(TrackerOptions(), 5), (NEVER, 4)])
def test_in_a_street_re_id_needs_more_evidence_that_somebody_came_back(options: TrackerOptions, people: int):
    """Last seen at x = 685 at 3.9 s; somebody comes at 1400 at 8 s, 3.6 body heights from there. Place: the variance is
    0.25 + 4.05, so -0.5 x 12.8 / 4.3 = -1.5, and log(51.8 / (2 pi 4.3)) = 0.7 for a picture of 51.8 square heights.
    Size: log(0.6 / 0.35) = 0.5. Prior: 3. Together 2.7, of which a street needs 3 and a dance 0.
    """
    gone = absent(walk((100, 400), (1600, 400), 10.0), 4.0, 99.0)
    comes = absent(stand(1400, 400), 0.0, 8.0)
    grey = np.full((1080, 1920, 3), 90, np.uint8)
    _, stories = play([*STREET, gone, comes], 10.0, Tracker(options, Unsure()), picture=lambda time: grey)
    assert len(set().union(*map(ids_of, stories))) == people


def test_who_was_missed_in_the_frame_before_a_long_step_was_not_seen_in_it():
    """Frames at 0.0, 0.01 and 0.05 s, seen in the first alone: velocity decays from 0.01 s on, and not before."""
    track = Track(Frame(0, 0.0, None), Detections(np.array([box((500, 600))]), np.ones(1)), 0, *OPTIONS)
    track.motion.filter.x[4, 0] = 100.0
    predict([track], 0.01, 0.01, 0.0)
    assert track.motion.velocity[0] == pytest.approx(100)
    predict([track], 0.04, 0.05, 0.0)
    assert track.motion.velocity[0] == pytest.approx(100 * math.exp(-0.1))


def test_in_another_view_of_the_place_people_went_as_fast_as_they_are_large_there():
    track = Track(Frame(0, 0.0, None), Detections(np.array([box((500, 600))]), np.ones(1)), 0, *OPTIONS)
    track.take_identity(Identity(1, Gallery(GalleryOptions())))
    track.last_velocity = np.array([10.0, -5.0])
    track.move(Similarity(np.array([[2.0, 0, -100], [0, 2.0, -50]])))
    assert track.last_velocity == pytest.approx([20, -10])
