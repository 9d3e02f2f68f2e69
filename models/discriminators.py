"""Discriminators: of pictures (D), of pictures and poses (D_p), and heads for pairs of people.

They return logits: above zero means real, or the same person. Their batch normalisation keeps no running statistics, or
keeps those of the weights it started from, so that a forward pass changes nothing in a frozen network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
import torchvision
from torch import nn

from .encoder import IMAGENET_MEAN, IMAGENET_STD, ContextEncoder, EncoderOptions
from .errors import WeightsError, require_counts
from .initialisation import start_normally
from .pretrained import imagenet_weights

BatchStatistics = partial(nn.BatchNorm2d, track_running_stats=False)
START = "--objective.discriminator.start"


@dataclass(frozen=True)
class DiscriminatorOptions:
    """The shape of the discriminators."""

    image: Literal["resnet18", "patchgan"] = "resnet18"
    """The image discriminator: a ResNet-18 with one logit a picture (the reference run), or a PatchGAN (light)."""
    start: str = "none"
    """Weights a ResNet-18 starts from: none, download (ImageNet's, as the authors; batch norm keeps its statistics), or
    a file that holds them. A PatchGAN starts from none."""
    channels: int = 64
    """Channels of a PatchGAN's first layer; later ones have up to eight times as many."""
    layers: int = 3
    """A PatchGAN's layers that halve the picture: 3 judge patches of 70 pixels, 2 of 34 (for 64x32 crops), 1 of 16."""

    def __post_init__(self) -> None:
        require_counts("a discriminator", self, {"channels": 1, "layers": 0})

    @property
    def least_side(self) -> int:
        """Pixels a PatchGAN's pictures must at least be high and wide for one patch."""
        return 3 * 2**self.layers if self.layers else 4  # each layer halves, two convolutions more take a pixel each

    def require_patches(self, height: int, width: int) -> None:
        """Raise WeightsError where crops of this size, in pixels, are too small for a PatchGAN's layers."""
        if min(height, width) < self.least_side:
            raise WeightsError(
                f"A discriminator with {self.layers} layers needs crops of at least {self.least_side} pixels a side, "
                f"not {height}x{width}; give fewer discriminator.layers, or a larger --encoder.height and "
                "--encoder.width."
            )


class ImageDiscriminator(nn.Module):
    """D: pictures (B, 3, H, W) in 0..1 -> logits (B, 1), or (B, 1, h, w), one a patch."""

    def __init__(self, options: DiscriminatorOptions = DiscriminatorOptions()) -> None:
        super().__init__()
        self.network = IMAGE_DISCRIMINATORS[options.image](options)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images * 2 - 1)


class PoseDiscriminator(nn.Module):
    """D_p: pose maps (B, P, H, W) and pictures (B, 3, H, W) -> logits (B, 1, h, w), one a patch (PatchGAN).

    (Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017.)
    """

    def __init__(self, joints: int, options: DiscriminatorOptions = DiscriminatorOptions()) -> None:
        super().__init__()
        self.layers = patch_layers(joints + 3, options)

    def forward(self, maps: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        return self.layers(torch.cat([maps, images * 2 - 1], dim=1))


def patch_layers(inputs: int, options: DiscriminatorOptions) -> nn.Sequential:
    """A PatchGAN: maps (B, inputs, H, W) -> logits (B, 1, h, w)."""
    widths = [options.channels * min(2**depth, 8) for depth in range(options.layers + 1)]
    strides = [2] * (options.layers - 1) + [1]
    layers: list[nn.Module] = [nn.Conv2d(inputs, widths[0], 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
    for narrow, wide, stride in zip(widths, widths[1:], strides, strict=False):
        layers += [nn.Conv2d(narrow, wide, 4, stride, 1, bias=False), BatchStatistics(wide)]
        layers += [nn.LeakyReLU(0.2, inplace=True)]
    network = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 1))
    start_normally(network)
    return network


class Fixed(nn.Module):
    """A network that stays in evaluation mode: its weights learn, its batch normalisation keeps its statistics."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.eval()

    def train(self, mode: bool = True) -> Fixed:
        return super().train(False)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.network(*inputs)


class ImageNetInput(nn.Module):
    """Pictures (B, 3, H, W) in -1..1, normalised as ImageNet's are."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return ((images + 1) / 2 - self.mean) / self.std


def resnet18(options: DiscriminatorOptions) -> nn.Module:
    """A ResNet-18 with one logit, random, or from ImageNet weights with their statistics. Raises WeightsError."""
    if options.start == "none":
        return torchvision.models.resnet18(num_classes=1, norm_layer=BatchStatistics)
    network = torchvision.models.resnet18(num_classes=1)
    network.load_state_dict(imagenet_weights("resnet18", options.start, START), strict=False)  # all but the logit
    return nn.Sequential(ImageNetInput(), Fixed(network))


IMAGE_DISCRIMINATORS: dict[str, Callable[[DiscriminatorOptions], nn.Module]] = {
    "resnet18": resnet18,
    "patchgan": lambda options: patch_layers(3, options),
}


class VerificationHead(nn.Module):
    """Siamese verification: features (B, D) and (B, D) -> logit (B,) that both are one person."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(dimension, track_running_stats=False)
        self.score = nn.Linear(dimension, 1)

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return self.score(self.norm((first - second).square())).squeeze(1)


class IdentityDiscriminator(nn.Module):
    """FD-GAN's D_id: a picture and a generated one, (B, 3, H, W) each -> logit (B,) that both show one person.

    Encoder and head as in the first stage, whose trained ones it starts from; batch normalisation keeps their
    statistics. `started` (a buffer, so that a resumed run knows) says whether it has.
    """

    started: torch.Tensor

    def __init__(self, options: EncoderOptions) -> None:
        super().__init__()
        encoder = ContextEncoder(options)
        self.encoder, self.head = Fixed(encoder), VerificationHead(encoder.dimension)
        self.register_buffer("started", torch.tensor(False))

    def start_from(self, encoder: ContextEncoder, head: VerificationHead) -> None:
        """Copy the first stage's encoder and head."""
        self.encoder.network.load_state_dict(encoder.state_dict())
        self.head.load_state_dict(head.state_dict())
        self.started.fill_(True)

    def forward(self, real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
        first, second = self.encoder(torch.cat([real, generated])).chunk(2)
        return self.head(first, second)
