"""Options of the person detector's training; read by the command line, so without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tracker.types import InputError

from ..run.checks import require_at_least, require_between

STRIDE = 32
"""Pixels of a picture to one of the network's coarsest map."""
LARGEST = 4096
"""Pixels of its side at most."""


@dataclass(frozen=True, slots=True)
class FinetuneOptions:
    """Fine-tuning schedule; few pictures need small steps."""

    epochs: int = 3
    """Passes over the pictures."""
    batch: int = 8
    """Pictures in a batch."""
    imgsz: int = 480
    """Side of the training pictures, pixels: a multiple of 32."""
    lr: float = 5e-5
    """Highest learning rate of AdamW; it rises over the first tenth and falls along a cosine."""
    freeze: int = 5
    """Number of frozen layers at the input."""
    ema: float = 0.98
    """Decay of the weights' exponential moving average, per step."""
    distillation: float = 0.5
    """Distillation weight on unlabelled regions: there the network keeps to the parent's scores."""
    share: float = 0.25
    """Share of the trained weights in their final mix with the parent's, 0 to 1."""
    bfloat16: bool = True
    """Compute activations in 16 bits: twice as fast where the processor can."""
    seed: int = 0
    """Random seed of the shuffling and of the augmentation."""

    def __post_init__(self) -> None:
        require_at_least(1, "training.epochs", self.epochs)
        require_at_least(1, "training.batch", self.batch)
        if not STRIDE <= self.imgsz <= LARGEST or self.imgsz % STRIDE:
            raise InputError(f"--training.imgsz must be a multiple of {STRIDE}, not {self.imgsz}, up to {LARGEST}")
        for name, most in {"ema": 1, "share": 1, "lr": 1, "distillation": math.inf, "seed": 2**32 - 1}.items():
            require_between(0, most, f"training.{name}", getattr(self, name))
        require_at_least(0, "training.freeze", self.freeze)
