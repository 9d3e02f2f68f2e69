"""Corners of recovery that mutants of the code found unguarded (tests/MUTATIONS.md)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from tracks_by_hand import Linear, known, show, standing, track_at

from tracker.gallery import Appearance, Gallery, GalleryOptions, People
from tracker.holders import Holders
from tracker.recollection import NO_CANDIDATES, Candidates, Remembered
from tracker.recovery import (
    IdentityMatch,
    IdentityMatcher,
    RecoveryOptions,
    Unresolved,
    at_edge,
    position_log_odds,
    similarity_to,
)
from tracker.track import Identity, Track
from tracker.types import InputError

OPTIONS = RecoveryOptions()
PICTURE = (1000, 800)
SOMEONE = Remembered(Identity(7, Gallery(GalleryOptions())), Appearance(np.eye(3)[[2]]))


def matched(
    tentative: Sequence[Track] = (),
    doubtful: Sequence[Track] = (),
    lost: Sequence[Track] = (),
    *,
    needed: float = 0.0,
    candidates: Candidates = NO_CANDIDATES,
) -> list[IdentityMatch]:
    unresolved = Unresolved(tentative, doubtful, lost)
    return IdentityMatcher(OPTIONS, OnlyNumbers()).match(unresolved, PICTURE, needed, candidates)


class OnlyNumbers(Linear):
    """A calibration that takes no similarity that is none."""

    def log_odds(self, similarity: np.ndarray, gap: np.ndarray) -> np.ndarray:
        assert np.isfinite(similarity).all()
        return super().log_odds(similarity, gap)


class Counting(Linear):
    """Embeds a crop as its mean brightness."""

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        return np.array([[crop.mean() / 100, 1.0] for crop in crops])


def gone(id: int = 1, x: float = 300) -> Track:
    return known(id, 1.0, standing(x), lost=True)


def back(*embeddings: Sequence[float]) -> Track:
    track = track_at(3.0, standing(500))
    show(track.fresh, *embeddings)
    return track


def test_where_there_is_nothing_to_pair_nothing_is():
    assert matched([], [], [gone()]) == []
    assert matched([back([1.0, 0.0])], [], []) == []


def test_every_crop_is_embedded_once_and_counted():
    lost, here = gone(), track_at(3.0, standing(500))
    for time in (0.5, 1.0):
        lost.identity.gallery.add(time, np.full((8, 4, 3), 100, np.uint8))
    here.fresh.add(3.0, np.full((8, 4, 3), 50, np.uint8))
    matcher = IdentityMatcher(OPTIONS, Counting())
    assert matcher.embedded == 0
    for _ in range(2):
        matcher.match(Unresolved([here], [], [lost]), PICTURE, 0.0)
        assert matcher.embedded == 3


def test_without_an_encoder_nothing_is_said_of_a_similarity():
    lost, here = gone(), back([1.0, 0.0])
    show(lost.identity.gallery, [1.0, 0.0])
    (match,) = IdentityMatcher(OPTIONS, None).match(Unresolved([here], [], [lost]), PICTURE, -50.0)
    assert (match.similarity, match.margin) == (None, None)


def test_where_there_is_no_view_appearance_says_nothing_with_an_encoder_either():
    """Found to the same log odds as without one."""
    lost, here = gone(), back()
    found = [
        bool(IdentityMatcher(OPTIONS, encoder).match(Unresolved([here], [], [lost]), PICTURE, needed / 4))
        for encoder in (None, OnlyNumbers())
        for needed in range(-40, 41)
    ]
    assert found[:81] == found[81:]
    assert 0 < sum(found) < len(found)


def test_the_margin_is_the_lead_over_the_most_similar_of_the_others():
    lost, here = [gone(id, 300) for id in (1, 2, 3)], back([0.9, 0.5, 0.2])
    for number, track in enumerate(lost):
        show(track.identity.gallery, np.eye(3)[number])
    (match,) = matched([here], [], lost, needed=-50.0)
    assert (match.identity.id, match.similarity, match.margin) == (1, pytest.approx(0.9), pytest.approx(0.4))


def test_a_person_seen_together_for_just_as_long_as_a_double_box_lasts_is_two():
    """Last seen at 0.5 s, the other from 0.2 s on: 0.3 s."""
    person = known(1, 0.5, standing(300), lost=True)
    assert matched([track_at(0.2, standing(300))], [], [person], needed=-100.0) == []


def test_a_track_in_doubt_may_have_been_another_while_a_newcomer_was_seen():
    """1 and 2 touched, 2 was lost, and what goes for 1 looks like 2: then a newcomer may be 1, seen since 1.0 s."""
    one, two, new = known(1, 3.0, standing(300)), gone(2, 310), track_at(1.0, standing(600))
    one.join_group(two)
    for number, track in enumerate((one, two)):
        show(track.identity.gallery, np.eye(2)[number])
    show(one.fresh, [0.0, 1.0])
    show(new.fresh, [1.0, 0.0])
    matches = {match.track: match.identity.id for match in matched([new], [one], [two])}
    assert matches == {new: 1, one: 2}


def test_a_remembered_person_is_found_where_nobody_else_is_known():
    """Ten times 0.5, and nothing beside it: found where 4.9 is needed, not where 5.1 is."""
    here = back([0.0, 0.0, 0.5])
    candidates = Candidates([SOMEONE])
    (match,) = matched([here], needed=4.9, candidates=candidates)
    assert (match.identity, match.similarity, match.margin) == (SOMEONE.identity, pytest.approx(0.5), None)
    assert matched([here], needed=5.1, candidates=candidates) == []


@pytest.mark.parametrize(("views", "found"), [(2, False), (3, True), (4, True)])
def test_a_name_takes_its_least_number_of_views(views: int, found: bool):
    here = back(*[[0.0, 0.0, 1.0]] * views)
    assert bool(matched([here], candidates=Candidates([SOMEONE], min_views=3))) == found


def test_a_lost_person_is_found_with_fewer_views_than_a_name_takes():
    lost, here = gone(), back([1.0, 0.0, 0.0])
    show(lost.identity.gallery, [1.0, 0.0, 0.0])
    (match,) = matched([here], [], [lost], candidates=Candidates([SOMEONE], min_views=3))
    assert match.identity is lost.identity


def test_candidates_who_look_like_nobody_here_leave_the_lost_to_be_found():
    """One of two newcomers is the lost one; no name reaches its least, which is no number to reckon with."""
    lost, here, other = gone(), back([1.0, 0.0, 0.0]), back([0.0, 1.0, 0.0])
    show(lost.identity.gallery, [1.0, 0.0, 0.0])
    matches = matched([here, other], [], [lost], candidates=Candidates([SOMEONE], min_log_odds=2.5))
    assert [(match.track, match.identity) for match in matches] == [(here, lost.identity)]


def test_a_track_in_doubt_is_no_remembered_person_however_alike():
    two = [known(1, 3.0, standing(300)), known(2, 3.0, standing(400))]
    two[0].join_group(two[1])
    for number, track in enumerate(two):
        show(track.identity.gallery, np.eye(3)[number])
        show(track.fresh, [0.0, 0.0, 1.0])
    matches = matched([], two, [], candidates=Candidates([SOMEONE]))
    assert [match.identity.id for match in matches] == [1, 2]


def test_views_and_people_without_any_are_left_out_of_a_comparison():
    tracks, people = [back(), back([0.6, 0.8])], [Appearance(np.zeros((0, 2))), Appearance(np.eye(2)[[0]])]
    similarity = similarity_to(People(people), tracks)
    assert np.isnan(similarity).tolist() == [[True, True], [True, False]]
    assert similarity[1, 1] == pytest.approx(0.6)
    assert np.isnan(similarity_to(People(people[:1]), tracks)).all()
    assert np.isnan(similarity_to(People(people), tracks[:1])).all()


def test_only_the_left_and_the_right_side_are_edges_people_come_in_at():
    """Of 1000 x 800: a box at the top, one at the bottom, one that ends at x = 900, and one at the right."""
    boxes = np.array([[400.0, 0, 500, 200], [400, 600, 500, 800], [800, 300, 900, 500], [900, 300, 1000, 500]])
    assert at_edge(boxes, PICTURE, OPTIONS).tolist() == [False, False, False, True]


def test_a_random_walk_is_as_fast_as_it_is_said_to_be():
    """At 2 body heights a root of a second, for 2 s: 0.25 + 4 * 2 = 8.25; nearness counts, 1 body height away."""
    options = RecoveryOptions(position_spread_rate=2.0)
    slow, fast = (
        position_log_odds([back()], Holders([gone()]), PICTURE, each).item() for each in (RecoveryOptions(), options)
    )
    assert fast - slow == pytest.approx(-0.5 / 8.25 - np.log(8.25) + 0.5 / 2.25 + np.log(2.25))


def test_a_picture_of_unknown_size_is_measured_by_the_largest_in_it():
    """Four by two of 200 pixels, for the one of 100 pixels, too: the heights' mean is 141, and 8 * 2 square heights."""
    small = known(2, 1.0, standing(300, height=100), lost=True)
    alone = position_log_odds([back()], Holders([small]), None, OPTIONS).item()
    beside = position_log_odds([back()], Holders([small, gone()]), None, OPTIONS)[0, 0]
    assert beside - alone == pytest.approx(np.log(2))


