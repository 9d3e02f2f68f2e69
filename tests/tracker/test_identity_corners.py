"""Corners of exchange, doubt and recollection that mutants of the code found unguarded (tests/MUTATIONS.md)."""

from __future__ import annotations

import numpy as np
import pytest
from tracks_by_hand import Linear, known, standing, track_at

from tracker.doubt import DoubtOptions, touching
from tracker.exchange import exchange
from tracker.gallery import Appearance, Gallery, GalleryOptions
from tracker.recollection import Candidates, Remembered
from tracker.recovery import IdentityMatch
from tracker.track import Identity, Track, TrackState
from tracker.types import Detections, Frame

NOW = Frame(30, 3.0, None)
OPTIONS = DoubtOptions()


def observed(track: Track) -> Track:
    """The track, seen in this frame where it was."""
    track.observe(NOW, Detections(track.last_xyxy[None], np.array([0.9])), 0)
    return track


def test_those_who_were_not_found_stay_lost():
    found, missing, back = (
        known(1, 1.0, standing(300), lost=True),
        known(2, 1.0, standing(500), lost=True),
        track_at(2.8, standing(310)),
    )
    second = missing.identity
    exchange([IdentityMatch(back, found.identity, 0.8, 0.2)], [found, missing], NOW)
    assert (found.state, missing.state) == (TrackState.DELETED, TrackState.LOST)
    assert missing.identity is second


def test_two_in_sight_who_are_exchanged_both_stay():
    two = [observed(known(1, 2.9, standing(300))), observed(known(2, 2.9, standing(400)))]
    first, second = (track.identity for track in two)
    exchange([IdentityMatch(two[0], second, 0.7, 0.3), IdentityMatch(two[1], first, 0.7, 0.3)], two, NOW)
    assert [track.state for track in two] == [TrackState.CONFIRMED] * 2


def test_a_known_person_who_turns_out_to_be_a_lost_one_was_exchanged_and_is_not_back():
    """Track 2 was seen all along, so nothing is told of the frames before this one."""
    gone, here = known(1, 1.0, standing(300), lost=True), observed(known(2, 2.9, standing(500)))
    (event,) = exchange([IdentityMatch(here, gone.identity, 0.9, 0.4)], [here, gone], NOW)
    assert (event.frame, event.exchanged) == (30, True)


def test_a_newcomer_who_is_a_person_in_doubt_is_an_exchange_of_this_frame():
    """The newcomer of 2.8 s is person 1, whose track is person 2, who was lost."""
    mistaken, gone, new = (
        observed(known(1, 2.9, standing(300))),
        known(2, 1.0, standing(500), lost=True),
        track_at(2.8, standing(600)),
    )
    first, second = mistaken.identity, gone.identity
    matches = [IdentityMatch(new, first, 0.9, 0.4), IdentityMatch(mistaken, second, 0.8, 0.3)]
    events = exchange(matches, [mistaken, gone], NOW)
    assert [(event.frame, event.id, event.exchanged) for event in events] == [(30, 1, True), (30, 2, True)]
    assert (new.identity, mistaken.identity, gone.state) == (first, second, TrackState.DELETED)


def test_a_track_in_sight_touches_where_it_was_seen_and_not_where_its_motion_would_put_it():
    two = [known(1, 1.0, standing(300)), known(2, 1.0, standing(600))]
    two[1].motion.filter.x[0] -= 300
    assert not touching(two, 1.0, OPTIONS).any()


def test_without_tracks_nothing_touches():
    assert touching([], 1.0, OPTIONS).shape == (0, 0)


def remembered(*ids: int) -> list[Remembered]:
    return [Remembered(Identity(id, Gallery(GalleryOptions())), Appearance(np.eye(3)[[id - 1]])) for id in ids]


def test_a_single_remembered_person_has_all_the_prior():
    odds = Candidates(remembered(1), prior_log_odds=1.5).log_odds(np.array([[0.5]]), Linear(), 12.0)
    assert odds == pytest.approx(np.array([[6.5]]))


def test_what_appearance_must_reach_is_enough():
    odds = Candidates(remembered(1), min_log_odds=2.5).log_odds(np.array([[0.25]]), Linear(), 12.0)
    assert odds == pytest.approx(np.array([[2.5]]))


class OnlyNumbers(Linear):
    """A calibration that takes no similarity that is none."""

    def log_odds(self, similarity: np.ndarray, gap: np.ndarray) -> np.ndarray:
        assert np.isfinite(similarity).all()
        return super().log_odds(similarity, gap)


def test_a_calibration_is_not_asked_about_views_that_there_are_not():
    odds = Candidates(remembered(1, 2)).log_odds(np.array([[np.nan, 0.5]]), OnlyNumbers(), 12.0)
    assert odds == pytest.approx(np.array([[-np.inf, 5 - np.log(2)]]))
