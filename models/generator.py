"""Pose encoder E_p and image generator G: a person's context feature and a pose become a picture (ICASSP 2020, 2.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from .errors import WeightsError, require_counts
from .initialisation import start_normally

STEPS = 5  # halvings from the picture to the smallest map
SHRINK = 2**STEPS


@dataclass(frozen=True)
class GeneratorOptions:
    """The size of the pose encoder and the generator."""

    channels: int = 64
    """Channels of the finest layer; coarser ones have up to eight times as many."""
    pose_dimension: int = 128
    """Length of the pose feature e_p (128 in the paper)."""
    noise_dimension: int = 0
    """Length of the noise vector beside the features (FD-GAN has one, the paper's own generator none)."""
    map_conditioned: bool = False
    """Give each layer the pose maps, modulated by e_c (not in the paper): people appear after hundreds of steps."""
    dropout: float = 0.0
    """Share of the values that each layer of the generator drops in training (the authors: 0.2)."""

    def __post_init__(self) -> None:
        require_counts("a generator", self, {"channels": 1, "pose_dimension": 1, "noise_dimension": 0})
        if not 0 <= self.dropout < 1:
            raise WeightsError(f"dropout of a generator must be at least 0 and below 1, not {self.dropout}.")


def halving(inputs: int, outputs: int) -> nn.Sequential:
    """A convolution that halves a map's sides."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True)
    )


def doubling(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    """A convolution that doubles a map's sides; sampling first leaves no checkerboard."""
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
    )


def smallest_map(height: int, width: int) -> tuple[int, int]:
    """Height and width of the coarsest map. Raises WeightsError for crops that cannot be halved five times."""
    if height % SHRINK or width % SHRINK:
        raise WeightsError(
            f"The generator needs a height and width that are multiples of {SHRINK}, not {height}x{width}; "
            "choose 256x128, 128x64 or 96x64 crops."
        )
    return height // SHRINK, width // SHRINK


class PoseEncoder(nn.Module):
    """E_p: pose maps (B, P, H, W) -> e_p (B, E), of the pose dimension. H, W are multiples of 32, else WeightsError."""

    def __init__(self, joints: int, height: int, width: int, options: GeneratorOptions) -> None:
        super().__init__()
        rows, columns = smallest_map(height, width)
        widths = [options.channels * min(2**step, 8) for step in range(STEPS)]
        self.layers = nn.Sequential(*(halving(i, o) for i, o in zip([joints, *widths], widths, strict=False)))
        self.project = nn.Linear(widths[-1] * rows * columns, options.pose_dimension)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return self.project(self.layers(maps).flatten(1))


class Generator(nn.Module):
    """G: e_c (B, D), e_p (B, E) and, with a noise dimension, noise (B, Z) -> picture (B, 3, H, W) RGB in 0..1."""

    def __init__(self, dimension: int, height: int, width: int, options: GeneratorOptions) -> None:
        super().__init__()
        self.noise_dimension = options.noise_dimension
        self.size = smallest_map(height, width)
        widths = [options.channels * min(2**step, 8) for step in reversed(range(STEPS))]
        inputs = dimension + options.pose_dimension + options.noise_dimension
        self.widest = widths[0]
        self.spread = nn.Sequential(
            nn.Linear(inputs, self.widest * self.size[0] * self.size[1], bias=False),
            nn.BatchNorm1d(self.widest * self.size[0] * self.size[1]),
            nn.ReLU(inplace=True),
        )
        self.layers = nn.Sequential(
            *(doubling(i, o, options.dropout) for i, o in zip([self.widest, *widths], widths, strict=False))
        )
        self.paint = nn.Conv2d(widths[-1], 3, 3, 1, 1)
        start_normally(self)

    def forward(self, context: torch.Tensor, pose: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        features = [context, pose] if noise is None else [context, pose, noise]
        maps = self.spread(torch.cat(features, dim=1)).unflatten(1, (self.widest, *self.size))  # (B, C, H/32, W/32)
        return torch.sigmoid(self.paint(self.layers(maps)))
