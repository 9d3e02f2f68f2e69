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
    body_weight: float = 9.0
    """Weight of the body's pixels in the recovery losses, the background's being 1."""
    pictures: int = 0
    """Number of crops of a batch, evenly spread, of which pictures are generated; 0: all of them."""
    generator: GeneratorOptions = field(default_factory=GeneratorOptions)
    discriminator: DiscriminatorOptions = field(default_factory=DiscriminatorOptions)

    @property
    def generates(self) -> bool:
        """Whether any loss needs generated pictures."""
        return any((self.weights.recovery, self.weights.cross_recovery, self.weights.image, self.weights.pose))


NOTHING = torch.zeros(0)
"""Stands for pictures and maps while nothing is generated."""


@dataclass(frozen=True)
class Generated:
    """M generated pictures `image` (M, 3, H, W), in the poses of the crops `row` (M,) of the batch."""

    row: torch.Tensor
    image: torch.Tensor


NO_PICTURES = Generated(torch.zeros(0, dtype=torch.int64), NOTHING)


@dataclass
class Forward:
    """Results of one pass through encoder and generator for a batch of N crops."""

    batch: Batch
    feature: torch.Tensor  # e_c (N, D)
    embedding: torch.Tensor  # the neck of it (N, D)
    maps: torch.Tensor = NOTHING  # (N, P, H, W)
    weight: torch.Tensor | None = None  # of each pixel in the recovery losses (N, 1, H, W)
    recovered: Generated = NO_PICTURES  # G(e_c, e_p)
    swapped: Generated = NO_PICTURES  # G(partner's e_c, e_p)
    logits: dict[str, torch.Tensor] = field(default_factory=dict)  # mean logits of the discriminators, for the log

    def weight_of(self, row: torch.Tensor) -> torch.Tensor | None:
        """Weight of the pixels of the crops `row` (M,), (M, 1, H, W)."""
        return None if self.weight is None else self.weight[row]

    @property
    def generated(self) -> Generated:
        """Recovered and swapped pictures together: the discriminators see both."""
        parts = [made for made in (self.recovered, self.swapped) if len(made.row)]
        return Generated(torch.cat([made.row for made in parts]), torch.cat([made.image for made in parts]))


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
        """Recover pictures from their own features, and paired ones with their partner's context feature.

        What no loss compares is not generated: without L_CR nothing is swapped.
        """
        batch, weights = forward.batch, self.options.weights
        height, width = batch.image.shape[2:]
        assert batch.keypoints is not None
        sigma = jittered_sigma(len(batch.image), batch.generator)
        forward.maps = pose_maps(batch.keypoints, height, width, sigma)
        if self.options.body_weight != 1:
            forward.weight = recovery_weight(batch.keypoints, height, width, self.options.body_weight)
        row, paired = self.chosen(batch)
        own = torch.arange(len(row), device=row.device)
        own = own if weights.recovery or not weights.cross_recovery else own[:0]
        paired = paired if weights.cross_recovery else paired[:0]
        context = torch.cat([row[own], batch.partner[row[paired]]])
        image = self.painted(forward, row, torch.cat([own, paired]), context)
        forward.recovered = Generated(row[own], image[: len(own)])
        forward.swapped = Generated(row[paired], image[len(own) :])

    def chosen(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows (R,) of which pictures are generated, and which of these R have a partner, as indices."""
        count = self.options.pictures
        if not count or count >= len(batch.paired):
            return torch.arange(len(batch.image), device=batch.image.device), batch.paired
        index = torch.linspace(0, len(batch.paired) - 1, count, device=batch.paired.device).round().long()
        return batch.paired[index], torch.arange(count, device=batch.paired.device)

    def painted(self, forward: Forward, row: torch.Tensor, pose: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Pictures (M, 3, H, W): the poses are rows `row[pose]` (M,), the people rows `context` (M,) of the batch."""
        maps = forward.maps[row]
        e_p = self.run(self.networks["pose_encoder"], maps)[pose]
        e_c = forward.feature[context]
        inputs = [e_c, e_p]
        if self.options.generator.map_conditioned:
            no_noise = e_c[:, :0]
            inputs += [no_noise, maps[pose]]
        return self.run(self.networks["generator"], *inputs).float()

    def pictures(self, forward: Forward) -> dict[str, torch.Tensor]:
        """Pictures with a partner; recovered; the partners; recovered with the partner's context feature."""
        batch, recovered, swapped = forward.batch, forward.recovered, forward.swapped
        if not len(swapped.row):
            return {"original": batch.image[recovered.row], "recovered": recovered.image} if len(recovered.row) else {}
        shown = {"original": batch.image[swapped.row]}
        if len(recovered.row):
            place = {row: index for index, row in enumerate(recovered.row.tolist())}
            shown["recovered"] = recovered.image[[place[row] for row in swapped.row.tolist()]]
        return {**shown, "partner": batch.image[batch.partner[swapped.row]], "swapped": swapped.image}

    def diagnose(self, forward: Forward) -> dict[str, torch.Tensor]:
        numbers = {}
        if self.weights["triplet"] and self.options.batch_hard:
            numbers["mined/same_video"] = same_video_share(forward.feature, forward.batch)
        if len(forward.recovered.row):
            numbers["effect/identity"] = self.identity_effect(forward)
        return numbers

    @torch.no_grad()
    def identity_effect(self, forward: Forward) -> torch.Tensor:
        """How much the L1 of recovered pictures rises when they are made from another person's e_c.

        Near zero, the generator does without e_c, and its losses teach the encoder nothing.
        """
        batch, row = forward.batch, forward.recovered.row
        order = torch.argsort(batch.person[row], stable=True)
        stranger = torch.empty_like(row)  # the row half the batch on in the order of people
        stranger[order] = row[order.roll(len(row) // 2)]
        generating = [self.networks["pose_encoder"], self.networks["generator"]]
        all_rows = torch.arange(len(row), device=row.device)
        for network in generating:
            network.eval()  # a look must not move running statistics
        own, strange = (
            losses.recovery(batch.image[row], self.painted(forward, row, all_rows, context), forward.weight_of(row))
            for context in (row, stranger)
        )
        for network in generating:
            network.train()
        return strange - own

    def image_losses(self, forward: Forward) -> Losses:
        """The image discriminator's, equation (4)."""
        inputs = {"real": (forward.batch.image,), "generated": (forward.generated.image.detach(),)}
        real, generated = self.logits(forward, "image", **inputs)
        return {"image_discrimination": losses.image_discrimination(real, generated, self.options.real_smoothing)}

    def pose_losses(self, forward: Forward) -> Losses:
        """The pose discriminator's, equation (5)."""
        batch, maps, made = forward.batch, forward.maps, forward.generated
        row, paired = self.chosen(batch)
        paired = row[paired]
        real, generated, wrong = self.logits(
            forward,
            "pose",
            real=(maps[row], batch.image[row]),
            generated=(maps[made.row], made.image.detach()),
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
        return self.recovery_of(forward, forward.recovered)

    def cross_recovery(self, forward: Forward) -> torch.Tensor:
        return self.recovery_of(forward, forward.swapped)

    def recovery_of(self, forward: Forward, made: Generated) -> torch.Tensor:
        """Weighted L1 of generated pictures against the crops in whose poses they are."""
        return losses.recovery(forward.batch.image[made.row], made.image, forward.weight_of(made.row))

    def image_deception(self, forward: Forward) -> torch.Tensor:
        return losses.deception(self.run(self.networks["image_discriminator"], forward.generated.image).float())

    def pose_deception(self, forward: Forward) -> torch.Tensor:
        made = forward.generated
        inputs = (forward.maps[made.row], made.image)
        return losses.deception(self.run(self.networks["pose_discriminator"], *inputs).float())


def same_video_share(feature: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Share of the crops whose nearest crop of another person, (N, D) features, is of the crop's own video."""
    distance = losses.distances(feature.detach(), feature.detach())
    nearest = distance.masked_fill(batch.person[:, None] == batch.person[None, :], torch.inf).argmin(1)
    return (batch.video[nearest] == batch.video).float().mean()


def tuple_distances(forward: Forward) -> tuple[torch.Tensor, torch.Tensor]:
    """Distances of each anchor to its own positive and negative."""
    batch, feature, anchor = forward.batch, forward.feature, forward.batch.anchor
    positive = (feature[anchor] - feature[batch.partner[anchor]]).square().sum(1).clamp(min=1e-12).sqrt()
    negative = (feature[anchor] - feature[batch.negative[anchor]]).square().sum(1).clamp(min=1e-12).sqrt()
    return positive, negative
