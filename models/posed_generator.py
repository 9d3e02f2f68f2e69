"""A generator conditioned on the pose maps themselves, modulated by e_c."""

from __future__ import annotations

import torch
from torch import nn

from .generator import STEPS, Generator, GeneratorOptions, PoseEncoder, halving, smallest_map

STYLE = 192  # length of the vector that modulates the layers, made of e_c and e_p
MAX_WIDENING = 4  # times the channels of the finest layer that a coarser one has at most


class PosedGenerator(nn.Module):
    """G for short runs: e_c (B, D), e_p (B, E), noise (B, Z), maps (B, P, H, W) -> picture (B, 3, H, W) RGB in 0..1.

    In the paper's generator a position in the picture and what is to be seen there meet only after the features have
    been spread out; that takes thousands of steps to train. Here the maps are halved as in a U-Net, every layer on the
    way back gets those of its size, and e_c and e_p scale and shift its channels (FiLM, Perez et al., AAAI 2018): "a
    trouser leg here" times "green trousers" is one product. The finest convolutions work at half the picture's
    size, and sub-pixel shuffling (Shi et al., CVPR 2016) doubles it.
    """

    def __init__(self, dimension: int, height: int, width: int, options: GeneratorOptions, joints: int) -> None:
        super().__init__()
        self.size = smallest_map(height, width)
        widths = [options.channels * min(2**step, MAX_WIDENING) for step in range(STEPS)]
        coarse = widths[::-1]
        inputs = dimension + options.pose_dimension + options.noise_dimension
        self.style = nn.Sequential(nn.Linear(inputs, STYLE), nn.BatchNorm1d(STYLE), nn.ReLU(inplace=True))
        self.spread = nn.Linear(STYLE, coarse[0] * self.size[0] * self.size[1])
        self.halve = nn.ModuleList(halving(i, o) for i, o in zip([joints, *widths], widths, strict=False))
        self.layers = nn.ModuleList(
            ModulatedLayer(i + o, o, options.dropout) for i, o in zip([coarse[0], *coarse], coarse, strict=False)
        )
        quarter = max(options.channels // 4, 1)
        self.enlarge = nn.Sequential(sub_pixels(2 * widths[0], quarter), nn.ReLU(inplace=True), nn.PixelShuffle(2))
        self.paint = nn.Conv2d(quarter + joints, 3, 3, 1, 1)

    def forward(
        self, context: torch.Tensor, pose: torch.Tensor, noise: torch.Tensor, maps: torch.Tensor
    ) -> torch.Tensor:
        style = self.style(torch.cat([context, pose, noise], dim=1))
        pyramid = [maps]
        for layer in self.halve:
            pyramid.append(layer(pyramid[-1]))
        image = self.spread(style).unflatten(1, (-1, *self.size))
        for layer, poses in zip(self.layers, reversed(pyramid), strict=False):
            image = nn.functional.interpolate(image, size=poses.shape[2:])
            image = layer(torch.cat([image, poses], dim=1), style)
        image = self.enlarge(torch.cat([image, pyramid[1]], dim=1))
        return torch.sigmoid(self.paint(torch.cat([image, maps], dim=1)))


class ModulatedLayer(nn.Module):
    """A convolution whose channels a style (B, 192) scales and shifts, (B, I, h, w) to (B, O, h, w)."""

    def __init__(self, inputs: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs, affine=False)
        self.modulate = nn.Linear(STYLE, 2 * outputs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, maps: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        scale, shift = self.modulate(style)[:, :, None, None].chunk(2, dim=1)
        return self.dropout(nn.functional.relu(self.norm(self.convolution(maps)) * (1 + scale) + shift))


def sub_pixels(inputs: int, outputs: int) -> nn.Conv2d:
    """A convolution for nn.PixelShuffle(2) whose four sub-pixels start equal, which leaves no checkerboard (ICNR)."""
    convolution = nn.Conv2d(inputs, 4 * outputs, 3, 1, 1)
    with torch.no_grad():
        for values in convolution.parameters():
            values.copy_(values[::4].repeat_interleave(4, dim=0))
    return convolution


def make_generator(dimension: int, height: int, width: int, options: GeneratorOptions, joints: int) -> nn.Module:
    """The generator of these options, for e_c of `dimension` and pose maps of so many joints."""
    if options.map_conditioned:
        return PosedGenerator(dimension, height, width, options, joints)
    return Generator(dimension, height, width, options)


def generating_networks(
    dimension: int, height: int, width: int, options: GeneratorOptions, joints: int
) -> dict[str, nn.Module]:
    """E_p and G, by the names under which a run keeps them; as for `make_generator`."""
    return {
        "pose_encoder": PoseEncoder(joints, height, width, options),
        "generator": make_generator(dimension, height, width, options, joints),
    }
