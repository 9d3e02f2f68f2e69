"""Options of the paper's objective: the weight of each loss, and the losses' details."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields

from models.discriminators import DiscriminatorOptions
from models.generator import GeneratorOptions

from ..data.option_ranges import require_range


@dataclass(frozen=True)
class LossWeights:
    """Weight of each loss in the sum; a loss of weight 0 is not computed and its networks are not built."""

    cross_entropy: float = 1.0
    """Cross-entropy over the training people, second term of equation (1)."""
    triplet: float = 1.0
    """Triplet loss, first term of equation (1)."""
    verification: float = 0.0
    """Verification loss of a Siamese pair."""
    recovery: float = 0.0
    """Recovery loss: each picture from its own features, equation (2)."""
    cross_recovery: float = 0.0
    """Cross-recovery loss: each picture with its positive's context feature, equation (3)."""
    image: float = 0.0
    """Adversarial loss of the image discriminator, equation (4)."""
    pose: float = 0.0
    """Adversarial loss of the pose discriminator, equation (5)."""
    likeness: float = 0.0
    """Likeness loss: E_c should see in a generated picture who it shows; it reaches the encoder by e_c only."""

    def __post_init__(self) -> None:
        for weight in fields(self):
            require_range(f"objective.weights.{weight.name}", getattr(self, weight.name), 0)


@dataclass(frozen=True)
class ObjectiveOptions:
    """The losses, their weights and their details."""

    weights: LossWeights = field(default_factory=LossWeights)
    margin: float | None = None
    """Margin M of the triplet loss; none is the soft margin."""
    batch_hard: bool = True
    """Compare each crop with its farthest positive and nearest negative in the batch, not with its own tuple."""
    label_smoothing: float = 0.0
    """Part of the classifier's target spread over all people."""
    real_smoothing: float = 0.1
    """One-sided label smoothing: the discriminators' target for real pictures is 1 less this."""
    body_weight: float = 9.0
    """Weight of the body's pixels in the recovery losses, the background's being 1."""
    pictures: int = 0
    """Number of crops of a batch, evenly spread over those with a partner (or all of these, where they are fewer), of
    which pictures are generated; 0: all crops."""
    generator: GeneratorOptions = field(default_factory=GeneratorOptions)
    discriminator: DiscriminatorOptions = field(default_factory=DiscriminatorOptions)

    def __post_init__(self) -> None:
        most = {"label_smoothing": 1.0, "real_smoothing": 1.0}
        for name in ("label_smoothing", "real_smoothing", "body_weight", "pictures"):
            require_range(f"objective.{name}", getattr(self, name), 0, most.get(name, math.inf))
        if self.margin is not None:
            require_range("objective.margin", self.margin, 0)

    @property
    def generates(self) -> bool:
        """Whether any loss needs generated pictures."""
        weights = self.weights
        return any((weights.recovery, weights.cross_recovery, weights.image, weights.pose, weights.likeness))
