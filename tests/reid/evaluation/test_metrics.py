import numpy as np
import pytest

from reid.evaluation.metrics import WORTH_SORTING, average_precision, cumulative_matching, single_shot_rank


def slow_average_precision(cost, match, dropped):
    """One query: walk down the ranking and average the precision at each match."""
    ranking = [bool(match[column]) for column in np.argsort(cost) if not dropped[column]]
    precisions, hits = [], 0
    for place, hit in enumerate(ranking, start=1):
        hits += hit
        if hit:
            precisions.append(hits / place)
    return (np.mean(precisions), ranking.index(True) + 1) if precisions else (np.nan, np.nan)


@pytest.mark.parametrize("share", [0.05, 0.6])
def test_it_agrees_with_a_slow_reference(share):
    random = np.random.default_rng(0)
    cost = random.random((40, 300), np.float32)
    match = random.random((40, 300)) < share
    match[3] = False
    dropped = random.random((40, 300)) < 0.2
    assert (
        (match[0] & ~dropped[0]).sum() < WORTH_SORTING
        if share < 0.1
        else (match[0] & ~dropped[0]).sum() > WORTH_SORTING
    )
    precision, first = average_precision(cost, match, dropped)
    expected = [slow_average_precision(*row) for row in zip(cost, match, dropped, strict=True)]
    assert precision == pytest.approx([value for value, _ in expected], nan_ok=True)
    assert first == pytest.approx([place for _, place in expected], nan_ok=True)
    assert np.isnan(precision[3])


def test_it_agrees_with_scikit_learn_also_where_costs_are_tied():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(1)
    cost = random.integers(0, 6, (20, 50)).astype(np.float32)
    match = random.random((20, 50)) < 0.2
    precision, _ = average_precision(cost, match, np.zeros_like(match))
    expected = [metrics.average_precision_score(m, -c) for m, c in zip(match, cost, strict=True)]
    assert precision == pytest.approx(expected)


def test_a_ranking_worked_by_hand():
    """Right, wrong, right: precision 1/1 and 2/3. With the first dropped: wrong, right: 1/2, first match second."""
    cost = np.array([[0.1, 0.2, 0.3]], np.float32)
    match = np.array([[True, False, True]])
    precision, first = average_precision(cost, match, np.array([[False, False, False]]))
    assert precision[0] == pytest.approx(5 / 6)
    assert first[0] == 1
    precision, first = average_precision(cost, match, np.array([[True, False, False]]))
    assert precision[0] == pytest.approx(1 / 2)
    assert first[0] == 2


def test_the_matching_curve_leaves_out_queries_without_match():
    assert cumulative_matching(np.array([1, 3, np.nan, 2]), 3) == pytest.approx([1 / 3, 2 / 3, 1])
    assert cumulative_matching(np.array([np.nan]), 2) == pytest.approx([0, 0])


def test_single_shot_draws_one_crop_a_person():
    """Person 1 has a good and a bad crop, person 2 one between: person 1 is first half of the time, else second."""
    cost = np.array([[0.1, 0.9, 0.5]], np.float32)
    gallery = np.array([1, 1, 2])
    random = np.random.default_rng(0)
    nothing = np.zeros((1, 3), bool)
    places = [single_shot_rank(cost, np.array([1]), gallery, nothing, random)[0] for _ in range(400)]
    assert set(places) == {1, 2}
    assert np.mean(places) == pytest.approx(1.5, abs=0.1)
    good_dropped = np.array([[True, False, False]])
    assert single_shot_rank(cost, np.array([1]), gallery, good_dropped, random)[0] == 2
    both_dropped = np.array([[True, True, False]])
    assert np.isnan(single_shot_rank(cost, np.array([1]), gallery, both_dropped, random)[0])
    assert np.isnan(single_shot_rank(cost, np.array([7]), gallery, nothing, random)[0])
