"""Holders of identities as arrays: read once, and read again where somebody was found."""

from __future__ import annotations

import numpy as np
import pytest
from tracks_by_hand import Linear, known, show, standing, track_at

from tracker.birth import Birth, BirthOptions
from tracker.gallery import embed_all
from tracker.holders import Holders
from tracker.recovery import IdentityMatcher, RecoveryOptions, Unresolved
from tracker.track import TrackState


def test_two_parts_are_one_and_the_sleeping_are_not_read_again():
    awake, lost = known(1, 1.0, standing(100)), known(2, 2.0, standing(300), lost=True)
    show(lost.identity.gallery, [1.0, 0.0], time=0.5)
    asleep = Holders([lost])
    assert asleep.last_time.tolist() == [2.0]
    lost.last_time = 9.0  # nobody does that; it would show that the track is read a second time
    both = Holders([awake]).and_asleep(asleep)
    assert both.tracks == [awake, lost]
    assert both.last_xyxy.tolist() == [standing(100), standing(300)]
    assert both.last_time.tolist() == [1.0, 2.0]
    assert both.viewed.tolist() == [1.0, 0.5]  # without a view, when seen
    assert both.before_cut.tolist() == [False, False]
    assert [both.identity(column).id for column in (0, 1)] == [1, 2]


def test_without_anybody_there_are_arrays_of_nothing():
    nobody = Holders()
    assert nobody.last_xyxy.shape == (0, 4)
    assert (len(nobody), len(nobody.heights), nobody.people.count) == (0, 0, 0)
    assert nobody.still_lost() is nobody


def test_who_was_found_or_is_somebody_else_is_read_anew():
    first, second, third = (known(id, 1.0, standing(100 * id), lost=True) for id in (1, 2, 3))
    holders = Holders([first, second, third])
    assert holders.still_lost() is holders
    second.state = TrackState.DELETED
    left = holders.still_lost()
    assert left.tracks == [first, third]
    first.identity, third.identity = third.identity, first.identity
    assert left.still_lost() is not left
    assert [left.still_lost().identity(column).id for column in (0, 1)] == [3, 1]


def test_views_are_embedded_once():
    lost = known(1, 1.0, standing(100), lost=True)
    lost.identity.gallery.add(1.0, np.full((8, 4, 3), 90, np.uint8))

    class Bright(Linear):
        def __call__(self, crops):
            return np.array([[crop.mean(), 0.0] for crop in crops])

    holders = Holders([lost])
    assert [embed_all(holders.pop_galleries(), Bright()) for _ in range(2)] == [1, 0]
    assert holders.pop_galleries() == []
    assert holders.people.means.tolist() == [[90.0, 0.0]]


def test_somebody_asleep_is_found_as_somebody_awake_would_be():
    lost = known(1, 1.0, standing(300), lost=True)
    show(lost.identity.gallery, [1.0, 0.0])
    here = track_at(3.0, standing(330))
    show(here.fresh, [1.0, 0.0])
    for parts in (([lost],), ([], Holders([lost]))):
        matcher = IdentityMatcher(RecoveryOptions(), Linear())
        (match,) = matcher.match(Unresolved([here], [], *parts), (1000, 800), 0.0)
        assert match.identity.id == 1
        assert match.similarity == pytest.approx(1.0)


def test_the_height_of_those_asleep_counts_for_who_is_a_passer_by():
    """A cast of three 200 pixels high, asleep: who is 90 high is below half of that, and waits for two seconds."""
    birth = Birth(BirthOptions(), True, RecoveryOptions())
    asleep = Holders([known(id, 1.0, standing(100 * id), lost=True) for id in (1, 2, 3)])
    assert asleep.heights == pytest.approx([200.0] * 3)
    small = track_at(3.0, standing(500, height=90))
    small.hits, small.first_time = 9, 1.5
    show(small.fresh, [1.0, 0.0])
    assert birth.due([small], asleep, 3.0, remembered=False, last=False) == []
    assert birth.due([small], Holders(), 3.0, remembered=False, last=False) == [small]
