"""What the second pass knows of people's appearance."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tracker.offline.test_refinement import film
from tools.offline.second_look import with_similarity
from tools.offline.sightings import Sighting
from tracker.types import FrameTracks, Recovery

NOWHERE = np.zeros(4, np.float32)


def sighted(frame: int, degrees: float) -> tuple[Sighting, np.ndarray]:
    """A sighting whose embedding points in a direction of the plane."""
    angle = np.radians(degrees)
    return Sighting(frame, frame / 10, NOWHERE, 0.9, 0, None), np.array([np.cos(angle), np.sin(angle)])


def returned(tracks: list[FrameTracks], frame: int, *recoveries: Recovery) -> list[FrameTracks]:
    return [
        FrameTracks(t.frame, t.time, t.ids, t.xyxy, t.score, t.recovered, recoveries=recoveries)
        if t.frame == frame
        else t
        for t in tracks
    ]


def test_a_return_is_reported_with_its_similarity_and_its_lead_over_the_others_who_were_away():
    # 1 is away from frame 3 to 5; when they are back, 2 is away and 3 in sight
    tracks = film({1: {0: 0, 1: 0, 2: 0, 6: 0, 7: 0}, 2: {0: 50, 1: 50}, 3: dict.fromkeys(range(8), 90)}, 8)
    tracks = returned(tracks, 6, Recovery(6, 0.6, 1, 0.4))
    sightings = {1: [sighted(0, 0), sighted(7, 60)], 2: [sighted(1, 150)], 3: [sighted(6, 60)]}
    (reported,) = with_similarity(tracks, sightings)[6].recoveries
    assert reported.similarity == pytest.approx(0.5), "cos 60"
    assert reported.margin == pytest.approx(0.5), "cos 60 - cos 90; 3, of the same appearance, was in sight"
    assert (reported.id, reported.away) == (1, 0.4)


def test_a_similarity_is_that_of_what_people_do_not_share():
    """The means of 1, (1, 0) before and after, and of 2, (0, 1), add up to (1, 1), of which a quarter is taken:
    (3, -1) and (-1, 3) are left of them, whose cosine is -6 / 10."""
    tracks = film({1: {0: 0, 6: 0, 7: 0}, 2: {0: 50, 1: 50}}, 8)
    tracks = returned(tracks, 6, Recovery(6, 0.6, 1, 0.4))
    sightings = {1: [sighted(0, 0), sighted(7, 0)], 2: [sighted(1, 90)]}
    (reported,) = with_similarity(tracks, sightings, centred=True)[6].recoveries
    assert (reported.similarity, reported.margin) == (pytest.approx(1.0), pytest.approx(1.6))


def test_without_a_sighting_before_or_after_nothing_is_claimed():
    tracks = returned(film({1: {0: 0, 6: 0}}, 8), 6, Recovery(6, 0.6, 1, 0.4))
    for sightings in ({}, {1: [sighted(0, 0)]}, {1: [sighted(6, 0)]}):
        (reported,) = with_similarity(tracks, sightings)[6].recoveries
        assert (reported.similarity, reported.margin) == (None, None)
