"""Global pooling of a trunk's feature map: (B, D, h, w) -> (B, D)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


class Average(nn.Module):
    """The mean of the cells."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.mean(dim=(2, 3))


class Maximum(nn.Module):
    """The largest cell of each channel."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.amax(dim=(2, 3))


class GeneralisedMean(nn.Module):
    """GeM: mean(x^p)^(1/p), one p, learnt from 3 on ("Fine-tuning CNN Image Retrieval", Radenovic et al., TPAMI 2018).

    p = 1 is the average, and the least that p can become; p = infinity is the maximum. Values below 1e-6 count as 1e-6:
    the map should come out of a ReLU.
    """

    def __init__(self, start: float = 3.0, least: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor(start))
        self.least = least

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        p, maps = self.p.clamp(min=1), maps.clamp(min=self.least)
        peak = maps.detach().amax(dim=(2, 3), keepdim=True)  # drops out again; no power of more than 1, none overflows
        powers = (p * (maps / peak).log()).exp()
        return peak[:, :, 0, 0] * (powers.mean(dim=(2, 3)).log() / p).exp()


POOLINGS: dict[str, Callable[[], nn.Module]] = {"average": Average, "max": Maximum, "gem": GeneralisedMean}
