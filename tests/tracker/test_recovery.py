"""The odds of a lost person having come back, reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tracks_by_hand import Linear, known, show, standing, track_at

from tracker.holders import Holders
from tracker.recovery import (
    IdentityMatcher,
    RecoveryOptions,
    Unresolved,
    log_odds_of_one,
    position_log_odds,
    prior_log_odds,
)

OPTIONS = RecoveryOptions()
PICTURE = (1000, 800)
SAME_SIZE_AFTER_2_S = np.log(0.6 / (0.15 + 0.1 * np.sqrt(2)))
"""Two equal heights: the Gaussian of one person is 0.15 + 0.1 sqrt(2) wide, that of two people 0.6."""


def position(back, gone, picture=PICTURE) -> float:
    return position_log_odds([back], Holders([gone]), picture, OPTIONS).item()


def test_a_body_height_away_after_two_seconds():
    gone, back = known(1, 1.0, standing(300), lost=True), track_at(3.0, standing(500))
    # spread^2 = 0.5^2 + 1^2 * 2 = 2.25 body heights^2; distance 200 / 200 = 1; room 1000 * 800 / 200^2 = 20
    by_hand = -0.5 / 2.25 - np.log(2 * np.pi * 2.25) + np.log(20)
    assert position(back, gone) == pytest.approx(by_hand + SAME_SIZE_AFTER_2_S)
    # a picture of unknown size is 4 x 2 body heights
    assert position(back, gone, None) == pytest.approx(by_hand - np.log(20) + np.log(8) + SAME_SIZE_AFTER_2_S)


def test_position_and_size_say_no_less_after_ten_seconds():
    gone = known(1, 1.0, standing(300), lost=True)
    ten, hundred = (position(track_at(time, standing(500)), gone) for time in (11.0, 101.0))
    assert ten == hundred
    # spread^2 = 0.25 + 10; width of the sizes 0.15 + 0.1 sqrt(10)
    by_hand = -0.5 / 10.25 - np.log(2 * np.pi * 10.25) + np.log(20) + np.log(0.6 / (0.15 + 0.1 * np.sqrt(10)))
    assert ten == pytest.approx(by_hand)


def test_a_person_of_another_height_is_another_person_but_never_for_certain():
    gone = known(1, 1.0, standing(500), lost=True)
    taller = track_at(1.0, [450, 500 - 100 * np.exp(0.3), 550, 500 + 100 * np.exp(0.3)])  # about the same centre
    # log ratio 0.3: -(0.3 / 0.15)^2 / 2 = -2 against -(0.3 / 0.6)^2 / 2 = -0.125, and log(0.6 / 0.15)
    # height^2 = 200 * 200 e^0.3, so room 20 / e^0.3; spread^2 = 0.25
    by_hand = -2 + 0.125 + np.log(4) + np.log(20) - 0.3 - np.log(2 * np.pi * 0.25)
    assert position(taller, gone) == pytest.approx(by_hand, abs=1e-5)
    child = track_at(1.0, [450, 475, 550, 525])  # a quarter of the height: room 80, and -8 is the least
    assert position(child, gone) == pytest.approx(-8 + np.log(80) - np.log(2 * np.pi * 0.25))


def test_from_one_edge_to_the_other_the_way_is_free():
    left, right = standing(50), standing(950)
    gone, back = known(1, 1.0, left, lost=True), track_at(3.0, right)
    assert position(back, gone) == pytest.approx(SAME_SIZE_AFTER_2_S)  # 0 for position
    # not so from the edge to the middle: 500 / 200 = 2.5 body heights
    by_hand = -0.5 * 2.5**2 / 2.25 - np.log(2 * np.pi * 2.25) + np.log(20)
    assert position(track_at(3.0, standing(550)), gone) == pytest.approx(by_hand + SAME_SIZE_AFTER_2_S)


def test_people_enter_and_leave_at_the_edges():
    """The edge is 0.02 * 1000 = 20 pixels wide: boxes from x = 20 and from x = 21, then up to 980."""
    inside, gone_inside = track_at(3.0, standing(500)), known(1, 1.0, standing(500), lost=True)
    at_20, at_21, at_980 = (known(1, 1.0, standing(x), lost=True) for x in (70, 71, 930))
    prior = prior_log_odds([inside], Holders([gone_inside, at_20, at_21, at_980]), PICTURE, OPTIONS)
    assert prior.tolist() == [[3.0, 1.0, 3.0, 1.0]]
    assert prior_log_odds([track_at(3.0, standing(50))], Holders([gone_inside]), PICTURE, OPTIONS).item() == 1.0
    assert prior_log_odds([inside], Holders([at_20]), None, OPTIONS).item() == 3.0


def test_one_of_several_equally_likely_people():
    # one of two with 3 to 1: probability 3/4 for both together, 3/8 for each, so 3 to 5
    assert log_odds_of_one(np.log(3.0), 2) == pytest.approx(np.log(3 / 5))
    assert log_odds_of_one(np.log(3.0), 1) == pytest.approx(np.log(3.0))


def is_found(back, lost, needed: float, embedder=None) -> bool:
    matches = IdentityMatcher(OPTIONS, embedder).match(Unresolved([back], [], lost), PICTURE, needed)
    return [match.identity for match in matches] == [lost[0].identity]


def assert_score(back, lost, score: float, embedder=None) -> None:
    """The first of the lost is found up to this many log odds, and no further."""
    assert is_found(back, lost, score - 0.01, embedder)
    assert not is_found(back, lost, score + 0.01, embedder)


def test_without_an_encoder_prior_position_and_size_add_up():
    back = track_at(3.0, standing(500))
    gone, far = (known(id, 1.0, standing(x), lost=True) for id, x in ((1, 300), (2, 900)))
    alone = 3.0 + position(back, gone)
    assert_score(back, [gone], alone)
    assert_score(back, [gone, far], alone - np.log(2))  # the prior is shared by two


def test_across_a_cut_the_prior_is_all_there_is():
    back, lost = track_at(3.0, standing(500)), [known(id, 1.0, standing(480), lost=True) for id in (1, 2)]
    for track in lost:
        track.cut_away()
    assert_score(back, lost[:1], 3.0)
    # of two: e^3 / (2 + e^3) = 10 to 1 for the one or the other is less than 1 to 1 for either
    score = 3 - np.log(2 + np.exp(3))
    assert score < 0
    matches = IdentityMatcher(OPTIONS, None).match(Unresolved([back], [], lost), PICTURE, score - 0.01)
    assert len(matches) == 1
    assert not IdentityMatcher(OPTIONS, None).match(Unresolved([back], [], lost), PICTURE, score + 0.01)


def test_appearance_adds_its_log_odds_and_no_more_than_twelve():
    back, gone = track_at(3.0, standing(500)), known(1, 1.0, standing(300), lost=True)
    show(gone.identity.gallery, [1.0, 0.0], time=1.0)
    show(back.fresh, [0.6, 0.8], time=3.5)
    encoder = Linear()
    assert_score(back, [gone], 10 * 0.6 + 3.0 + position(back, gone), encoder)
    assert set(encoder.gaps) == {2.5}  # from the last view at 1.0 s to the first at 3.5 s
    back.drop_fresh_views()
    show(back.fresh, [1.5, 0.0], time=3.5)
    assert_score(back, [gone], 12 + 3.0 + position(back, gone), encoder)
    back.drop_fresh_views()
    show(back.fresh, [-1.5, 0.0], time=3.5)
    assert_score(back, [gone], -12 + 3.0 + position(back, gone), encoder)


def test_who_was_seen_together_for_longer_than_a_double_box_lasts_is_two_people():
    gone = known(1, 1.0, standing(300), lost=True)
    assert is_found(track_at(0.71, standing(300)), [gone], -100.0)
    assert not is_found(track_at(0.7, standing(300)), [gone], -100.0)


@pytest.mark.parametrize(("likeness_to_the_other", "ids"), [(0.295, [1, 2]), (0.305, [2, 1])])
def test_an_exchange_takes_a_lead_of_three_for_each(likeness_to_the_other: float, ids: list[int]):
    """Keeping both ids scores 2 * 3, exchanging them 2 * 10 * the similarity: 5.9 is too little, 6.1 is enough."""
    two = [known(1, 1.0, standing(300)), known(2, 1.0, standing(400))]
    two[0].join_group(two[1])
    for number, track in enumerate(two):
        show(track.identity.gallery, np.eye(2)[number])
        show(track.fresh, likeness_to_the_other * np.eye(2)[1 - number])
    matches = IdentityMatcher(OPTIONS, Linear()).match(Unresolved([], two, []), PICTURE, 0.0)
    assert [match.identity.id for match in matches] == ids
    here = likeness_to_the_other if ids == [2, 1] else 0.0
    other = likeness_to_the_other - here
    assert [(match.similarity, match.margin) for match in matches] == [pytest.approx((here, here - other))] * 2


def test_tracks_of_different_groups_exchange_nothing():
    four = [known(id, 1.0, standing(100 * id)) for id in (1, 2, 3, 4)]
    four[0].join_group(four[1])
    four[2].join_group(four[3])
    for number, track in enumerate(four):
        show(track.identity.gallery, np.eye(4)[number])
        show(track.fresh, np.eye(4)[(number + 2) % 4])  # each looks like one of the other group
    matches = IdentityMatcher(OPTIONS, Linear()).match(Unresolved([], four, []), PICTURE, 0.0)
    assert [match.identity.id for match in matches] == [1, 2, 3, 4]
