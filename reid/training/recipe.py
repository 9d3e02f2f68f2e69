"""Everything that decides the result of a training run, in one record, and how two of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from models.encoder import EncoderOptions
from models.pretrained import start_encoder

from ..data.augmentation import AugmentationOptions
from ..data.crops import Crop
from ..data.images import require_keypoints
from ..data.sampling import SamplingOptions
from .fdgan import FdGanObjective, FdGanOptions
from .objective import SparseTemporalObjective
from .objective_options import ObjectiveOptions
from .optimisation import OptimisationOptions
from .phases import Objective


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training run, but the data."""

    encoder: EncoderOptions = field(default_factory=EncoderOptions)
    objective: ObjectiveOptions = field(default_factory=ObjectiveOptions)
    fd_gan: FdGanOptions | None = None
    """FD-GAN's losses instead of the objective above (the recipe fd-gan)."""
    sampling: SamplingOptions = field(default_factory=SamplingOptions)
    augmentation: AugmentationOptions = field(default_factory=AugmentationOptions)
    optimisation: OptimisationOptions = field(default_factory=OptimisationOptions)
    start: str = "download"
    """Weights the trunk starts from: download (torchvision's ImageNet weights), none, bundled, or a file."""
    seed: int = 0
    """Random seed."""


def make_objective(recipe: Recipe, crops: Sequence[Crop], classes: int) -> Objective:
    """The objective with its networks. Raises DataError where it needs landmarks that are missing."""
    encoder = start_encoder(recipe.encoder, recipe.start)
    if recipe.fd_gan:
        return FdGanObjective(encoder, classes, require_keypoints(crops), recipe.fd_gan)
    joints = require_keypoints(crops) if recipe.objective.generates else 0
    return SparseTemporalObjective(encoder, classes, joints, recipe.objective)


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
