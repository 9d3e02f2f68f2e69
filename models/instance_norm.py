"""Instance normalisation of half of the channels (IBN-a, Pan et al., "Two at Once", ECCV 2018).

What differs from camera to camera, brightness, contrast and cast, is in each channel's mean and deviation over one
picture, in the early layers above all. Half of the channels lose it; the other half keep what tells people apart.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import BasicBlock, Bottleneck

from .errors import WeightsError


class HalfInstanceNorm(nn.Module):
    """Maps (B, C, H, W): the first half of the channels normalised picture by picture, the rest over the batch.

    It is made of a batch normalisation and keeps its parameters, statistics and names, so that weights of the plain
    trunk fit: the first half uses the affine only. Several processes do not share its batch statistics. One affine map
    of the input: on the processor that takes an eighth of the time of torch's own instance and batch normalisation.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.own, self.eps, self.momentum = norm.num_features // 2, norm.eps, norm.momentum or 0.1
        self.weight, self.bias = norm.weight, norm.bias
        for name, buffer in norm.named_buffers():
            self.register_buffer(name, buffer)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        pixels = (
            maps.float().permute(0, 2, 3, 1).flatten(1, 2)
        )  # (B, H W, C): channels last add up several times faster
        counted = pixels if self.training else pixels[..., : self.own]
        mean = counted.mean(dim=1)  # (B, C) or (B, C/2)
        # Not the mean square less the squared mean: a nearly even channel would be normalised by rounding errors.
        variance = (counted - mean[:, None]).square().mean(dim=1)
        batch_mean, batch_variance = self.batch_statistics(mean, variance, pixels.shape[1])  # (C/2,)
        rest = pixels[:, 0, self.own :]  # (B, C/2), for its shape
        mean = torch.cat([mean[:, : self.own], batch_mean.expand_as(rest)], dim=1)  # (B, C)
        variance = torch.cat([variance[:, : self.own], batch_variance.expand_as(rest)], dim=1)
        scale = self.weight * (variance + self.eps).rsqrt()
        shift = self.bias - mean * scale
        return torch.addcmul(shift[:, :, None, None], maps.float(), scale[:, :, None, None]).to(maps.dtype)

    def batch_statistics(
        self, mean: torch.Tensor, variance: torch.Tensor, pixels: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and variance of the second half of the channels, (C/2,) each: the batch's in training, else the running.

        mean and variance (B, C) are each picture's, over so many pixels.
        """
        if not self.training:
            return self.running_mean[self.own :], self.running_var[self.own :]
        means = mean[:, self.own :]
        batch_mean = means.mean(dim=0)
        batch_variance = variance[:, self.own :].mean(dim=0) + (means - batch_mean).square().mean(dim=0)
        count = len(mean) * pixels
        with torch.no_grad():
            self.running_mean[self.own :].lerp_(batch_mean, self.momentum)
            self.running_var[self.own :].lerp_(batch_variance * count / max(count - 1, 1), self.momentum)
        return batch_mean, batch_variance


def normalise_instances(trunk: nn.Sequential, name: str, stages: int) -> None:
    """Make one normalisation of each residual block in the trunk's first `stages` stages a `HalfInstanceNorm`.

    A stage is a run of blocks between two halvings of the map, for ResNets layer1 (64 x 32 cells of a 256x128 crop),
    layer2 and so on; mobilenet_v2 has one more before, its block of 128 x 64 cells, and five in all. Raises
    WeightsError where the trunk has no such blocks, or fewer stages.
    """
    blocks = [module for module in trunk.modules() if isinstance(module, (BasicBlock, Bottleneck, InvertedResidual))]
    if not blocks:
        raise WeightsError(
            f"Instance normalisation is made for resnet50 and its kin and for mobilenet_v2, not for {name}; choose "
            "one of them, or --encoder.instance-norm 0."
        )
    stage_of = np.cumsum([block.stride == 2 for block in blocks]) + 1
    if stages > stage_of[-1]:
        raise WeightsError(
            f"The trunk {name} has {stage_of[-1]} stages, fewer than --encoder.instance-norm {stages}; three are usual."
        )
    for block, stage in zip(blocks, stage_of, strict=True):
        if stage <= stages:
            change_norm(block)


def change_norm(block: BasicBlock | Bottleneck | InvertedResidual) -> None:
    """Of a ResNet block the normalisation after its first convolution, as published; of an inverted one the last.

    After the first convolution an inverted block is six times as wide; a crop took twice the time there.
    """
    if isinstance(block, InvertedResidual):
        block.conv[-1] = HalfInstanceNorm(block.conv[-1])
    else:
        block.bn1 = HalfInstanceNorm(block.bn1)
