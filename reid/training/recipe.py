"""Everything that decides the result of a training run, in one record, and how two of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.checkpoint import load_plain
from models.encoder import EncoderOptions
from models.pretrained import start_encoder

from ..data.augmentation import AugmentationOptions
from ..data.crops import Crop, DataError
from ..data.images import require_keypoints
from ..data.option_ranges import require_range
from ..data.sampling import SamplingOptions
from .fdgan import FdGanObjective, FdGanOptions
from .objective import SparseTemporalObjective
from .objective_options import ObjectiveOptions
from .optimisation import OptimisationOptions
from .phases import Objective

GUIDANCE = {"pose_encoder", "generator", "image_discriminator", "pose_discriminator"}
"""The networks that only training needs, and that do not depend on who the training people are."""
LARGEST_SEED = 10**9
"""The seed of each step is made of it, and fits into 64 bits."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training run, but the data and what precision "auto" is."""

    encoder: EncoderOptions = field(default_factory=EncoderOptions)
    objective: ObjectiveOptions = field(default_factory=ObjectiveOptions)
    fd_gan: FdGanOptions | None = None
    """FD-GAN's losses (the recipe fd-gan); the objective above then has no effect."""
    sampling: SamplingOptions = field(default_factory=SamplingOptions)
    augmentation: AugmentationOptions = field(default_factory=AugmentationOptions)
    optimisation: OptimisationOptions = field(default_factory=OptimisationOptions)
    start: str = "download"
    """Weights the trunk starts from: download (torchvision's ImageNet weights), none, bundled, rendered, strong,
    or a file."""
    guidance: str = "none"
    """state.pt of a run whose generator and discriminators are started from, or none."""
    seed: int = 0
    """Random seed."""

    def __post_init__(self) -> None:
        require_range("seed", self.seed, 0, LARGEST_SEED)

    @property
    def takes_guidance(self) -> bool:
        """Whether it trains the generator and discriminators that `guidance` can start."""
        return self.fd_gan is None and self.objective.generates


def make_objective(recipe: Recipe, crops: Sequence[Crop], classes: int) -> Objective:
    """The objective with its networks.

    Raises DataError where it needs landmarks that are missing, or is given guidance or batches that it cannot take.
    """
    require_fitting_batches(recipe)
    if recipe.guidance != "none" and not recipe.takes_guidance:
        raise DataError("This recipe trains no generator that --guidance could start: leave the option out.")
    encoder = start_encoder(recipe.encoder, recipe.start)
    if recipe.fd_gan:
        return FdGanObjective(encoder, require_keypoints(crops), recipe.fd_gan)
    joints = require_keypoints(crops) if recipe.objective.generates else 0
    objective = SparseTemporalObjective(encoder, classes, joints, recipe.objective)
    if recipe.guidance != "none":
        start_guidance(objective.networks, Path(recipe.guidance))
    return objective


def require_fitting_batches(recipe: Recipe) -> None:
    """Raises DataError where the losses compare crops that the recipe's batches do not have."""
    sampling, weights = recipe.sampling, recipe.objective.weights
    if recipe.fd_gan:
        if sampling.draws_tuples or sampling.crops < 3:
            raise DataError(
                f"FD-GAN takes three crops of each person, not --sampling.kind {sampling.kind} --sampling.crops "
                f"{sampling.crops}; give --sampling.kind people --sampling.crops 3, or more."
            )
    elif not sampling.draws_tuples:
        if weights.verification or (weights.triplet and not recipe.objective.batch_hard):
            raise DataError(
                "Verification, and the triplet loss without batch-hard mining, compare the three crops of a tuple, and "
                f"--sampling.kind {sampling.kind} draws none; give --sampling.kind random or sparse-temporal."
            )
        if weights.triplet and sampling.crops < 2:
            raise DataError(
                f"The triplet loss takes at least two crops of each person, not --sampling.crops {sampling.crops}; "
                "give more, or --objective.weights.triplet 0."
            )


def start_guidance(networks: nn.ModuleDict, state: Path) -> None:
    """Copy the layers of the networks around the encoder that stand in a run's state with the same shape.

    Raises DataError where the generator's convolutions are not among them: the file is no run's state, that run
    generated no pictures, or its generator has another shape. What depends on the crops' size or on e_c may be new.
    """
    saved = load_plain(state)
    tensors = saved.get("networks") if isinstance(saved, dict) else None
    tensors = tensors if isinstance(tensors, dict) else {}
    fitting = {name: fitting_tensors(networks[name], name, tensors) for name in sorted(networks.keys() & GUIDANCE)}
    convolutions = {key for key, value in networks["generator"].state_dict().items() if value.ndim == 4}
    if not convolutions <= fitting["generator"].keys():
        raise DataError(
            f"{state} holds no generator that fits this recipe; give state.pt of a run that trained one with the same "
            "--objective.generator and as many joints."
        )
    for name, own in fitting.items():
        networks[name].load_state_dict(own, strict=False)


def fitting_tensors(network: nn.Module, name: str, tensors: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The tensors "NAME.KEY" that have the shape of the network's own of that key, by key."""
    theirs = {key: (own, tensors.get(f"{name}.{key}")) for key, own in network.state_dict().items()}
    return {
        key: value
        for key, (own, value) in theirs.items()
        if isinstance(value, torch.Tensor) and value.shape == own.shape
    }


def differences(before: dict[str, Any], now: dict[str, Any], prefix: str = "") -> str:
    """Where two nested dictionaries of options differ, in words."""
    parts = []
    for name in {**before, **now}:
        old, new = before.get(name), now.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            parts.append(differences(old, new, f"{prefix}{name}."))
        elif old != new:
            parts.append(f"{prefix}{name} was {old}, now {new}")
    return "; ".join(part for part in parts if part)
