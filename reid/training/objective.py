"""The paper's objective; with weights at zero it is also its ablations, the plain baselines and the strong recipe.

FD-GAN's differs in kind and has its own file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import nn

from models.discriminators import DiscriminatorOptions, ImageDiscriminator, PoseDiscriminator, VerificationHead
from models.encoder import ContextEncoder, identity_classifier
from models.generator import GeneratorOptions, PoseEncoder
from models.posed_generator import make_generator

from ..data.batch import Batch
from . import losses
from .phases import Losses, Objective, Phase
from .pose_maps import jittered_sigma, pose_maps, recovery_weight


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
    body_mask: bool = True
    """Count the body nine times as much as the background in the recovery losses."""
    generator: GeneratorOptions = field(default_factory=GeneratorOptions)
    discriminator: DiscriminatorOptions = field(default_factory=DiscriminatorOptions)

    @property
    def generates(self) -> bool:
        """Whether any loss needs generated pictures."""
        return any((self.weights.recovery, self.weights.cross_recovery, self.weights.image, self.weights.pose))


NOTHING = torch.zeros(0)
"""Stands for pictures and maps while nothing is generated."""


@dataclass
class Forward:
    """Results of one pass through encoder and generator for a batch of N crops."""

    batch: Batch
    feature: torch.Tensor  # e_c (N, D)
    embedding: torch.Tensor  # the neck of it (N, D)
    maps: torch.Tensor = NOTHING  # (N, P, H, W)
    weight: torch.Tensor | None = None  # (N, 1, H, W)
    recovered: torch.Tensor = NOTHING  # G(e_c, e_p) (N, 3, H, W)
    swapped: torch.Tensor = NOTHING  # G(partner's e_c, e_p) (M, 3, H, W)
    logits: dict[str, torch.Tensor] = field(default_factory=dict)  # mean logits of the discriminators, for the log


class SparseTemporalObjective(Objective):
    """1.0 L_ID + 10.0 (L_R + L_CR) + 0.1 (L_D + L_P), whatever the weights say (ICASSP 2020, section 2)."""

    def __init__(self, encoder: ContextEncoder, classes: int, joints: int, options: ObjectiveOptions) -> None:
        self.options = options
        self.weights = asdict(options.weights)
        super().__init__(encoder, self.build(encoder, classes, joints))

    def build(self, encoder: ContextEncoder, classes: int, joints: int) -> dict[str, nn.Module]:
        """The networks that losses with a weight need, beside the encoder."""
        weights, size = self.options.weights, (encoder.options.height, encoder.options.width)
        networks: dict[str, nn.Module] = {}
        if weights.cross_entropy:
            networks["classifier"] = identity_classifier(encoder.dimension, classes)
        if weights.verification:
            networks["verification"] = VerificationHead(encoder.dimension)
        if self.options.generates:
            networks["pose_encoder"] = PoseEncoder(joints, *size, self.options.generator)
            networks["generator"] = make_generator(encoder.dimension, *size, self.options.generator, joints)
        if weights.image:
            networks["image_discriminator"] = ImageDiscriminator(self.options.discriminator)
        if weights.pose:
            networks["pose_discriminator"] = PoseDiscriminator(joints, self.options.discriminator)
        return networks

    def phases(self, progress: float) -> list[Phase]:
        discriminators = [
            Phase("image", ("image_discriminator",), self.image_losses),
            Phase("pose", ("pose_discriminator",), self.pose_losses),
        ]
        trained = ("encoder", "classifier", "verification", "pose_encoder", "generator")
        return [
            *(phase for phase in discriminators if phase.networks[0] in self.networks),
            Phase("encoder", tuple(name for name in trained if name in self.networks), self.encoder_losses),
        ]

    def forward(self, batch: Batch, progress: float) -> Forward:
        feature = self.run(self.encoder, batch.view)
        embedding = self.encoder.neck(feature)
        forward = Forward(batch, feature, embedding)
        if self.options.generates:
            self.generate(forward)
        return forward

    def generate(self, forward: Forward) -> None:
        """Recover every picture, and every paired one with its partner's context feature."""
        batch, paired = forward.batch, forward.batch.paired
        height, width = batch.image.shape[2:]
        assert batch.keypoints is not None
        sigma = jittered_sigma(len(batch.image), batch.generator)
        forward.maps = pose_maps(batch.keypoints, height, width, sigma)
        if self.options.body_mask:
            forward.weight = recovery_weight(batch.keypoints, height, width)
        pose = self.run(self.networks["pose_encoder"], forward.maps)
        context = torch.cat([forward.feature, forward.feature[batch.partner[paired]]])
        inputs = [context, torch.cat([pose, pose[paired]])]
        if self.options.generator.map_conditioned:
            no_noise = context[:, :0]
            inputs += [no_noise, torch.cat([forward.maps, forward.maps[paired]])]
        generated = self.run(self.networks["generator"], *inputs).float()  # (N + M, 3, H, W)
        forward.recovered, forward.swapped = generated[: len(pose)], generated[len(pose) :]

    def pictures(self, forward: Forward) -> dict[str, torch.Tensor]:
        """Pictures with a partner; recovered; the partners; recovered with the partner's context feature."""
        if not self.options.generates:
            return {}
        image, paired = forward.batch.image, forward.batch.paired
        return {
            "original": image[paired],
            "recovered": forward.recovered[paired],
            "partner": image[forward.batch.partner[paired]],
            "swapped": forward.swapped,
        }

    def image_losses(self, forward: Forward) -> Losses:
        """The image discriminator's, equation (4)."""
        inputs = {"real": (forward.batch.image,), "generated": (forward.recovered.detach(),)}
        real, generated = self.logits(forward, "image", **inputs)
        return {"image_discrimination": losses.image_discrimination(real, generated, self.options.real_smoothing)}

    def pose_losses(self, forward: Forward) -> Losses:
        """The pose discriminator's, equation (5)."""
        batch, maps, paired = forward.batch, forward.maps, forward.batch.paired
        real, generated, wrong = self.logits(
            forward,
            "pose",
            real=(maps, batch.image),
            generated=(maps, forward.recovered.detach()),
            wrong=(maps[batch.partner[paired]], batch.image[paired]),
        )
        return {"pose_discrimination": losses.pose_discrimination(real, generated, wrong, self.options.real_smoothing)}

    def encoder_losses(self, forward: Forward) -> Losses:
        """The losses that encoder and generator minimise together."""
        parts = {
            "cross_entropy": self.cross_entropy,
            "triplet": self.triplet,
            "verification": self.verification,
            "recovery": self.recovery,
            "cross_recovery": self.cross_recovery,
            "image": self.image_deception,
            "pose": self.pose_deception,
        }
        return {name: part(forward) for name, part in parts.items() if self.weights[name]}

    def cross_entropy(self, forward: Forward) -> torch.Tensor:
        logits = self.networks["classifier"](forward.embedding).float()
        return losses.cross_entropy(logits, forward.batch.person, self.options.label_smoothing)

    def triplet(self, forward: Forward) -> torch.Tensor:
        if self.options.batch_hard:
            positive, negative = losses.batch_hard(forward.feature, forward.batch.person)
        else:
            positive, negative = tuple_distances(forward)
        return losses.triplet(positive, negative, self.options.margin)

    def verification(self, forward: Forward) -> torch.Tensor:
        """As many pairs of one person as of two."""
        batch, anchor = forward.batch, forward.batch.anchor
        first = torch.cat([anchor, anchor])
        second = torch.cat([batch.partner[anchor], batch.negative[anchor]])
        logits = self.networks["verification"](forward.feature[first], forward.feature[second]).float()
        return (losses.logistic(logits[: len(anchor)], 1) + losses.logistic(logits[len(anchor) :], 0)) / 2

    def recovery(self, forward: Forward) -> torch.Tensor:
        return losses.recovery(forward.batch.image, forward.recovered, forward.weight)

    def cross_recovery(self, forward: Forward) -> torch.Tensor:
        paired = forward.batch.paired
        weight = None if forward.weight is None else forward.weight[paired]
        return losses.recovery(forward.batch.image[paired], forward.swapped, weight)

    def image_deception(self, forward: Forward) -> torch.Tensor:
        return losses.deception(self.run(self.networks["image_discriminator"], forward.recovered).float())

    def pose_deception(self, forward: Forward) -> torch.Tensor:
        return losses.deception(self.run(self.networks["pose_discriminator"], forward.maps, forward.recovered).float())


def tuple_distances(forward: Forward) -> tuple[torch.Tensor, torch.Tensor]:
    """Distances of each anchor to its own positive and negative."""
    batch, feature, anchor = forward.batch, forward.feature, forward.batch.anchor
    positive = (feature[anchor] - feature[batch.partner[anchor]]).square().sum(1).clamp(min=1e-12).sqrt()
    negative = (feature[anchor] - feature[batch.negative[anchor]]).square().sum(1).clamp(min=1e-12).sqrt()
    return positive, negative
