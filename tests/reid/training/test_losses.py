import math

import numpy as np
import pytest
import torch

from reid.training import losses


def points(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def test_hard_and_soft_margins_worked_by_hand():
    near, far = points(1.0, 2.0), points(1.2, 5.0)
    assert losses.triplet(near, far, 0.3).item() == pytest.approx((0.1 + 0.0) / 2)
    soft = (math.log(1 + math.exp(-0.2)) + math.log(1 + math.exp(-3))) / 2
    assert losses.triplet(near, far, None).item() == pytest.approx(soft)


def test_batch_hard_agrees_with_a_dumb_loop():
    random = np.random.default_rng(0)
    features, person = random.normal(size=(12, 5)), random.integers(0, 4, 12)
    person[0] = 77  # the only crop of that person: no positive, so it is left out
    near, far = losses.batch_hard(torch.from_numpy(features), torch.from_numpy(person))
    expected = []
    for row in range(12):
        distance = np.linalg.norm(features - features[row], axis=1)
        positives = [distance[other] for other in range(12) if other != row and person[other] == person[row]]
        negatives = [distance[other] for other in range(12) if person[other] != person[row]]
        if positives:
            expected.append((max(positives), min(negatives)))
    assert torch.stack([near, far], 1).numpy() == pytest.approx(np.array(expected), abs=1e-6)


def test_recovery_counts_pixels_by_weight():
    image, made = torch.zeros(1, 3, 1, 2), torch.tensor([[[[1.0, 2.0]]]]).expand(1, 3, 1, 2)
    assert losses.recovery(image, made, None).item() == pytest.approx(1.5)
    assert losses.recovery(image, made, torch.tensor([[[[9.0, 1.0]]]])).item() == pytest.approx((9 * 1 + 1 * 2) / 10)


def log_sigmoid(score):
    return -math.log(1 + math.exp(-score))


def test_adversarial_losses_worked_by_hand():
    real, made, wrong = points(2.0, -1.0), points(0.5), points(-3.0)
    log_real = (log_sigmoid(2.0) + log_sigmoid(-1.0)) / 2
    image = -(log_real + log_sigmoid(-0.5))
    assert losses.image_discrimination(real, made).item() == pytest.approx(image)
    assert losses.pose_discrimination(real, made, wrong).item() == pytest.approx(image - log_sigmoid(3.0))
    assert losses.deception(made).item() == pytest.approx(-log_sigmoid(0.5))


def test_smoothing_touches_real_pictures_only():
    real, made = points(2.0), points(0.5)
    smoothed = -(0.9 * log_sigmoid(2.0) + 0.1 * log_sigmoid(-2.0) + log_sigmoid(-0.5))
    assert losses.image_discrimination(real, made, 0.1).item() == pytest.approx(smoothed)


def test_label_smoothing_worked_by_hand():
    logits = points([1.0, 0.0])
    logs = [1 - math.log(math.e + 1), -math.log(math.e + 1)]
    assert losses.cross_entropy(logits, torch.tensor([0]), 0.2).item() == pytest.approx(
        -(0.9 * logs[0] + 0.1 * logs[1])
    )


def test_gradients():
    torch.manual_seed(0)
    person = torch.tensor([0, 0, 1, 1, 2, 2])
    rows = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    scores = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    check = torch.autograd.gradcheck
    assert check(lambda f: losses.triplet(*losses.batch_hard(f, person), None), rows)
    assert check(lambda f: losses.triplet(*losses.batch_hard(f, person), 3.0), rows)
    assert check(lambda f: losses.cross_entropy(f, torch.tensor([0, 1, 2, 3, 0, 1]), 0.1), rows)
    assert check(lambda s: losses.pose_discrimination(s[0], s[1], s[2], 0.1), scores)
    assert check(losses.deception, scores)


def test_distances_have_a_gradient_where_two_rows_are_equal():
    rows = torch.ones(2, 3, requires_grad=True)
    losses.distances(rows, rows).sum().backward()
    losses.distances_of_pairs(rows, rows.flip(0)).sum().backward()
    assert torch.isfinite(rows.grad).all()


def test_distances_of_pairs_are_the_diagonal_of_all_distances():
    random = torch.Generator().manual_seed(0)
    a, b = (torch.randn(5, 3, generator=random, dtype=torch.float64) for _ in range(2))
    assert torch.allclose(losses.distances_of_pairs(a, b), losses.distances(a, b).diagonal())


def test_distances_are_in_full_precision_within_mixed_precision():
    """100.1 and 100 are one number in bfloat16, whose squares would be off by 20."""
    with torch.autocast("cpu", torch.bfloat16):
        distance = losses.distances(torch.tensor([[100.1, 0.0]]), torch.tensor([[100.0, 0.0]]))
    assert distance.item() == pytest.approx(0.1, abs=0.03)


def test_a_batch_of_one_person_has_no_negatives_and_so_no_rows():
    near, far = losses.batch_hard(points([0.0], [1.0], [3.0]), torch.tensor([5, 5, 5]))
    assert near.shape == far.shape == (0,)


def test_recovery_is_about_the_difference_and_small_weights_count_like_large_ones():
    image, made = torch.full((1, 3, 1, 2), 0.5), torch.tensor([[[[0.75, 0.0]]]]).expand(1, 3, 1, 2)
    assert losses.recovery(image, made, None).item() == pytest.approx((0.25 + 0.5) / 2)
    for scale in (1.0, 0.01):
        weight = scale * torch.tensor([[[[3.0, 1.0]]]])
        assert losses.recovery(image, made, weight).item() == pytest.approx((3 * 0.25 + 0.5) / 4)
    assert losses.recovery(image, made, torch.zeros(1, 1, 1, 2)).item() == 0  # nothing is asked of it


def test_smoothing_of_the_pose_discriminator_touches_its_real_pictures_only():
    real, made, wrong = points(2.0), points(0.5), points(-3.0)
    smoothed = -(0.9 * log_sigmoid(2.0) + 0.1 * log_sigmoid(-2.0) + log_sigmoid(-0.5) + log_sigmoid(3.0))
    assert losses.pose_discrimination(real, made, wrong, 0.1).item() == pytest.approx(smoothed)
