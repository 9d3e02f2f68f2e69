"""Numbers out of their range are refused where they are given, before anything is read or written."""

from collections.abc import Callable
from typing import Any

import pytest

from reid.data.augmentation import AugmentationOptions
from reid.data.batch_indices import SamplingOptions
from reid.data.crops import DataError
from reid.data.reading import DataOptions
from reid.training.fdgan import FdGanOptions
from reid.training.objective_options import LossWeights, ObjectiveOptions
from reid.training.optimisation import OptimisationOptions, OptimiserOptions
from reid.training.recipe import Recipe
from reid.training.training import RunOptions


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (lambda: OptimisationOptions(epochs=0), "--optimisation.epochs must be at least 1, not 0"),
        (lambda: OptimisationOptions(steps=-3), "--optimisation.steps must be at least 0, not -3"),
        (
            lambda: OptimisationOptions(ema_decay=1.0),
            "--optimisation.ema-decay must be at least 0 and below 1, not 1.0",
        ),
        (
            lambda: OptimiserOptions("adam", float("nan")),
            "--optimisation.NETWORK.lr must be a finite number, at least 0, not nan",
        ),
        (lambda: SamplingOptions(tuples=0), "--sampling.tuples must be at least 1, not 0"),
        (lambda: SamplingOptions("people", crops=0), "--sampling.crops must be at least 1, not 0"),
        (lambda: SamplingOptions("sparse-people", crops=1), "--sampling.crops must be at least 2, not 1"),
        (
            lambda: SamplingOptions(gap=float("inf")),
            "--sampling.gap must be a finite number, at least 0, not inf",
        ),
        (lambda: SamplingOptions(gap=-5), "--sampling.gap must be at least 0, not -5"),
        (
            lambda: SamplingOptions(global_share=1.5),
            "--sampling.global-share must be at least 0 and at most 1, not 1.5",
        ),
        (lambda: AugmentationOptions(flip=2), "--augmentation.flip must be at least 0 and at most 1, not 2"),
        (lambda: AugmentationOptions(shift=-0.2), "--augmentation.shift must be at least 0 and at most 1, not -0.2"),
        (lambda: AugmentationOptions(erase_area=-1), "--augmentation.erase-area must be at least 0.02 and at most 1"),
        (
            lambda: ObjectiveOptions(label_smoothing=2),
            "--objective.label-smoothing must be at least 0 and at most 1, not 2",
        ),
        (lambda: ObjectiveOptions(real_smoothing=1.5), "--objective.real-smoothing must be at least 0 and at most 1"),
        (lambda: ObjectiveOptions(margin=-0.3), "--objective.margin must be at least 0, not -0.3"),
        (lambda: ObjectiveOptions(pictures=-1), "--objective.pictures must be at least 0, not -1"),
        (lambda: LossWeights(pose=-1.0), "--objective.weights.pose must be at least 0, not -1.0"),
        (lambda: FdGanOptions(real_smoothing=1.5), "--fd-gan.real-smoothing must be at least 0 and at most 1, not 1.5"),
        (lambda: DataOptions(validation_people=-1), "--validation-people must be at least 0, not -1"),
        (lambda: RunOptions(evaluate_every=0), "--evaluate-every must be at least 1, not 0"),
        (
            lambda: RunOptions(picture_memory=float("nan")),
            "--picture-memory must be a finite number, at least 0, not nan",
        ),
        (lambda: Recipe(seed=-1), "--seed must be at least 0 and at most 1e\\+09, not -1"),
        (lambda: Recipe(seed=10**20), "--seed must be at least 0 and at most 1e\\+09, not 1"),
    ],
)
def test_a_number_out_of_its_range_is_named_with_the_range(made: Callable[[], Any], complaint: str) -> None:
    with pytest.raises(DataError, match=f"^{complaint}"):
        made()
