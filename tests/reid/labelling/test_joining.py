"""Tracklets join into people by appearance, and never two that share a frame."""

import numpy as np
import pytest

from reid.labelling.joining import exclusions, join_tracklets
from reid.labelling.relabelling import Evidence, change_point, consecutive, relabel

NO_BONUS = np.zeros((3, 3))
NONE_EXCLUDED = np.zeros((3, 3), bool)


def symmetric(count: int, **pairs: float) -> np.ndarray:
    table = np.zeros((count, count))
    for pair, value in pairs.items():
        one, other = int(pair[1]), int(pair[2])
        table[one, other] = table[other, one] = value
    return table


def test_tracklets_exclude_each_other_where_they_share_a_frame():
    exclusive = exclusions([np.array([0, 1, 2]), np.array([2, 3]), np.array([3, 4]), np.array([], int)])
    assert np.argwhere(exclusive).tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]
    assert exclusions([]).shape == (0, 0)


def test_the_most_similar_pair_goes_first_and_takes_the_place_of_a_worse_one():
    # 0 and 1 are seen together, 2 is like both: it joins the more similar one, and the other stays alone
    log_odds = symmetric(3, p02=4.0, p12=5.0)
    exclusive = symmetric(3, p01=1).astype(bool)
    assert join_tracklets(log_odds, NO_BONUS, exclusive, np.ones(3)).tolist() == [0, 1, 1]


def test_what_is_unlike_stays_apart_unless_the_track_goes_on():
    log_odds = symmetric(3, p01=-1.0, p02=-9.0, p12=-9.0)
    assert join_tracklets(log_odds, NO_BONUS, NONE_EXCLUDED, np.ones(3)).tolist() == [0, 1, 2]
    goes_on = symmetric(3, p01=3.0)
    assert join_tracklets(log_odds, goes_on, NONE_EXCLUDED, np.ones(3)).tolist() == [0, 0, 1]


def test_groups_are_compared_by_the_mean_over_their_crops():
    # 0 and 1 join first; 2 is unlike 0 (8 crops) and like 1 (2 crops): (8 * -1 + 2 * 3) / 10 = -0.2 is not enough,
    # but with 3 crops of 1 it is: (8 * -1 + 3 * 3) / 11 > 0
    log_odds = symmetric(3, p01=5.0, p02=-1.0, p12=3.0)
    assert join_tracklets(log_odds, NO_BONUS, NONE_EXCLUDED, np.array([8, 2, 1])).tolist() == [0, 0, 1]
    assert join_tracklets(log_odds, NO_BONUS, NONE_EXCLUDED, np.array([8, 3, 1])).tolist() == [0, 0, 0]


def test_joining_stops_at_the_least_number_of_groups():
    log_odds = symmetric(3, p01=5.0, p02=4.0, p12=4.0)
    assert join_tracklets(log_odds, NO_BONUS, NONE_EXCLUDED, np.ones(3)).tolist() == [0, 0, 0]
    assert join_tracklets(log_odds, NO_BONUS, NONE_EXCLUDED, np.ones(3), min_groups=2).tolist() == [0, 0, 1]


@pytest.mark.parametrize("seed", range(20))
def test_tracklets_that_share_a_frame_are_never_joined_and_the_order_does_not_matter(seed: int):
    random = np.random.default_rng(seed)
    count = 25
    odds = random.normal(1.0, 4.0, (count, count))
    log_odds = odds + odds.T
    exclusive = exclusions([start + np.arange(random.integers(1, 9)) for start in random.integers(0, 60, count)])
    crops = random.integers(1, 9, count)
    bonus = np.zeros((count, count))
    group = join_tracklets(log_odds, bonus, exclusive, crops)
    together = group[:, None] == group[None, :]
    assert not (together & exclusive).any()
    order = random.permutation(count)
    shuffled = join_tracklets(log_odds[np.ix_(order, order)], bonus, exclusive[np.ix_(order, order)], crops[order])
    assert np.array_equal(shuffled[:, None] == shuffled[None, :], together[np.ix_(order, order)])


def test_two_tracklets_exchanged_by_the_tracker_change_places():
    # A and B are each other's look; neither can move alone, for the other stands in the way
    evidence = Evidence(np.array([[-9.0, -1.0], [-1.0, -9.0]]), np.zeros((2, 2)), symmetric(2, p01=1).astype(bool))
    assert relabel(evidence, np.array([0, 1])).tolist() == [1, 0]


def test_a_tracklet_moves_only_where_no_person_is_in_the_way():
    score = np.array([[-9.0, -1.0], [-9.0, -1.0]])  # both look like 1, and are seen together
    evidence = Evidence(score, np.zeros((2, 2)), symmetric(2, p01=1).astype(bool))
    assert relabel(evidence, np.array([0, 1])).tolist() == [0, 1]
    assert relabel(Evidence(score, np.zeros((2, 2)), np.zeros((2, 2), bool)), np.array([0, 1])).tolist() == [1, 1]


def test_a_weak_look_does_not_tear_a_track_apart():
    score = np.array([[-1.0, -5.0], [-3.0, -1.0]])
    apart = np.zeros((2, 2), bool)
    assert relabel(Evidence(score, symmetric(2, p01=3.0), apart), np.array([0, 0])).tolist() == [0, 0]
    assert relabel(Evidence(score, symmetric(2, p01=1.0), apart), np.array([0, 0])).tolist() == [0, 1]


@pytest.mark.parametrize("seed", range(10))
def test_relabelling_never_puts_anybody_in_two_places(seed: int):
    random = np.random.default_rng(seed)
    exclusive = exclusions([start + np.arange(5) for start in random.integers(0, 40, 20)])
    evidence = Evidence(random.normal(0, 5, (20, 20)), np.zeros((20, 20)), exclusive)
    person = relabel(evidence, np.arange(20))
    assert not ((person[:, None] == person[None, :]) & exclusive).any()
    score = evidence.score[np.arange(20), person].sum()
    assert score >= evidence.score[np.arange(20), np.arange(20)].sum()


def test_a_tracklet_is_cut_where_another_person_begins():
    one, other = np.log([0.9, 0.1]), np.log([0.1, 0.9])
    assert change_point(np.array([one, one, one, other, other]), 4.0) == 3
    assert change_point(np.array([one, one, one, other, one]), 4.0) is None  # one odd look is no person
    assert change_point(np.array([one, one, other, other]), 5.0) is None  # 2 * log 9 = 4.4 is too little
    assert change_point(np.array([one, other]), 0.0) is None


def test_tracklets_of_a_track_follow_each_other():
    track, first, last = np.array([7, 3, 7]), np.array([50, 0, 10]), np.array([60, 9, 40])
    assert consecutive(track, first, last) == [(2, 0, 10)]
