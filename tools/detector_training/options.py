"""Options of the person detector's training; read by the command line, so without torch."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.types import InputError

from ..run.checks import require_at_least

STRIDE = 32
"""Pixels of a picture to one of the network's coarsest map."""


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
        if self.imgsz < STRIDE or self.imgsz % STRIDE:
            raise InputError(f"--training.imgsz must be a multiple of {STRIDE}, not {self.imgsz}")
        for name in ("ema", "share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"--training.{name} must lie between 0 and 1, not {getattr(self, name)}")
