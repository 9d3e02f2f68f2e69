"""What becomes of tracks whose identity was found."""

from __future__ import annotations

import numpy as np
import pytest
from tracks_by_hand import known, show, standing, track_at

from tracker.exchange import exchange, exchange_two, renamings
from tracker.gallery import Gallery, GalleryOptions
from tracker.recovery import IdentityMatch
from tracker.track import Identity, TrackState
from tracker.types import Detections, Frame, Recovery, Renaming

NOW = Frame(30, 3.0, None)


def test_a_lost_person_is_back_since_the_first_observation():
    gone, back = known(1, 1.0, standing(300), lost=True), track_at(2.8, standing(500))
    person = gone.identity
    events = exchange([IdentityMatch(back, person, 0.8, 0.2)], [gone], NOW)
    assert events == [Recovery(28, 2.8, 1, 2.8 - 1.0, 0.8, 0.2)]
    assert (back.identity, gone.state) == (person, TrackState.DELETED)


def test_two_who_were_exchanged_get_their_ids_back_from_now_on():
    two = [known(1, 2.9, standing(300)), known(2, 2.8, standing(400))]
    for track in two:
        track.observe(NOW, Detections(track.last_xyxy[None], np.array([0.9])), 0)
    first, second = (track.identity for track in two)
    events = exchange([IdentityMatch(two[0], second, 0.7, 0.3), IdentityMatch(two[1], first, 0.7, 0.3)], two, NOW)
    assert [track.identity.id for track in two] == [2, 1]
    assert events == [Recovery(30, 3.0, id, 0.0, 0.7, 0.3, exchanged=True) for id in (2, 1)]
    assert [[seen.frame for seen in track.unreported] for track in two] == [[30], [30]]


def test_two_in_sight_or_lost_take_each_others_identity():
    """The first was reported at 2.9 s, the second, who is lost, at 2.8 s: no row before 2.9 s may come twice."""
    one, other = known(1, 2.9, standing(300)), known(2, 2.8, standing(400), lost=True)
    one.observe(NOW, Detections(one.last_xyxy[None], np.array([0.9])), 0)
    events = exchange_two(one, other, NOW)
    assert [(track.identity.id, track.identity.reported, track.state) for track in (one, other)] == [
        (2, 2.9, TrackState.CONFIRMED),
        (1, 2.9, TrackState.LOST),
    ]
    assert [seen.frame for seen in one.unreported] == [30]
    assert [(event.id, event.exchanged, event.is_return) for event in events] == [(1, True, False), (2, True, False)]


def test_exchanges_of_a_group_are_dated_by_the_track_that_was_clear_first():
    """In contact from 1.0 to 1.2 s; the first is clear at 1.5 s, the second, which touched a third, at 1.9 s."""
    two = [known(1, 2.9, standing(300)), known(2, 2.8, standing(400))]
    two[0].join_group(two[1])
    for track, contacts, view in zip(two, ((1.0, 1.1, 1.2), (1.0, 1.1, 1.2, 1.7)), (1.5, 1.9), strict=True):
        for now in contacts:
            track.touch(now)
        show(track.fresh, [1.0, 0.0], time=view)
    matches = [IdentityMatch(two[0], two[1].identity, 0.7, 0.3), IdentityMatch(two[1], two[0].identity, 0.7, 0.3)]
    assert renamings(matches) == [Renaming(pytest.approx(1.1), 1, 2), Renaming(pytest.approx(1.1), 2, 1)]
    stay = [IdentityMatch(track, track.identity, 0.7, 0.3) for track in two]
    assert renamings(stay) == []


def test_no_person_is_reported_twice_in_a_frame():
    """What the track saw up to the person's last reported row stays untold: there, the person was elsewhere."""
    gone, back = known(1, 2.8, standing(300), lost=True), track_at(2.7, standing(310))
    for frame in (Frame(28, 2.8, None), Frame(29, 2.9, None)):
        back.observe(frame, Detections(back.last_xyxy[None], np.array([0.9])), 0)
    (event,) = exchange([IdentityMatch(back, gone.identity, None, None)], [gone], NOW)
    assert [seen.frame for seen in back.unreported] == [29]
    assert (event.frame, event.away) == (29, pytest.approx(0.1))  # not 27, in which the row is the person's other one
    assert not event.exchanged


def test_rows_put_right_count_as_the_persons_own():
    """Of three in a circle each was reported as the other up to 2.9, 2.8 and 2.7 s, rows that may be renamed."""
    three = [known(id, time, standing(100 * id)) for id, time in ((1, 2.9), (2, 2.8), (3, 2.7))]
    first, second, third = (track.identity for track in three)
    given = zip(three, (second, third, first), strict=True)
    exchange([IdentityMatch(track, identity, 0.7, 0.3) for track, identity in given], three, NOW)
    assert [identity.reported for identity in (first, second, third)] == [2.9, 2.9, 2.8]


def test_a_lost_track_takes_the_identity_that_its_finder_left():
    """Track 2 is found to be 1, who was taken for lost: then it is 2 who is lost."""
    gone, here = known(1, 1.0, standing(300), lost=True), known(2, 3.0, standing(500))
    first, second = gone.identity, here.identity
    events = exchange([IdentityMatch(here, first, 0.9, 0.4)], [here, gone], NOW)
    assert events == [Recovery(30, 3.0, 1, 2.0, 0.9, 0.4, exchanged=True)]
    assert (here.identity, gone.identity, gone.state) == (first, second, TrackState.LOST)


def test_who_was_reported_elsewhere_is_back_in_the_first_row_of_their_own():
    """Person 1 was reported as 2 until 2.8 s, while 2 was seen, tentatively, from 2.6 s on: 2 is back at 2.9 s."""
    gone, here = known(1, 1.0, standing(300), lost=True), known(2, 2.8, standing(500))
    exchange([IdentityMatch(here, gone.identity, 0.9, 0.4)], [here, gone], Frame(28, 2.8, None))
    back = track_at(2.6, standing(800))
    for frame in range(27, 31):
        back.observe(Frame(frame, frame / 10, None), Detections(back.last_xyxy[None], np.array([0.9])), 0)
    (event,) = exchange([IdentityMatch(back, gone.identity, 0.8, 0.3)], [here, gone], NOW)
    assert event == Recovery(29, 2.9, 2, pytest.approx(1.9), 0.8, 0.3)
    assert [seen.frame for seen in back.unreported] == [29, 30]


def test_who_stays_who_they_are_is_no_news():
    here = known(2, 3.0, standing(500))
    assert exchange([IdentityMatch(here, here.identity, 0.9, 0.4)], [here], NOW) == []


def test_a_person_of_the_cast_file_was_not_away():
    ada = Identity(7, Gallery(GalleryOptions()))
    new = track_at(2.5, standing(500))
    assert exchange([IdentityMatch(new, ada, 0.8, 0.1)], [], NOW) == [
        Recovery(25, 2.5, 7, 0.0, 0.8, 0.1, remembered=True)
    ]
    assert new.identity is ada
