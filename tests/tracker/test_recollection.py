"""The odds of a tentative track being a person of the cast file, reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tracks_by_hand import Linear, show, standing, track_at

from tracker.cast_memory import CastMemory, Member
from tracker.gallery import Appearance, Gallery, GalleryOptions, People
from tracker.recollection import Candidates, RecollectionOptions, Remembered
from tracker.recovery import similarity_to
from tracker.roster import Roster
from tracker.track import Identity

PEOPLE = [Remembered(Identity(id, Gallery(GalleryOptions())), Appearance(np.eye(2)[[id - 1]])) for id in (1, 2)]


def test_appearance_must_reach_its_least_and_the_prior_is_shared():
    candidates = Candidates(PEOPLE, prior_log_odds=1.5, min_log_odds=2.5)
    encoder = Linear()
    # ten times 0.5, 0.24 (less than 2.5), 2.0 (more than the limit of 12), and nothing seen
    odds = candidates.log_odds(np.array([[0.5, 0.24], [2.0, np.nan]]), encoder, 12.0)
    share = 1.5 - np.log(2)
    assert odds == pytest.approx(np.array([[5 + share, -np.inf], [12 + share, -np.inf]]))
    assert set(encoder.gaps) == {np.inf}  # as after the longest time apart


def test_views_are_compared_where_there_are_any():
    seen, unseen = track_at(1.0, standing(300)), track_at(1.0, standing(500))
    show(seen.fresh, [0.6, 0.8])
    similarity = similarity_to(People([person.appearance for person in PEOPLE]), [seen, unseen])
    assert similarity[0] == pytest.approx([0.6, 0.8])
    assert np.isnan(similarity[1]).all()


def roster(cast: int | None) -> Roster:
    """Two people are remembered, 1 and 2; 3 was given once, too."""
    members = tuple(Member(person.identity.id, "", person.appearance.views) for person in PEOPLE)
    memory = CastMemory("encoder", "", members, next_id=4)
    return Roster(cast, memory, RecollectionOptions(), GalleryOptions())


def test_a_cast_of_three_has_room_for_two_remembered_and_one_new():
    people = roster(3)
    assert (people.count, people.is_full) == (0, False)
    assert people.new_person().id == 4
    assert (people.count, people.is_full) == (1, True)
    assert people.candidates().min_log_odds == -np.inf  # a person who comes now is one of the two
    for remembered in people.candidates().people:
        people.appeared(remembered.identity)
    assert people.count == 3
    assert not people.candidates().people


def test_an_open_cast_is_never_full():
    people = roster(None)
    assert [people.new_person().id for _ in range(3)] == [4, 5, 6]
    assert not people.is_full
    assert people.candidates().min_log_odds == 2.5
