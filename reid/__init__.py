"""Person re-identification: crops and data sets, losses, training, evaluation, and the `Embedder` the tracker uses."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .encoder.calibration import Calibration as Calibration
    from .encoder.embedder import Embedder as Embedder
    from .encoder.embedder import EmbedderOptions as EmbedderOptions

HOMES = {"Calibration": "encoder.calibration", "Embedder": "encoder.embedder", "EmbedderOptions": "encoder.embedder"}
"""What `from reid import ...` offers, and the module it is in: loaded on first use, so that importing is fast."""

__all__ = list(HOMES)


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'reid' has no attribute '{name}'")
    return getattr(import_module(f".{HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
