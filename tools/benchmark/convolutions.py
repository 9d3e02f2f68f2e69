"""The convolutions of a training step with nothing around them: the time below which the step cannot fall."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Call:
    """One use of a convolution: shape (B, C, H, W) of what came in, and for what a gradient was wanted."""

    layer: nn.Conv2d
    shape: torch.Size
    input_learns: bool
    weight_learns: bool


class ConvolutionsAlone:
    """Within the block, notes every convolution the networks run; `seconds` then times them, forward and backward."""

    def __init__(self, networks: nn.Module, dtype: torch.dtype) -> None:
        self.networks, self.dtype = networks, dtype
        self.calls: list[Call] = []

    def __enter__(self) -> ConvolutionsAlone:
        layers = [layer for layer in self.networks.modules() if isinstance(layer, nn.Conv2d)]
        self._hooks = [layer.register_forward_pre_hook(self._note) for layer in layers]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _note(self, layer: nn.Conv2d, inputs: tuple[torch.Tensor, ...]) -> None:
        learning = torch.is_grad_enabled()
        wanted = (learning and tensor.requires_grad for tensor in (inputs[0], layer.weight))
        self.calls.append(Call(layer, inputs[0].shape, *wanted))

    def seconds(self, device: torch.device, runs: int) -> float:
        """Mean time of all noted convolutions, each with its backward, over `runs` after one more."""
        alone = [Alone(call, device, self.dtype) for call in self.calls]
        mixed = self.dtype == torch.bfloat16
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed):  # in which depthwise ones are sped up
            for convolution in alone:
                convolution()
            wait_for(device)
            started = time.perf_counter()
            for _ in range(runs):
                for convolution in alone:
                    convolution()
            wait_for(device)
            return (time.perf_counter() - started) / runs


class Alone:
    """One convolution with an input and a gradient of its own, in the given number format."""

    def __init__(self, call: Call, device: torch.device, dtype: torch.dtype) -> None:
        self.layer: Any = copy.deepcopy(call.layer).to(device, dtype).requires_grad_(call.weight_learns)
        self.image = torch.randn(call.shape, device=device, dtype=dtype).to(memory_format=torch.channels_last)
        self.image.requires_grad_(call.input_learns)
        with torch.no_grad():
            self.gradient = torch.randn_like(self.layer(self.image))
        learning = [parameter for parameter in self.layer.parameters() if parameter.requires_grad]
        self.wanted = [*([self.image] if call.input_learns else []), *learning]

    def __call__(self) -> None:
        answer = self.layer(self.image)
        if self.wanted:
            torch.autograd.grad(answer, self.wanted, self.gradient)


def wait_for(device: torch.device) -> None:
    """Until an accelerator has done all that it was given."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
