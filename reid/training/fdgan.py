"""FD-GAN, the paper's comparator (Ge et al., "FD-GAN: Pose-guided Feature Distilling GAN", NeurIPS 2018).

A Siamese verification network whose features must also serve a generator that is told a *target* pose and given noise;
an identity and a pose discriminator judge the pictures; two pictures of one person, turned into the same pose, must
agree. Three stages: verification alone; generator and discriminators with the encoder fixed; all together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import torch
from torch import nn

from models.discriminators import IdentityDiscriminator, PoseDiscriminator, VerificationHead
from models.encoder import ContextEncoder
from models.generator import GeneratorOptions, PoseEncoder
from models.posed_generator import make_generator

from ..data.batch import Batch
from . import losses
from .phases import Losses, Phase
from .pose_maps import jittered_sigma, pose_maps
from .processes import run_alone

STAGES = ("verification", "generation", "everything")


@dataclass(frozen=True)
class FdGanOptions:
    """FD-GAN's loss weights, the original's by default."""

    verification: float = 1.0
    """Are two crops one person?"""
    identity: float = 0.1
    """Deceiving the identity discriminator."""
    pose: float = 0.1
    """Deceiving the pose discriminator."""
    target: float = 10.0
    """L1 to the real picture of the person in the target pose."""
    same_pose: float = 1.0
    """L1 between two pictures of a person made in one pose."""
    real_smoothing: float = 0.1
    """What the discriminators' target for real pictures falls short of 1."""
    generator: GeneratorOptions = field(default_factory=lambda: GeneratorOptions(noise_dimension=256))


@dataclass
class FdGanForward:
    """What one pass gave for N crops; the target of a crop is its partner's partner, another crop of the person."""

    batch: Batch
    feature: torch.Tensor  # (N, D)
    target: torch.Tensor  # (N,) places in the batch
    maps: torch.Tensor | None = None  # target poses (N, P, H, W)
    made: torch.Tensor | None = None  # the crop's person in its target pose (N, 3, H, W)
    made_by_partner: torch.Tensor | None = None  # the same pose made from the partner's feature
    scores: dict[str, torch.Tensor] = field(default_factory=dict)


class FdGanObjective:
    """FD-GAN's losses and stages; batches hold at least three crops of each person, in groups of equal size."""

    def __init__(self, encoder: ContextEncoder, classes: int, joints: int, options: FdGanOptions) -> None:
        self.options = options
        self.encoder = encoder
        self.run: Callable[..., torch.Tensor] = run_alone
        self.weights: dict[str, float] = {k: v for k, v in asdict(options).items() if isinstance(v, float)}
        size = (encoder.options.height, encoder.options.width)
        self.networks = nn.ModuleDict(
            {
                "encoder": encoder,
                "verification": VerificationHead(encoder.dimension),
                "pose_encoder": PoseEncoder(joints, *size, options.generator),
                "generator": make_generator(encoder.dimension, *size, options.generator, joints),
                "identity_discriminator": IdentityDiscriminator(),
                "pose_discriminator": PoseDiscriminator(joints),
            }
        )

    def phases(self, progress: float) -> list[Phase]:
        verify = Phase("encoder", ("encoder", "verification"), self.verification_losses)
        judge = [
            Phase("identity", ("identity_discriminator",), self.identity_losses),
            Phase("pose", ("pose_discriminator",), self.pose_losses),
        ]
        paint = Phase("generator", ("pose_encoder", "generator"), self.generator_losses)
        together = Phase("encoder", (*verify.networks, *paint.networks), self.joint_losses)
        stages = {"verification": [verify], "generation": [*judge, paint], "everything": [*judge, together]}
        return stages[stage_at(progress)]

    def forward(self, batch: Batch, progress: float) -> FdGanForward:
        stage = stage_at(progress)
        fixed = stage == "generation" or not self.networks.training
        self.encoder.train(not fixed)  # a fixed encoder keeps its running statistics, too
        with torch.set_grad_enabled(stage != "generation"):
            feature = self.run(self.encoder, batch.view)
        forward = FdGanForward(batch, feature, batch.partner[batch.partner])
        if stage != "verification":
            self.generate(forward)
        return forward

    def generate(self, forward: FdGanForward) -> None:
        """Every person in her target pose, from her own feature and from her partner's, with the same noise."""
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
        if self.options.generator.sees_maps:
            inputs.append(torch.cat([forward.maps, forward.maps]))
        made = self.run(self.networks["generator"], *inputs).float()
        forward.made, forward.made_by_partner = made.chunk(2)

    def pictures(self, forward: FdGanForward) -> dict[str, torch.Tensor]:
        """The crops; the pictures whose pose they shall take; made so; made so from their partners."""
        if forward.made is None or forward.made_by_partner is None:
            return {}
        image = forward.batch.image
        return {
            "original": image,
            "target": image[forward.target],
            "made": forward.made,
            "by partner": forward.made_by_partner,
        }

    def verification_losses(self, forward: FdGanForward) -> Losses:
        """As many pairs of one person as of two: the crop of the next group is another person's."""
        feature, partner = forward.feature, forward.batch.partner
        person = forward.batch.person
        group = int((person == person[0]).sum())
        other = feature.roll(-group, dims=0)
        score = self.networks["verification"](torch.cat([feature, feature]), torch.cat([feature[partner], other]))
        alike, unlike = score.float().chunk(2)
        return {"verification": (losses.judged(alike, 1) + losses.judged(unlike, 0)) / 2}

    def identity_losses(self, forward: FdGanForward) -> Losses:
        """D_id: the crop with a real picture of the person against the crop with a made one."""
        judge, image = self.networks["identity_discriminator"], forward.batch.image
        assert forward.made is not None
        real = self.run(judge, image, image[forward.target]).float()
        made = self.run(judge, image, forward.made.detach()).float()
        forward.scores.update({"identity/real": real.detach().mean(), "identity/made": made.detach().mean()})
        return {"identity_discrimination": losses.image_discrimination(real, made, self.options.real_smoothing)}

    def pose_losses(self, forward: FdGanForward) -> Losses:
        """D_pd: a real picture in the target pose against a made one."""
        judge, image = self.networks["pose_discriminator"], forward.batch.image
        assert forward.made is not None
        real = self.run(judge, forward.maps, image[forward.target]).float()
        made = self.run(judge, forward.maps, forward.made.detach()).float()
        forward.scores.update({"pose/real": real.detach().mean(), "pose/made": made.detach().mean()})
        return {"pose_discrimination": losses.image_discrimination(real, made, self.options.real_smoothing)}

    def generator_losses(self, forward: FdGanForward) -> Losses:
        """What the generator minimises."""
        image, made, twin = forward.batch.image, forward.made, forward.made_by_partner
        assert made is not None
        assert twin is not None
        return {
            "identity": losses.deception(self.run(self.networks["identity_discriminator"], image, made).float()),
            "pose": losses.deception(self.run(self.networks["pose_discriminator"], forward.maps, made).float()),
            "target": losses.recovery(image[forward.target], made, None),
            "same_pose": losses.recovery(made, twin, None),
        }

    def joint_losses(self, forward: FdGanForward) -> Losses:
        """Third stage: verification and generation together."""
        return {**self.verification_losses(forward), **self.generator_losses(forward)}


def stage_at(progress: float) -> str:
    """The stage at a point of the training, 0..1; each takes a third."""
    return STAGES[min(int(3 * progress), 2)]
