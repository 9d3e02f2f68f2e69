"""The paper's objective; with weights at zero it is also its ablations, the plain baselines and the strong recipe.

FD-GAN's differs in kind and has its own file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import nn

from models.discriminators import ImageDiscriminator, PoseDiscriminator, VerificationHead
from models.encoder import ContextEncoder, identity_classifier
from models.posed_generator import generating_networks

from ..data.batch import Batch
from ..data.crops import DataError
from . import losses
from .generation import NOTHING_GENERATED, Generation, PictureGeneration
from .objective_options import ObjectiveOptions
from .phases import Losses, Objective, Phase


@dataclass
class Forward:
    """Results of one pass through encoder and generator for a batch of N crops."""

    batch: Batch
    feature: torch.Tensor  # e_c (N, D)
    embedding: torch.Tensor  # the neck of it (N, D)
    generation: Generation = NOTHING_GENERATED
    logits: dict[str, torch.Tensor] = field(default_factory=dict)  # mean logits of the discriminators, for the log


class SparseTemporalObjective(Objective):
    """A weighted sum; in the paper 1.0 L_ID + 10.0 (L_R + L_CR) + 0.1 (L_D + L_P) (ICASSP 2020, section 2).

    Raises DataError for a generator with noise and where no loss has a weight, WeightsError for crops too small for the
    discriminators.
    """

    def __init__(self, encoder: ContextEncoder, classes: int, joints: int, options: ObjectiveOptions) -> None:
        if options.generates and options.generator.noise_dimension:
            raise DataError(
                "Only FD-GAN's generator is given noise (--fd-gan.generator.noise-dimension); leave out "
                f"--objective.generator.noise-dimension {options.generator.noise_dimension}."
            )
        self.options = options
        self.weights = asdict(options.weights)
        if not any(self.weights.values()):
            raise DataError("All --objective.weights are 0, so nothing would be learnt; give a loss a weight.")
        super().__init__(encoder, self.build(encoder, classes, joints))
        self.generate = PictureGeneration(self, options)

    def build(self, encoder: ContextEncoder, classes: int, joints: int) -> dict[str, nn.Module]:
        """The networks that losses with a weight need, beside the encoder."""
        weights, size = self.options.weights, (encoder.options.height, encoder.options.width)
        networks: dict[str, nn.Module] = {}
        if weights.cross_entropy:
            networks["classifier"] = identity_classifier(encoder.dimension, classes)
        if weights.verification:
            networks["verification"] = VerificationHead(encoder.dimension)
        if self.options.generates:
            networks |= generating_networks(encoder.dimension, *size, self.options.generator, joints)
        if weights.pose or (weights.image and self.options.discriminator.image == "patchgan"):
            self.options.discriminator.require_patches(*size)
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
        generation = self.generate(batch, feature) if self.options.generates else NOTHING_GENERATED
        return Forward(batch, feature, embedding, generation)

    def pictures(self, forward: Forward) -> dict[str, torch.Tensor]:
        """Pictures with a partner; recovered; the partners; recovered with the partner's context feature."""
        batch, recovered, swapped = forward.batch, forward.generation.recovered, forward.generation.swapped
        row = swapped.row if len(swapped.row) else recovered.row
        if not len(row):
            return {}
        shown = {"original": batch.image[row]}
        if len(recovered.row):
            place = {crop: index for index, crop in enumerate(recovered.row.tolist())}
            shown["recovered"] = recovered.image[[place[crop] for crop in row.tolist()]]
        if len(swapped.row):
            shown |= {"partner": batch.image[batch.partner[row]], "swapped": swapped.image}
        return shown

    def diagnose(self, forward: Forward) -> dict[str, torch.Tensor]:
        batch, feature, generation = forward.batch, forward.feature, forward.generation
        numbers = {}
        if self.weights["triplet"] and self.options.batch_hard:
            numbers["mined/same_video"] = same_video_share(feature, batch)
        if len(generation.recovered.row):
            numbers["effect/identity"] = self.generate.identity_effect(batch, generation, feature)
        return numbers

    def image_losses(self, forward: Forward) -> Losses:
        """The image discriminator's, equation (4)."""
        image, generation = forward.batch.image, forward.generation
        inputs = {"real": (image[generation.row],), "generated": (generation.generated.image.detach(),)}
        real, generated = self.logits(forward, "image", **inputs)
        return {"image_discrimination": losses.image_discrimination(real, generated, self.options.real_smoothing)}

    def pose_losses(self, forward: Forward) -> Losses:
        """The pose discriminator's, equation (5)."""
        batch, generation, made = forward.batch, forward.generation, forward.generation.generated
        maps, row, paired = generation.maps, generation.row, generation.paired
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
            "likeness": self.likeness,
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
        return self.generate.recovery(forward.batch, forward.generation, forward.generation.recovered)

    def cross_recovery(self, forward: Forward) -> torch.Tensor:
        return self.generate.recovery(forward.batch, forward.generation, forward.generation.swapped)

    def image_deception(self, forward: Forward) -> torch.Tensor:
        image = forward.generation.generated.image
        return losses.deception(self.run(self.networks["image_discriminator"], image).float())

    def pose_deception(self, forward: Forward) -> torch.Tensor:
        made = forward.generation.generated
        inputs = (forward.generation.maps[made.row], made.image)
        return losses.deception(self.run(self.networks["pose_discriminator"], *inputs).float())

    def likeness(self, forward: Forward) -> torch.Tensor:
        """Generated pictures against the crops that lent e_c, as E_c embeds both while it stays as it is."""
        made = forward.generation.generated
        with torch.no_grad():
            real = self.embedded(forward.batch.image[made.looks])
        return losses.likeness(self.embedded(made.image), real)

    def embedded(self, image: torch.Tensor) -> torch.Tensor:
        """Embeddings (B, D) of pictures by E_c as it is in use; gradients reach the pictures, not E_c."""
        training = self.encoder.training
        self.encoder.eval().requires_grad_(False)  # a look must not move running statistics
        embedding = self.encoder.embed(image)
        self.encoder.train(training).requires_grad_(True)
        return embedding


def same_video_share(feature: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Share of the crops whose nearest crop of another person, (N, D) features, is of the crop's own video."""
    distance = losses.distances(feature.detach(), feature.detach())
    nearest = distance.masked_fill(batch.person[:, None] == batch.person[None, :], torch.inf).argmin(1)
    return (batch.video[nearest] == batch.video).float().mean()


def tuple_distances(forward: Forward) -> tuple[torch.Tensor, torch.Tensor]:
    """Distances of each anchor to its own positive and negative, (A,) each."""
    batch, feature, anchor = forward.batch, forward.feature, forward.batch.anchor
    others = batch.partner[anchor], batch.negative[anchor]
    positive, negative = (losses.distances_of_pairs(feature[anchor], feature[other]) for other in others)
    return positive, negative
