"""Optimisers, the course of the learning rate, and the running average of the encoder's weights."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import nn


@dataclass(frozen=True)
class OptimiserOptions:
    """One optimiser's kind and rate."""

    kind: Literal["adam", "sgd"]
    """Adam, or stochastic gradient descent with a momentum of 0.9."""
    rate: float
    """Learning rate at its highest."""
    first_beta: float = 0.9
    """Adam's memory of the gradient (0.5 is usual against discriminators)."""
    weight_decay: float = 5e-4
    """Pull of the weights towards zero."""


@dataclass(frozen=True)
class OptimisationOptions:
    """How long and how fast the networks learn."""

    epochs: int = 100
    """Passes over the training crops."""
    steps: int = 0
    """Stop after so many steps instead, with the whole course of the rate in them; 0 leaves it to the epochs."""
    warmup: float = 0.0
    """Epochs in which the rate rises from a tenth."""
    schedule: Literal["half-linear", "cosine", "constant"] = "half-linear"
    """half-linear: flat for the first half, then straight to zero (the paper's run)."""
    encoder: OptimiserOptions = field(default_factory=lambda: OptimiserOptions("sgd", 2e-5))
    """For the encoder and its heads."""
    generator: OptimiserOptions = field(default_factory=lambda: OptimiserOptions("adam", 1e-5, 0.5, 0.0))
    """For the pose encoder and the generator."""
    discriminator: OptimiserOptions = field(default_factory=lambda: OptimiserOptions("sgd", 4e-5))
    """For the discriminators."""
    clip: float = 0.0
    """Largest norm of a phase's gradient; 0 leaves it alone."""
    average: float = 0.0
    """Decay of a running average (EMA) of the encoder, which is then what is evaluated and kept; 0 for none."""
    bf16: bool = False
    """Mixed precision in bfloat16."""


def make_optimiser(network: nn.Module, options: OptimiserOptions) -> torch.optim.Optimizer:
    """The optimiser of one network."""
    if options.kind == "adam":
        betas = (options.first_beta, 0.999)
        return torch.optim.Adam(network.parameters(), options.rate, betas, weight_decay=options.weight_decay)
    return torch.optim.SGD(network.parameters(), options.rate, 0.9, weight_decay=options.weight_decay)


def options_for(name: str, options: OptimisationOptions) -> OptimiserOptions:
    """The optimiser options of a network of that name."""
    if name.endswith("discriminator"):
        return options.discriminator
    return options.generator if name in ("generator", "pose_encoder") else options.encoder


def rate_factor(epoch: float, options: OptimisationOptions) -> float:
    """What the highest rate is multiplied by at a (fractional) epoch."""
    if epoch < options.warmup:
        return 0.1 + 0.9 * epoch / options.warmup
    progress = min((epoch - options.warmup) / max(options.epochs - options.warmup, 1e-9), 1.0)
    return SCHEDULES[options.schedule](progress)


SCHEDULES = {
    "half-linear": lambda progress: min(1.0, 2 - 2 * progress),
    "cosine": lambda progress: 0.002 + 0.998 * (1 + math.cos(math.pi * progress)) / 2,
    "constant": lambda progress: 1.0,
}


def place_in_course(step: int, epoch: float, options: OptimisationOptions) -> float:
    """Where a run stands in its course, in epochs: the (fractional) epoch, or the share of its steps times them all."""
    return options.epochs * step / options.steps if options.steps else epoch


class RunningAverage:
    """Exponential moving average of a network's parameters and buffers; young averages forget faster."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for mean, value in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)
