"""Depthwise convolutions that are fast in bfloat16 on a processor, backwards too."""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch
from torch import nn


class DepthwiseConvolution(torch.autograd.Function):
    """A convolution of maps (B, C, H, W) in bfloat16 whose gradients are computed in float32.

    oneDNN has no fast backward pass for depthwise convolutions in bfloat16: those of mobilenet_v2 take seven times as
    long as in float32, more than all its other layers together.
    """

    @staticmethod
    def forward(
        context: Any, maps: torch.Tensor, weight: torch.Tensor, stride: Any, padding: Any, dilation: Any
    ) -> torch.Tensor:
        context.save_for_backward(maps, weight)
        context.shape = (stride, padding, dilation)
        return nn.functional.conv2d(maps, weight.to(maps.dtype), None, stride, padding, dilation, len(weight))

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        maps, weight = context.saved_tensors
        stride, padding, dilation = context.shape
        needed = [*context.needs_input_grad[:2], False]
        of_maps, of_weight, _ = torch.ops.aten.convolution_backward(
            *(gradients[0].float(), maps.float(), weight.float(), None),
            *(stride, padding, dilation, False, [0, 0], len(weight), needed),
        )
        return None if of_maps is None else of_maps.to(maps.dtype), of_weight, None, None, None


def speed_up_depthwise(networks: nn.Module) -> None:
    """Let the depthwise convolutions of the networks take `DepthwiseConvolution` where autocast is on."""
    for module in networks.modules():
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels == module.out_channels > 1:
            # A bound method, unlike a function of its own, is bound anew when the network is copied.
            module.forward = MethodType(fast_forward, module)  # type: ignore[method-assign]


def fast_forward(module: nn.Conv2d, maps: torch.Tensor) -> torch.Tensor:
    """The module's `forward` on a processor."""
    if not torch.is_autocast_enabled("cpu") or module.bias is not None or module.padding_mode != "zeros":
        return type(module).forward(module, maps)
    maps = maps.to(torch.get_autocast_dtype("cpu"))
    return DepthwiseConvolution.apply(maps, module.weight, module.stride, module.padding, module.dilation)
