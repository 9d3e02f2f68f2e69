"""Which device the networks run on."""

from __future__ import annotations

import torch

from .errors import WeightsError


def choose_device(name: str) -> torch.device:
    """The named device; "auto" is the first accelerator, else the processor. WeightsError if it cannot work."""
    if name == "auto":
        return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise WeightsError(f"The device {name!r} cannot be used on this computer; choose cpu, cuda or auto.") from error
    return torch.device(name)
