"""A training step: one forward pass, then phases, each with one backward and one optimiser step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from models.encoder import ContextEncoder

from ..data.batch import Batch
from .processes import run_alone

Losses = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Phase:
    """One optimiser step: which networks it trains, on which losses of a forward pass, and whether in a first stage."""

    name: str
    networks: tuple[str, ...]
    losses: Callable[[Any], Losses]
    stage_one: bool = False


class Objective(ABC):
    """Networks by name, their joint forward pass, the phases at a point of the training (progress 0..1).

    `run` calls a network, possibly sharing its rows among processes. `pictures` are named rows (N, 3, H, W) of
    pictures to look at; none where nothing is generated.
    """

    weights: dict[str, float]

    def __init__(self, encoder: ContextEncoder, networks: Mapping[str, nn.Module]) -> None:
        self.encoder = encoder
        self.networks = nn.ModuleDict({"encoder": encoder, **networks})
        self.run: Callable[..., torch.Tensor] = run_alone

    @abstractmethod
    def forward(self, batch: Batch, progress: float) -> Any: ...

    @abstractmethod
    def phases(self, progress: float) -> list[Phase]: ...

    @abstractmethod
    def pictures(self, forward: Any) -> dict[str, torch.Tensor]: ...

    def diagnose(self, forward: Any) -> dict[str, torch.Tensor]:
        """Numbers that tell whether the parts work, for the log now and then; they change nothing."""
        return {}

    def logits(self, forward: Any, name: str, **inputs: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
        """The discriminator's logits for each kind of input; their means are noted in `forward.logits` for the log."""
        discriminator = self.networks[f"{name}_discriminator"]
        logits = {kind: self.run(discriminator, *tensors).float() for kind, tensors in inputs.items()}
        forward.logits.update({f"{name}/{kind}": values.detach().mean() for kind, values in logits.items()})
        return list(logits.values())


def freeze_all_but(networks: nn.ModuleDict, trained: tuple[str, ...]) -> None:
    """Let only the named networks collect gradients."""
    for name, network in networks.items():
        network.requires_grad_(name in trained)
