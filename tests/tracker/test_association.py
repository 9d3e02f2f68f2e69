import itertools
from dataclasses import replace

import numpy as np
import pytest

from tracker.association import AssociationOptions, Expected, box_similarity, match, onward
from tracker.boxes import occlusion


def test_matching_is_joint_not_greedy():
    rows, columns = match(np.array([[0.9, 0.8], [0.8, 0.1]]), min_score=0.1)
    assert list(zip(rows, columns, strict=True)) == [(0, 1), (1, 0)]  # 1.6, where greedy would take 1.0


def test_the_gate_is_part_of_the_assignment():
    """Solving first and dropping afterwards would pair (0, 0) only to drop its partner."""
    score = np.array([[0.6, 0.5], [0.55, 0.0]])
    rows, columns = match(score, min_score=0.3)
    assert list(zip(rows, columns, strict=True)) == [(0, 1), (1, 0)]
    rows, columns = match(score, min_score=0.52)
    assert list(zip(rows, columns, strict=True)) == [(0, 0)]


def test_matching_agrees_with_trying_everything():
    rng = np.random.default_rng(3)
    for _ in range(200):
        score, gate = rng.normal(size=(3, 4)), 0.2
        rows, columns = match(score, gate)
        assert (score[rows, columns] >= gate).all()
        best = 0.0
        for count in range(1, 4):
            for some in itertools.combinations(range(3), count):
                for others in itertools.permutations(range(4), count):
                    gains = score[list(some), list(others)] - gate
                    best = max(best, gains.sum() if (gains >= 0).all() else 0.0)
        assert (score[rows, columns] - gate).sum() == pytest.approx(best)


def test_pairs_without_another_choice_and_those_with_one_come_in_the_order_of_rows():
    """Rows 0 and 3 contend for columns 2 and 0; row 1 and column 3 have only each other; row 2 fits nowhere."""
    score = np.array([[0.8, 0, 0.9, 0], [0, 0, 0, 0.4], [0, 0.1, 0, 0], [0.1, 0, 0.7, 0]])
    rows, columns = match(score, min_score=0.3)
    assert list(zip(rows, columns, strict=True)) == [(0, 0), (1, 3), (3, 2)]  # 1.5, where 0.9 would leave row 3 alone


def test_nothing_matches_nothing():
    rows, columns = match(np.zeros((0, 3)), 0.1)
    assert len(rows) == len(columns) == 0


SURE = np.zeros(1)


def seen(
    xyxy: list[float],
    *,
    seconds: float = 0.0,
    missed: float = 0.0,
    step: tuple[float, float] = (0, 0),
    noise: float = 0.0,
) -> Expected:
    """One track that is expected where it was last seen."""
    there = np.array([xyxy])
    return Expected(there, there, np.array([seconds]), np.array([missed]), np.array([step], float), np.array([noise]))


def test_boxes_of_another_height_are_other_people():
    tall, child = [0.0, 0, 100, 400], np.array([[0.0, 200, 100, 400]])
    options = AssociationOptions(occlusion_weight=0.0, direction_weight=0.0)
    # prediction: IoU 1/2 times (1/2)^4; last seen: IoU 1/2
    assert box_similarity(seen(tall), child, SURE, options)[0, 0] == pytest.approx(0.7 / 32 + 0.3 / 2)
    assert box_similarity(seen(tall), np.array([tall]), SURE, options)[0, 0] == pytest.approx(1.0)


def test_boxes_grow_the_longer_a_track_was_not_seen():
    options = AssociationOptions(occlusion_weight=0.0, direction_weight=0.0)
    there, beside = [0.0, 0, 100, 200], np.array([[100.0, 0, 200, 200]])
    assert box_similarity(seen(there), beside, SURE, options)[0, 0] == 0.0
    # a twentieth of the size on each side: both are 110 x 220, and share 10 x 220
    assert box_similarity(seen(there, seconds=0.05), beside, SURE, options)[0, 0] == pytest.approx(10 / 210)
    # 0.15 of the size is the most: 130 x 260, sharing 30 x 260
    for seconds in (0.15, 1.0):
        assert box_similarity(seen(there, seconds=seconds), beside, SURE, options)[0, 0] == pytest.approx(30 / 230)


