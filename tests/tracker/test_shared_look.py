"""What all people of a video share in their looks says nothing about who is who."""

from __future__ import annotations

import numpy as np
import pytest
from tracks_by_hand import Linear, known, show, standing, track_at

from reid.encoder.calibration import Calibration
from tracker.gallery import Appearance, Gallery, GalleryOptions, People, similarities, without
from tracker.recovery import IdentityMatcher, RecoveryOptions, Unresolved
from tracker.shared_look import SharedLook
from tracker.track import Identity


class Centred(Linear):
    """The log odds of views without what is shared: 0 at a cosine of 0.5."""

    @property
    def calibration_centred(self) -> Calibration:
        return Calibration(gap=(0.0,), same=((0.9, 0.2),), different=((0.1, 0.2),))


def person(id: int, *views: tuple[float, float]) -> Identity:
    identity = Identity(id, Gallery(GalleryOptions()))
    show(identity.gallery, *views)
    return identity


def test_two_people_share_half_of_their_mean():
    """Of n people 1 - 1/n: the mean of (1, 0) and (0, 1) is (0.5, 0.5); each counts once, whatever its views."""
    look = SharedLook(Centred())
    look.learn([person(1, (1, 0), (1, 0), (1, 0))])
    assert look.vector is None, "one person shares nothing"
    whole = look.calibration
    look.learn([person(2, (0, 1))])
    assert look.vector == pytest.approx([0.25, 0.25])
    assert whole.log_odds(np.array([0.3]), np.zeros(1)) == pytest.approx(3.0), "of whole views"
    assert look.calibration.log_odds(np.array([0.5]), np.zeros(1)) == pytest.approx(0.0)
    look.learn([person(3, (0.6, 0.8))])
    assert look.vector == pytest.approx([2 / 3 * 1.6 / 3, 2 / 3 * 1.8 / 3])


def test_new_views_of_a_person_replace_the_earlier_mean():
    look, one = SharedLook(Centred()), person(1, (1, 0))
    look.learn([one, person(2, (0, 1))])
    look.learn([one])
    show(one.gallery, (0, 1))
    look.learn([one])
    assert look.vector == pytest.approx([0.5 * 0.5 / 2, 0.5 * 1.5 / 2])  # (0.5, 0.5) and (0, 1)


def test_people_without_a_view_do_not_count():
    look = SharedLook(Centred())
    look.learn([person(1, (1, 0)), person(2)])
    assert look.vector is None


def test_an_encoder_that_was_calibrated_on_whole_views_is_given_whole_views():
    encoder = Linear()
    look = SharedLook(encoder)
    look.learn([person(1, (1, 0)), person(2, (0, 1))])
    assert look.vector is None
    assert look.calibration is encoder.calibration


def test_views_keep_their_length_without_what_is_shared():
    """(1, 0) - (0.25, 0.25) = (0.75, -0.25), sqrt(10) / 4 long."""
    shared = np.array([0.25, 0.25])
    assert without(shared, np.array([1.0, 0.0])) == pytest.approx(np.array([3, -1]) / np.sqrt(10))
    assert without(shared, np.array([[0.5, 0.0]])) == pytest.approx(np.array([[0.25, -0.25]]) * np.sqrt(2))
    assert without(shared, shared).tolist() == [0, 0]


@pytest.mark.parametrize("strangers", [0, 40])
def test_people_in_like_costumes_differ_in_what_they_do_not_share(strangers: int):
    """(1, 0) and (0.8, 0.6) are alike, 0.8; without (0.9, 0.3) / 2 they are (0.55, -0.15) and (0.35, 0.45). Among many
    others only the nearest are compared view by view."""
    one, other = (Appearance(np.array([row])) for row in ([1.0, 0.0], [0.8, 0.6]))
    others = [other, *(Appearance(np.array([[0.0, -1.0]])) for _ in range(strangers))]
    assert similarities([one], People(others))[0, 0] == pytest.approx(0.8)
    by_hand = (0.55 * 0.35 - 0.15 * 0.45) / np.hypot(0.55, 0.15) / np.hypot(0.35, 0.45)
    assert similarities([one], People(others), np.array([0.45, 0.15]))[0, 0] == pytest.approx(by_hand)


@pytest.mark.parametrize(("encoder", "recognised"), [(Linear(), [1]), (Centred(), [])])
def test_a_stranger_in_the_costume_of_all_is_not_the_person_who_was_lost(encoder: Linear, recognised: list[int]):
    """All are alike in the last number. Stranger and lost one have a cosine of 0.46, log odds of 4.6; without half of
    the mean of those known, (0.075, 0.13, 0.4), it is 0.08: (0.08 - 0.5) * 0.8 / 0.04 = -8.3. The place adds 4.1: for
    0.1 body heights after 2 s -0.5 * 0.01 / 2.25 - log(2 pi 2.25) + log(20), for the size log(0.6 / 0.29), and 3."""
    lost, here = known(1, 1.0, standing(300), lost=True), known(2, 3.0, standing(700))
    stranger = track_at(3.0, standing(320))
    show(lost.identity.gallery, (0.6, 0.0, 0.8))
    show(here.identity.gallery, (-0.3, 0.52, 0.8))
    show(stranger.fresh, (-0.3, -0.52, 0.8))
    matcher = IdentityMatcher(RecoveryOptions(), encoder)
    matcher.look.learn([here.identity])
    matches = matcher.match(Unresolved([stranger], [], [lost]), (1000, 800), 0.0)
    assert [match.identity.id for match in matches] == recognised