def test_vectors_of_two_lengths_are_refused():
    with pytest.raises(InputError, match=r"vectors of people have 2 and 3 numbers: the cast file is not"):
        similarity_to(People([Appearance(np.eye(3)[[0]])]), [back([1.0, 0.0])])


def gap(here: Track, lost: Track) -> float:
    """The seconds apart that the calibration is asked about."""
    encoder = Linear()
    show(here.fresh, [1.0, 0.0], time=3.5)
    IdentityMatcher(OPTIONS, encoder).match(Unresolved([here], [], [lost]), PICTURE, 0.0)
    return encoder.gaps[0]


def test_views_are_apart_from_the_last_of_then_to_the_first_of_now_and_never_less_than_not_at_all():
    early, late, unseen = gone(), gone(), gone()
    show(early.identity.gallery, [1.0, 0.0], time=0.5)
    show(early.identity.gallery, [1.0, 0.0], time=0.75)
    show(late.identity.gallery, [1.0, 0.0], time=4.0)
    assert [gap(back(), lost) for lost in (early, late, unseen)] == [2.75, 0.0, 2.5]


def test_a_stranger_beside_two_in_doubt_takes_the_place_of_neither():
    """All who are in doubt must be someone; a newcomer need not."""
    two, new = [known(1, 3.0, standing(300)), known(2, 3.0, standing(400))], back([0.0, 0.0, 1.0])
    two[0].join_group(two[1])
    for number, track in enumerate(two):
        show(track.identity.gallery, np.eye(3)[number])
        show(track.fresh, np.eye(3)[number])
    assert {match.track: match.identity.id for match in matched([new], two, [])} == {two[0]: 1, two[1]: 2}
