"""Boxes that may be several people's: there appearance decides who goes on where."""

from __future__ import annotations

import numpy as np
import pytest
from stage_play import ColourEmbedder, absent, ids_of, paint, play, stand
from tracks_by_hand import Linear, known, show, standing

from tracker.contest import Contest, ContestOptions, contested
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Frame

RED, GREEN = (0, 0, 255), (0, 255, 0)


class Angles:
    """Vectors in a plane, by the first pixel: at a value of 30 the vector points 30 degrees up."""

    calibration = Linear()

    def __init__(self) -> None:
        self.crops = 0

    def __call__(self, crops) -> np.ndarray:
        self.crops += len(crops)
        angle = np.radians([float(crop[0, 0, 0]) for crop in crops])
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def test_boxes_are_contested_where_there_is_a_choice():
    alone = [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    one_box_for_two = [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    two_boxes_for_one = [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    known = np.array([True, True, True])
    found = [contested(np.array(fits, bool), known).tolist() for fits in (alone, one_box_for_two, two_boxes_for_one)]
    assert found == [[False, False, False], [True, False, False], [True, True, False]]
    strangers = np.array([True, False, True])
    assert not contested(np.array(one_box_for_two, bool), strangers).any(), "of one of the two no appearance is known"


def seen_at(angle: int, time: float = 1.0) -> tuple[Frame, Detections]:
    """A picture all of which points that way, with a box on two people who stand close together."""
    picture = np.full((720, 1280, 3), angle, np.uint8)
    return Frame(round(time * 25), time, picture), Detections(np.array([standing(310)], float), np.array([0.9]))


BOTH = np.array([[True], [True]])


def test_the_track_that_looks_less_alike_loses_similarity_in_proportion():
    """People who look 0 and 60 degrees up, and a box.

    At 0 the log odds are 10 and 5: the second loses 0.6 * 5 / 12. At 30 both are 8.66. At 60 it is the first who loses.
    """
    tracks = [known(number, 1.0, standing(300 + 20 * number)) for number in (1, 2)]
    for track, angle in zip(tracks, (0, 60), strict=True):
        show(track.identity.gallery, [np.cos(np.radians(angle)), np.sin(np.radians(angle))])

    def lost(angle: int, **options: float) -> list[float]:
        penalty = Contest(ContestOptions(**options), Angles()).penalty(*seen_at(angle), tracks, BOTH)
        return np.broadcast_to(penalty, (2, 1))[:, 0].tolist()

    assert lost(0) == pytest.approx([0, 0.25])
    assert lost(30) == pytest.approx([0, 0], abs=1e-6)
    assert lost(60) == pytest.approx([0.25, 0])
    assert lost(0, clear_lead=2.5) == pytest.approx([0, 0.6]), "never more than the weight"
    assert lost(0, weight=0.0) == [0, 0]


def test_looks_are_taken_no_more_often_than_the_interval_and_less_often_of_many():
    tracks = [known(number, 1.0, standing(300 + 20 * number)) for number in (1, 2)]
    for track in tracks:
        show(track.identity.gallery, [1.0, 0.0])

    def times_looked(boxes: int) -> int:
        embedder = Angles()
        contest = Contest(ContestOptions(interval=0.05, few=5), embedder)
        for number in range(25):
            frame, one = seen_at(0, 1.0 + number / 25)
            detections = Detections(np.repeat(one.xyxy, boxes, axis=0), np.repeat(one.score, boxes))
            contest.penalty(frame, detections, tracks, np.repeat(BOTH, boxes, axis=1))
        assert contest.embedded == embedder.crops
        return embedder.crops // boxes

    assert times_looked(1) == 13, "every second frame of 25 a second"
    assert times_looked(20) == 5, "twenty boxes are four times as many as few: every 0.2 s"


def test_without_a_picture_or_without_looks_nothing_is_lost():
    tracks = [known(number, 1.0, standing(300 + 20 * number)) for number in (1, 2)]
    frame, detections = seen_at(0)
    embedder = Angles()
    contest = Contest(ContestOptions(), embedder)
    assert not np.any(contest.penalty(frame, detections, tracks, BOTH)), "nobody has a view yet"
    show(tracks[0].identity.gallery, [1.0, 0.0])
    assert not np.any(contest.penalty(Frame(25, 1.0, None), detections, tracks, BOTH))
    assert not np.any(Contest(ContestOptions(), None).penalty(frame, detections, tracks, BOTH))
    assert embedder.crops == 0


def test_who_changes_places_with_another_for_a_moment_unseen_keeps_the_id():
    """They stand half a width apart, are not seen for a fifth of a second, and then stand the other way round."""

    def change(here: float, there: float, feet: float):
        return absent(lambda time: (here if time < 1.1 else there, feet), 1.0, 1.2)

    people = [change(500, 545, 600), change(545, 500, 620), stand(1100)]
    _, alone = play(people, 2.5, Tracker())
    assert [story[-1] for story in alone] == [2, 1, 3], "motion alone lets each go on as the other"
    embedder = ColourEmbedder()
    tracker = Tracker(embedder=embedder)
    tracks, stories = play(people, 2.5, tracker, picture=paint(people, [RED, GREEN, RED]))
    assert [ids_of(story) for story in stories] == [{1}, {2}, {3}]
    assert not [recovery for rows in tracks for recovery in rows.recoveries], "nothing had to be put right"
    assert tracker.embedded == embedder.crops


def test_a_box_that_was_looked_at_is_not_embedded_again_as_a_view():
    people = [stand(500, 600), stand(545, 620)]
    pictures = paint(people, [RED, GREEN])

    def crops(weight: float) -> int:
        embedder = ColourEmbedder()
        options = TrackerOptions(contest=ContestOptions(weight=weight, interval=0.0))
        play(people, 2.0, Tracker(options, embedder), picture=pictures)
        return embedder.crops

    assert crops(0.0) > 20
    assert crops(0.6) <= 2 * 50, "two boxes in each of 50 frames, and no crop twice"
