"""Discriminators: of pictures (D), of pictures and poses (D_p), and heads for pairs of people.

They return logits: above zero means real, or the same person. Their batch normalisation keeps no running statistics, so
that a forward pass changes nothing in a frozen network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

import torch
import torchvision
from torch import nn

BatchStatistics = partial(nn.BatchNorm2d, track_running_stats=False)


@dataclass(frozen=True)
class DiscriminatorOptions:
    """The shape of the discriminators."""

    image: Literal["resnet18", "patchgan"] = "resnet18"
    """The image discriminator: a ResNet-18 with one logit a picture (the reference run), or a PatchGAN (light)."""
    channels: int = 64
    """Channels of a PatchGAN's first layer; later ones have up to four times as many."""


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
        self.layers = patch_layers(joints + 3, options.channels)

    def forward(self, maps: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        return self.layers(torch.cat([maps, images * 2 - 1], dim=1))


def patch_layers(inputs: int, channels: int) -> nn.Sequential:
    """A PatchGAN: maps (B, inputs, H, W) -> logits (B, 1, h, w)."""
    widths = [channels, 2 * channels, 4 * channels]
    layers: list[nn.Module] = [nn.Conv2d(inputs, channels, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
    for narrow, wide in pairwise(widths):
        layers += [nn.Conv2d(narrow, wide, 4, 2, 1, bias=False), BatchStatistics(wide), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 1))


IMAGE_DISCRIMINATORS: dict[str, Callable[[DiscriminatorOptions], nn.Module]] = {
    "resnet18": lambda options: torchvision.models.resnet18(num_classes=1, norm_layer=BatchStatistics),
    "patchgan": lambda options: patch_layers(3, options.channels),
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
    """FD-GAN's D_id: a picture and a generated one, (B, 3, H, W) each -> logit (B,) that both show one person."""

    def __init__(self) -> None:
        super().__init__()
        self.network = torchvision.models.resnet18(norm_layer=BatchStatistics)
        self.head = VerificationHead(self.network.fc.in_features)
        self.network.fc = nn.Identity()

    def forward(self, real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
        first, second = self.network(torch.cat([real, generated]) * 2 - 1).chunk(2)
        return self.head(first, second)
