"""How networks of the adversarial kind start."""

from __future__ import annotations

from torch import nn


def start_normally(network: nn.Module) -> None:
    """Convolutions and linear layers from N(0, 0.02), scales of normalisations from N(1, 0.02), shifts from 0.

    (DCGAN, Radford et al., ICLR 2016; the paper's reference run starts its generator and D_p so.)
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(module.weight, 1.0, 0.02)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
