"""Optimisers, the learning-rate schedule, and the moving average of the encoder's weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from ..data.option_ranges import require_range


@dataclass(frozen=True)
class OptimiserOptions:
    """One optimiser's kind and learning rate."""

    kind: Literal["adam", "sgd"]
    """Adam, or stochastic gradient descent with a momentum of 0.9."""
    lr: float
    """Highest learning rate."""
    beta1: float = 0.9
    """Adam's decay of the mean gradient (0.5 is usual against discriminators)."""
    weight_decay: float = 5e-4
    """Weight decay (L2)."""

    def __post_init__(self) -> None:
        require_range("optimisation.NETWORK.lr", self.lr, 0.0)
        require_range("optimisation.NETWORK.beta1", self.beta1, 0.0, 1.0, below=True)
        require_range("optimisation.NETWORK.weight_decay", self.weight_decay, 0.0)


@dataclass(frozen=True)
class OptimisationOptions:
    """Length of the training, learning rates (the authors' by default), gradient clipping, averaging, number format."""

    epochs: int = 100
    """Passes over the training crops."""
    steps: int = 0
    """Number of steps, with the whole schedule in them, instead of --epochs; 0: by epochs."""
    warmup_epochs: float = 0.0
    """Epochs of warm-up, in which the learning rate rises from a tenth of the highest."""
    schedule: Literal["half-linear", "cosine", "constant"] = "half-linear"
    """half-linear: flat for the first half, then straight to zero (the paper's run)."""
    encoder: OptimiserOptions = field(default_factory=lambda: OptimiserOptions("sgd", 2e-5))
    """For the encoder and its heads."""
    generator: OptimiserOptions = field(default_factory=lambda: OptimiserOptions("adam", 1e-5, 0.5, 0.0))
    """For the pose encoder and the generator."""
    discriminator: OptimiserOptions = field(default_factory=lambda: OptimiserOptions("sgd", 4e-5))
    """For the discriminators."""
    stage_one: OptimiserOptions | None = None
    """For FD-GAN's encoder and head in its first stage; none: the encoder's, as later."""
    clip: float = 0.0
    """Maximum norm of a phase's gradient; 0: no clipping."""
    ema_decay: float = 0.0
    """Decay of an exponential moving average (EMA) of the encoder, which is then evaluated and written; 0: none."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """bfloat16: mixed precision; auto: on a GPU. A processor with AVX512-BF16 trains twice as fast in bfloat16."""

    def __post_init__(self) -> None:
        for name, least in {"epochs": 1, "steps": 0, "warmup_epochs": 0, "clip": 0}.items():
            require_range(f"optimisation.{name}", getattr(self, name), least)
        require_range("optimisation.ema_decay", self.ema_decay, 0.0, 1.0, below=True)


def make_optimiser(network: nn.Module, options: OptimiserOptions) -> torch.optim.Optimizer:
    """The optimiser of one network."""
    if options.kind == "adam":
        betas = (options.beta1, 0.999)
        return torch.optim.Adam(network.parameters(), options.lr, betas, weight_decay=options.weight_decay, fused=True)
    return torch.optim.SGD(network.parameters(), options.lr, 0.9, weight_decay=options.weight_decay, fused=True)


STAGE_ONE = "stage one "  # before a network's name: its optimiser of the first stage


def make_optimisers(networks: nn.ModuleDict, options: OptimisationOptions) -> dict[str, torch.optim.Optimizer]:
    """An optimiser for each network by its name, and with `stage_one` a second one for the encoder and its heads."""
    names = list(networks)
    if options.stage_one:
        names += [STAGE_ONE + name for name in networks if options_for(name, options) is options.encoder]
    return {name: make_optimiser(networks[name.removeprefix(STAGE_ONE)], options_for(name, options)) for name in names}


def optimisers_of(networks: Sequence[str], stage_one: bool, options: OptimisationOptions) -> list[str]:
    """Names of the optimisers of these networks, in the first stage or later."""
    return [STAGE_ONE + name if stage_one and options.stage_one else name for name in networks]


def options_for(name: str, options: OptimisationOptions) -> OptimiserOptions:
    """The options of the optimiser of that name."""
    if name.startswith(STAGE_ONE) and options.stage_one:
        return options.stage_one
    if name.endswith("discriminator"):
        return options.discriminator
    return options.generator if name in ("generator", "pose_encoder") else options.encoder


def lr_factor(epoch: float, options: OptimisationOptions) -> float:
    """What the highest learning rate is multiplied by at a (fractional) epoch."""
    if epoch < options.warmup_epochs:
        return 0.1 + 0.9 * epoch / options.warmup_epochs
    progress = min((epoch - options.warmup_epochs) / max(options.epochs - options.warmup_epochs, 1e-9), 1.0)
    return SCHEDULES[options.schedule](progress)


SCHEDULES = {
    "half-linear": lambda progress: min(1.0, 2 - 2 * progress),
    "cosine": lambda progress: 0.002 + 0.998 * (1 + math.cos(math.pi * progress)) / 2,
    "constant": lambda progress: 1.0,
}


def training_progress(step: int, epoch: float, options: OptimisationOptions) -> float:
    """Progress of a run in epochs: the (fractional) epoch, or, where steps are counted, their share of all epochs."""
    return options.epochs * step / options.steps if options.steps else epoch


def averaged_model(network: nn.Module, decay: float) -> AveragedModel:
    """Exponential moving average of a network's parameters and buffers, in evaluation mode; it starts as the network.

    The decay of the n-th update is min(decay, (1 + n) / (10 + n)), so that a young average forgets its start sooner.
    """
    averaged = AveragedModel(network, multi_avg_fn=moving_average(decay), use_buffers=True)
    averaged.update_parameters(network)  # AveragedModel's first update copies; this one changes nothing
    return averaged.eval().requires_grad_(False)


Tensors = Sequence[torch.Tensor]


def moving_average(decay: float) -> Callable[[Tensors, Tensors, torch.Tensor | int], None]:
    """An update for `AveragedModel`: averaged tensors, the network's, and the number n of this update."""

    @torch.no_grad()
    def update(averaged: Tensors, current: Tensors, n: torch.Tensor | int) -> None:
        weight = 1 - min(decay, (1 + int(n)) / (10 + int(n)))
        for mean, value in zip(averaged, current, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, weight)
            else:
                mean.copy_(value)  # such as the number of batches that batch normalisation has seen

    return update