def test_with_appearance_the_last_box_term_decays():
    """Predicted elsewhere: 0.3 for the box last seen, and only 0.3 / e after 0.3 s without an observation."""
    options = AssociationOptions(direction_weight=0.0, expansion=0.0)
    there, elsewhere = np.array([[0.0, 0, 50, 100]]), np.array([[500.0, 0, 550, 100]])

    def similarity(missed: float, options: AssociationOptions) -> float:
        gone = replace(seen([0, 0, 50, 100], missed=missed), predicted=elsewhere)
        return box_similarity(gone, there, SURE, options).item()

    assert similarity(0.3, options) == pytest.approx(0.3)  # without appearance, position is all there is
    assert similarity(0.0, options.with_appearance()) == pytest.approx(0.3)
    assert similarity(0.3, options.with_appearance()) == pytest.approx(0.3 / np.e)


def test_in_a_crowd_only_boxes_that_may_overlap_are_compared():
    """Sixty people: the same as for each track and detection alone, and nothing for two who are apart."""
    draw = np.random.default_rng(2)
    corner = draw.uniform(0, 600, (60, 2))
    there = np.concatenate([corner, corner + draw.uniform(40, 120, (60, 2))], axis=1)
    moved = there + draw.normal(0, 10, there.shape)
    seconds, noise = draw.uniform(0, 0.4, 60), draw.uniform(0.05, 0.1, 60)
    tracks = Expected(there, moved, seconds, seconds - 0.02, draw.normal(0, 9, (60, 2)), noise)
    options = AssociationOptions(occlusion_weight=0.0)
    similarity = box_similarity(tracks, moved, noise, options)
    for row, column in itertools.product(range(60), range(60)):
        alone = box_similarity(tracks[[row]], moved[[column]], noise[[column]], options).item()
        assert similarity[row, column] == pytest.approx(alone)
    assert 0.8 < (similarity == 0).mean() < 0.99


def test_going_on_is_likelier_than_turning_back_as_far_as_the_boxes_are_sure():
    there = [0.0, 0, 100, 200]
    ahead, back, up = ([40.0, 0, 140, 200], [-40.0, 0, 60, 200], [0.0, -40, 100, 160])
    detected, sure = np.array([ahead, back, up]), np.zeros(3)
    assert onward(seen(there, step=(30, 0)), detected, sure) == pytest.approx([0.5, -0.5, 0.0])
    assert onward(seen(there), detected, sure) == pytest.approx([0.0, 0.0, 0.0]), "the track stood still"
    # a way of 0.2 body heights with a noise of 0.2 in the detection: 1 / sqrt(2) of the certainty is left
    doubtful = onward(seen(there, step=(30, 0)), detected, np.full(3, 0.2))
    assert doubtful == pytest.approx([0.5 / 2**0.5, -0.5 / 2**0.5, 0.0])


def test_who_stands_in_front_hides_who_stands_behind():
    behind, front = [0.0, 0, 100, 300], [50.0, 20, 150, 320]
    # 50 x 280 of 100 x 300 are hidden; the one in front is not
    assert occlusion(np.array([behind, front])) == pytest.approx([14000 / 30000, 0.0])


def test_the_detection_of_two_in_one_place_is_of_the_one_in_front():
    """One of two who stand alike, the nearer by two pixels, is seen right between them: the other is likely hidden."""
    behind, front = np.array([0.0, 0, 100, 300]), np.array([0.0, 2, 100, 302])
    both = np.stack([behind, front])
    tracks = Expected(both, both, np.zeros(2), np.zeros(2), np.zeros((2, 2)), np.zeros(2))
    options = AssociationOptions(occlusion_weight=0.2, direction_weight=0.0)
    of_behind, of_front = box_similarity(tracks, np.array([[0.0, 1, 100, 301]]), SURE, options)[:, 0]
    assert of_front - of_behind == pytest.approx(0.2 * 298 / 300)


def test_of_those_in_front_the_one_that_hides_most_counts():
    """Of the first the second hides a half and the third a quarter; of the second the fourth a half, of the third the
    second; the fourth is in front of all."""
    boxes = np.array([[0, 0, 10, 40], [5, 0, 15, 50], [0, 30, 10, 45], [10, 0, 20, 60]], float)
    assert occlusion(boxes) == pytest.approx([0.5, 0.5, 0.5, 0.0])
    assert occlusion(np.zeros((0, 4))).shape == (0,)
