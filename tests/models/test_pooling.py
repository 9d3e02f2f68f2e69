import pytest
import torch

from models.pooling import POOLINGS, GeneralisedMean

# one picture, two channels of 1 x 2 cells
MAPS = torch.tensor([[[[1.0, 3.0]], [[0.0, 4.0]]]])


def test_a_feature_is_the_mean_the_maximum_or_a_generalised_mean_of_its_cells():
    assert POOLINGS["average"]()(MAPS).tolist() == [[2, 2]]
    assert POOLINGS["max"]()(MAPS).tolist() == [[3, 4]]
    # p = 3: ((1 + 27) / 2)^(1/3) = 14^(1/3) = 2.41014; ((0 + 64) / 2)^(1/3) = 32^(1/3) = 3.17480
    assert POOLINGS["gem"]()(MAPS)[0].tolist() == pytest.approx([2.41014, 3.17480], rel=1e-5)


def test_the_power_leads_from_the_average_to_the_maximum_and_no_further():
    for power, expected in ((1.0, [2, 2]), (-5.0, [2, 2]), (1000.0, [3, 4])):
        assert GeneralisedMean(power)(MAPS)[0].tolist() == pytest.approx(expected, rel=1e-2)


def test_the_power_is_learnt_and_gradients_are_finite_where_a_map_is_empty_or_huge():
    pool = GeneralisedMean()
    empty, huge, negative = (torch.full((1, 1, 1, 2), value) for value in (0.0, 1e15, -1.0))
    maps = torch.cat([empty, huge, negative, MAPS[:, :1]]).requires_grad_()
    pool(maps).sum().backward()
    assert pool.p.grad.isfinite()
    assert pool.p.grad > 0  # a larger power lies nearer to the maximum
    assert maps.grad.isfinite().all()
    # Two equal cells: each has half of the feature's gradient, whatever the power.
    assert maps.grad[1].flatten().tolist() == pytest.approx([0.5, 0.5])
