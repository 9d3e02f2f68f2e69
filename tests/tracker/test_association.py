import itertools

import numpy as np
import pytest

from tracker.association import AssociationOptions, box_similarity, match, occlusion


def test_matching_is_joint_not_greedy():
    rows, columns = match(np.array([[0.9, 0.8], [0.8, 0.1]]), least=0.1)
    assert list(zip(rows, columns, strict=True)) == [(0, 1), (1, 0)]  # 1.6, where greedy would take 1.0


def test_the_gate_is_part_of_the_assignment():
    """Solving first and dropping afterwards would pair (0, 0) only to drop its partner."""
    score = np.array([[0.6, 0.5], [0.55, 0.0]])
    rows, columns = match(score, least=0.3)
    assert list(zip(rows, columns, strict=True)) == [(0, 1), (1, 0)]
    rows, columns = match(score, least=0.52)
    assert list(zip(rows, columns, strict=True)) == [(0, 0)]


def test_matching_agrees_with_trying_everything():
    rng = np.random.default_rng(3)
    for _ in range(200):
        score, least = rng.normal(size=(3, 4)), 0.2
        rows, columns = match(score, least)
        assert (score[rows, columns] >= least).all()
        best = 0.0
        for count in range(1, 4):
            for some in itertools.combinations(range(3), count):
                for others in itertools.permutations(range(4), count):
                    gains = score[list(some), list(others)] - least
                    best = max(best, gains.sum() if (gains >= 0).all() else 0.0)
        assert (score[rows, columns] - least).sum() == pytest.approx(best)


def test_nobody_matches_nobody():
    rows, columns = match(np.zeros((0, 3)), 0.1)
    assert len(rows) == len(columns) == 0


def test_people_of_another_height_are_other_people():
    tall, child = np.array([[0.0, 0, 100, 400]]), np.array([[0.0, 200, 100, 400]])
    options = AssociationOptions(occlusion_weight=0.0)
    # prediction: IoU 1/2 times (1/2)^4; last seen: IoU 1/2
    assert box_similarity(tall, tall, child, options)[0, 0] == pytest.approx(0.7 / 32 + 0.3 / 2)
    assert box_similarity(tall, tall, tall, options)[0, 0] == pytest.approx(1.0)


def test_who_stands_in_front_hides_who_stands_behind():
    behind, front = [0.0, 0, 100, 300], [50.0, 20, 150, 320]
    # 50 x 280 of 100 x 300 are hidden; the one in front is not
    assert occlusion(np.array([behind, front])) == pytest.approx([14000 / 30000, 0.0])
