"""What can be chosen about the training of the person detector; read by the command line, so without torch."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.types import InputError

from ..run.checks import require_at_least


@dataclass(frozen=True, slots=True)
class FinetuneOptions:
    """How long and how gently; few pictures want small steps."""

    epochs: int = 3
    """passes over the pictures"""
    batch: int = 8
    """pictures in a step"""
    imgsz: int = 480
    """side of the pictures that the network learns from"""
    lr: float = 5e-5
    """learning rate of AdamW at its highest; it rises over the first tenth and falls along a cosine"""
    freeze: int = 5
    """layers at the input that stay as they are"""
    ema: float = 0.98
    """share of the averaged network that a step leaves as it was"""
    distillation: float = 0.5
    """weight of answering as the parent did where no person is labelled"""
    share: float = 0.25
    """how far to go from the parent's weights to those learnt, 0 to 1; they are mixed after training"""
    bfloat16: bool = True
    """compute activations in 16 bits: twice as fast where the processor can"""
    seed: int = 0
    """of the shuffling and of the augmentation"""

    def __post_init__(self) -> None:
        require_at_least(1, "training.epochs", self.epochs)
        require_at_least(1, "training.batch", self.batch)
        for name in ("ema", "share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"--training.{name} must lie between 0 and 1, not {getattr(self, name)}")
