"""FD-GAN, the paper's comparator (Ge et al., "FD-GAN: Pose-guided Feature Distilling GAN", NeurIPS 2018).

A Siamese verification network whose features are also the input of a generator, beside a *target* pose and noise;
an identity and a pose discriminator separate its pictures from real ones; two pictures of one person, generated in the
same pose, must agree. Three stages: verification alone; generator and discriminators with the encoder fixed; all
together.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from models.discriminators import DiscriminatorOptions, IdentityDiscriminator, PoseDiscriminator, VerificationHead
from models.encoder import ContextEncoder
from models.generator import GeneratorOptions
from models.posed_generator import generating_networks

from ..data.batch import Batch
from ..data.option_ranges import require_range
from . import losses
from .generation import NOTHING
from .phases import Losses, Objective, Phase
from .pose_maps import jittered_sigma, pose_maps

STAGES = ("verification", "generation", "everything")
WEIGHTED = ("verification", "identity", "pose", "target", "same_pose")
"""The losses that have a weight in `FdGanOptions`; those of the discriminators count as they are."""


@dataclass(frozen=True)
class FdGanOptions:
    """FD-GAN's loss weights, the original's by default."""

    verification: float = 1.0
    """Verification loss."""
    identity: float = 0.1
    """Adversarial loss of the identity discriminator."""
    pose: float = 0.1
    """Adversarial loss of the pose discriminator."""
    target: float = 10.0
    """L1 to the real picture of the person in the target pose."""
    same_pose: float = 1.0
    """L1 between two pictures of a person generated in one pose."""
    real_smoothing: float = 0.1
    """One-sided label smoothing: the discriminators' target for real pictures is 1 less this."""
    generator: GeneratorOptions = field(default_factory=lambda: GeneratorOptions(noise_dimension=256))
    discriminator: DiscriminatorOptions = field(default_factory=DiscriminatorOptions)
    """The pose discriminator's shape; the identity discriminator's is the encoder's."""

    def __post_init__(self) -> None:
        for name in WEIGHTED:
            require_range(f"fd_gan.{name}", getattr(self, name), 0)
        require_range("fd_gan.real_smoothing", self.real_smoothing, 0, 1)


@dataclass
class FdGanForward:
    """Results of one pass for N crops; the target of a crop is its partner's partner, another crop of the person."""

    batch: Batch
    feature: torch.Tensor  # (N, D)
    target: torch.Tensor  # (N,) indices into the batch
    maps: torch.Tensor = NOTHING  # target poses (N, P, H, W)
    generated: torch.Tensor = NOTHING  # the crop's person in its target pose (N, 3, H, W)
    generated_by_partner: torch.Tensor = NOTHING  # the same pose from the partner's feature
    logits: dict[str, torch.Tensor] = field(default_factory=dict)


