"""Who may have exchanged identities with whom, and when that can be resolved."""

from __future__ import annotations

import pytest
from tracks_by_hand import Linear, known, show, standing

from tracker.doubt import DoubtOptions, doubt_returned, drop_views_of_another, may_be_identified, spread_doubt, touching
from tracker.shared_look import SharedLook
from tracker.track import Track, predict
from tracker.tracker import Tracker

OPTIONS = DoubtOptions()


def row(count: int) -> list[Track]:
    return [known(number + 1, 1.0, standing(150 * number)) for number in range(count)]


@pytest.mark.parametrize(("inside", "contact"), [(29, False), (31, True)])
def test_contact_is_more_than_three_tenths_of_the_smaller_box(inside: int, contact: bool):
    """A box of 100 x 100, `inside` columns of which lie within one of 400 x 400."""
    large, small = [0, 0, 400, 400], [400 - inside, 100, 500 - inside, 200]
    two = [known(1, 1.0, large), known(2, 1.0, small)]
    assert touching(two, 1.0, OPTIONS).tolist() == [[False, contact], [contact, False]]


def test_a_track_out_of_sight_touches_where_its_motion_puts_it():
    two = [known(1, 1.0, standing(300)), known(2, 0.9, standing(600))]
    assert not touching(two, 1.0, OPTIONS).any()
    two[1].motion.filter.x[0] -= 300
    assert touching(two, 1.0, OPTIONS).sum() == 2


def test_doubt_spreads_from_contact_to_contact():
    a, b, c, d = tracks = row(4)
    contact = touching(tracks, 1.0, OPTIONS)
    assert not contact.any()
    contact[0, 1] = contact[1, 0] = True
    spread_doubt(tracks, contact, 1.0)
    contact[:] = False
    contact[1, 2] = contact[2, 1] = True
    spread_doubt(tracks, contact, 1.0)
    assert a.group == b.group == c.group == {a, b, c}
    assert [track.in_contact for track in tracks] == [True, True, True, False]
    assert d.group is None
    a.confirm()
    assert a.group is None
    assert b.group == {b, c}


def test_who_is_identified_in_contact_learns_no_views_from_it():
    apart, touched = row(2)
    touched.touch(1.0)
    for track in (apart, touched):
        show(track.fresh, [1.0])
        track.confirm()
    assert [len(track.identity.gallery.views) for track in (apart, touched)] == [1, 0]
    assert not touched.fresh.views
    assert touched.mixed is None, "what comes now is another contact"


def test_a_track_that_returns_may_be_any_that_was_out_of_sight():
    returned, lost, in_sight = known(1, 1.0, standing(0)), known(2, 0.5, standing(200), lost=True), row(1)[0]
    show(returned.fresh, [1.0])
    doubt_returned([returned], [returned, lost, in_sight], 1.0)
    assert returned.group == lost.group == {returned, lost}
    assert in_sight.group is None
    assert not returned.fresh.views
    assert (returned.unsure, returned.mixed) == (True, (1.0, 1.0))


def test_contacts_that_are_hardly_apart_are_one():
    track = row(1)[0]
    for now in (1.0, 1.04, 1.18):  # 0.14 s later
        track.touch(now)
    assert track.mixed == (1.0, 1.18)
    track.touch(1.34)
    assert track.mixed == (1.34, 1.34)


def test_contacts_in_neighbouring_frames_are_one_however_few_there_are_a_second():
    track = row(1)[0]
    for now in (1.2, 1.4, 1.6):
        predict([track], 0.2, now, 0.0)
        track.touch(now)
    assert track.mixed == (1.2, 1.6)
    predict([track], 0.2, 1.8, 0.0)
    predict([track], 0.2, 2.0, 0.0)
    track.touch(2.0)
    assert track.mixed == (2.0, 2.0), "there was none in the frame before"


def test_three_fresh_views_of_a_track_in_sight_and_in_doubt():
    one, other = row(2)
    show(one.fresh, [1.0], [1.0], [1.0])
    assert not may_be_identified(one, 1.0, OPTIONS)  # it is not in doubt
    one.join_group(other)
    assert may_be_identified(one, 1.0, OPTIONS)
    assert not may_be_identified(one, 1.1, OPTIONS)  # it is out of sight
    del one.fresh.views[0]
    assert not may_be_identified(one, 1.0, OPTIONS)


def test_of_fresh_views_only_those_since_the_person_changed_count():
    """The log odds are ten times the cosine: below 0 is somebody else."""
    track = row(1)[0]

    def left(*views: tuple[float, float]) -> int:
        track.drop_fresh_views()
        show(track.fresh, *views)
        drop_views_of_another(track.fresh, SharedLook(Linear()))
        return len(track.fresh.views)

    one, other = (1.0, 0.0), (-0.6, 0.8)
    assert left() == 0
    assert left(one) == 1
    assert left(one, one, one) == 3
    assert left(one, one, other) == 1
    assert left(one, other, other) == 2
    assert left(other, one, other) == 1, "the newest decides"


def test_a_track_that_went_on_as_another_between_two_views_is_not_identified_by_both():
    """It needs three views: of one person and then two of another only the two are left."""
    tracker = Tracker(embedder=Linear())
    tracker._tracks = one, two = row(2)
    one.join_group(two)
    show(one.fresh, (1.0, 0.0), (-0.6, 0.8), (-0.6, 0.8))
    assert tracker._clear(1.0) == []
    assert len(one.fresh.views) == 2
    show(one.fresh, (-0.6, 0.8))
    assert tracker._clear(1.0) == [one]
