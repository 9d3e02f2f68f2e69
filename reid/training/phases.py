"""What a training step is made of: one forward pass, then phases, each with one backward and one optimiser step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn

from ..data.batch import Batch

Losses = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Phase:
    """One optimiser step: which networks it trains, on which losses of a forward pass."""

    name: str
    networks: tuple[str, ...]
    losses: Callable[[Any], Losses]


class Objective(Protocol):
    """Networks by name, their joint forward pass, the phases at a point of the training (progress 0..1).

    `run` calls a network, possibly sharing its rows among processes. `pictures` are named rows (N, 3, H, W) of
    pictures to look at; none where nothing is generated.
    """

    networks: nn.ModuleDict
    weights: dict[str, float]
    run: Callable[..., torch.Tensor]

    def forward(self, batch: Batch, progress: float) -> Any: ...

    def phases(self, progress: float) -> list[Phase]: ...

    def pictures(self, forward: Any) -> dict[str, torch.Tensor]: ...


def freeze_all_but(networks: nn.ModuleDict, trained: tuple[str, ...]) -> None:
    """Let only the named networks collect gradients."""
    for name, network in networks.items():
        network.requires_grad_(name in trained)