class FdGanObjective(Objective):
    """FD-GAN's losses and stages; batches hold at least three crops of each person, in groups of equal size.

    Raises WeightsError for crops too small for the pose discriminator.
    """

    def __init__(self, encoder: ContextEncoder, joints: int, options: FdGanOptions) -> None:
        self.options = options
        self.weights = {name: getattr(options, name) for name in WEIGHTED}
        size = (encoder.options.height, encoder.options.width)
        options.discriminator.require_patches(*size)
        super().__init__(
            encoder,
            {
                "verification": VerificationHead(encoder.dimension),
                **generating_networks(encoder.dimension, *size, options.generator, joints),
                "identity_discriminator": IdentityDiscriminator(encoder.options),
                "pose_discriminator": PoseDiscriminator(joints, options.discriminator),
            },
        )

    def phases(self, progress: float) -> list[Phase]:
        verify = Phase("encoder", ("encoder", "verification"), self.verification_losses, stage_one=True)
        discriminate = [
            Phase("identity", ("identity_discriminator",), self.identity_losses),
            Phase("pose", ("pose_discriminator",), self.pose_losses),
        ]
        generate = Phase("generator", ("pose_encoder", "generator"), self.generator_losses)
        together = Phase("encoder", (*verify.networks, *generate.networks), self.joint_losses)
        stages = {
            "verification": [verify],
            "generation": [*discriminate, generate],
            "everything": [*discriminate, together],
        }
        return stages[stage_at(progress)]

    def forward(self, batch: Batch, progress: float) -> FdGanForward:
        stage = stage_at(progress)
        self.encoder.train(stage == "verification" and self.networks.training)  # later its statistics are fixed
        if stage != "verification" and self.networks.training:
            self.start_identity_discriminator()
        with torch.set_grad_enabled(stage != "generation"):
            feature = self.run(self.encoder, batch.view)
        forward = FdGanForward(batch, feature, batch.partner[batch.partner])
        if stage != "verification":
            self.generate(forward)
        return forward

    def start_identity_discriminator(self) -> None:
        """Once, at the end of the first stage: D_id begins as the encoder and head that it has trained."""
        discriminator, head = self.networks["identity_discriminator"], self.networks["verification"]
        assert isinstance(discriminator, IdentityDiscriminator)
        assert isinstance(head, VerificationHead)
        if not discriminator.started:
            discriminator.start_from(self.encoder, head)

    def generate(self, forward: FdGanForward) -> None:
        """Each person in the target pose, from the crop's own feature and from its partner's, with the same noise."""
        batch, feature = forward.batch, forward.feature
        assert batch.keypoints is not None
        sigma = jittered_sigma(len(feature), batch.generator)
        height, width = batch.image.shape[2:]
        forward.maps = pose_maps(batch.keypoints[forward.target], height, width, sigma)
        pose = self.run(self.networks["pose_encoder"], forward.maps)
        noise = torch.randn(len(feature), self.options.generator.noise_dimension, generator=batch.generator)
        noise = noise.to(feature.device)
        context = torch.cat([feature, feature[batch.partner]])
        inputs = [context, *(torch.cat([part, part]) for part in (pose, noise))]
        if self.options.generator.map_conditioned:
            inputs.append(torch.cat([forward.maps, forward.maps]))
        generated = self.run(self.networks["generator"], *inputs).float()  # (2 N, 3, H, W)
        forward.generated, forward.generated_by_partner = generated.chunk(2)

    def pictures(self, forward: FdGanForward) -> dict[str, torch.Tensor]:
        """The crops; the pictures of their target poses; generated in these poses; the same from their partners."""
        if not len(forward.generated):
            return {}
        image = forward.batch.image
        return {
            "original": image,
            "target": image[forward.target],
            "generated": forward.generated,
            "by partner": forward.generated_by_partner,
        }

    def verification_losses(self, forward: FdGanForward) -> Losses:
        """As many pairs of one person as of two: the crop of the next group is another person's."""
        feature, partner = forward.feature, forward.batch.partner
        person = forward.batch.person
        group = int((person == person[0]).sum())
        other = feature.roll(-group, dims=0)
        logits = self.networks["verification"](torch.cat([feature, feature]), torch.cat([feature[partner], other]))
        same, different = logits.float().chunk(2)
        return {"verification": (losses.logistic(same, 1) + losses.logistic(different, 0)) / 2}

    def identity_losses(self, forward: FdGanForward) -> Losses:
        """D_id: the crop with a real picture of the person against the crop with a generated one."""
        return {"identity_discrimination": self.discrimination(forward, "identity", forward.batch.image)}

    def pose_losses(self, forward: FdGanForward) -> Losses:
        """D_pd: a real picture in the target pose against a generated one."""
        return {"pose_discrimination": self.discrimination(forward, "pose", forward.maps)}

    def discrimination(self, forward: FdGanForward, name: str, beside: torch.Tensor) -> torch.Tensor:
        """A discriminator's loss: real pictures of the targets against generated ones, `beside` something else."""
        real_picture, generated_picture = forward.batch.image[forward.target], forward.generated.detach()
        real, generated = self.logits(forward, name, real=(beside, real_picture), generated=(beside, generated_picture))
        return losses.image_discrimination(real, generated, self.options.real_smoothing)

    def generator_losses(self, forward: FdGanForward) -> Losses:
        """The losses that the generator minimises."""
        image, generated, by_partner = forward.batch.image, forward.generated, forward.generated_by_partner
        return {
            "identity": losses.deception(self.run(self.networks["identity_discriminator"], image, generated).float()),
            "pose": losses.deception(self.run(self.networks["pose_discriminator"], forward.maps, generated).float()),
            "target": losses.recovery(image[forward.target], generated, None),
            "same_pose": losses.recovery(generated, by_partner, None),
        }

    def joint_losses(self, forward: FdGanForward) -> Losses:
        """Third stage: verification and generation together."""
        return {**self.verification_losses(forward), **self.generator_losses(forward)}


def stage_at(progress: float) -> str:
    """The stage at a point of the training, 0..1; each takes a third."""
    return STAGES[min(int(3 * progress), 2)]
