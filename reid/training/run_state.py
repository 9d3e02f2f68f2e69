"""The state of a training run: what is trained, how far it is, and the files from which a run is resumed or used."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from models.checkpoint import load_plain, save_atomically
from models.encoder import ContextEncoder
from models.pretrained import save_encoder

from ..data.crops import DataError, Split
from ..evaluation.protocols import ReidScores
from .optimisation import OptimisationOptions, averaged_model, make_optimisers
from .recipe import Recipe, differences
from .run_folder import description

STATE = "state.pt"
BEST, LAST = "encoder_best.pt", "encoder_last.pt"
ENTRIES = {"recipe": dict, "data": dict, "skipped": list, "networks": dict, "optimisers": dict, "progress": dict}
"""Of a state, with what they are; `averaged` may be None."""
COUNTERS = ("step", "epoch", "epoch_step")


@dataclass
class RunState:
    """Networks and optimisers by name, the averaged encoder (None without one), and how far the run is.

    `step` counts optimiser steps, `epoch` finished epochs, `epoch_step` the steps of the current epoch; `best_map` is
    the highest mAP so far, below 0 before the first evaluation.
    """

    networks: nn.ModuleDict
    optimisers: dict[str, torch.optim.Optimizer]
    averaged: AveragedModel | None
    step: int = 0
    epoch: int = 0
    epoch_step: int = 0
    best_map: float = -1.0

    @classmethod
    def begin(cls, networks: nn.ModuleDict, options: OptimisationOptions) -> RunState:
        """The state before the first step; the average, where there is one, starts as the encoder."""
        averaged = averaged_model(networks["encoder"], options.ema_decay) if options.ema_decay else None
        return cls(networks, make_optimisers(networks, options), averaged)

    @property
    def averaged_encoder(self) -> ContextEncoder:
        """The encoder that is evaluated and written: the average where there is one, else the trained one."""
        return self.averaged.module if self.averaged else self.networks["encoder"]  # type: ignore[return-value]

    def state_dict(self) -> dict[str, Any]:
        """Plain values and tensors."""
        return {
            "networks": self.networks.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "averaged": self.averaged and self.averaged.state_dict(),
            "progress": {name: getattr(self, name) for name in (*COUNTERS, "best_map")},
        }

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. Raises DataError where it is of other networks, or damaged."""
        try:
            self.networks.load_state_dict(saved["networks"])
            for name, optimiser in self.optimisers.items():
                optimiser.load_state_dict(saved["optimisers"][name])
            if self.averaged:
                self.averaged.load_state_dict(saved["averaged"])
            self.step, self.epoch, self.epoch_step = (int(saved["progress"][name]) for name in COUNTERS)
            self.best_map = float(saved["progress"]["best_map"])
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
            raise DataError(f"The run's {STATE} does not fit its recipe, or is damaged; begin again.") from error

    def save_encoders(self, folder: Path, recipe: Recipe, scores: ReidScores | None) -> None:
        """Write the encoder as the last one, and as the best one if it is; without scores none is the best."""
        metadata = {"epoch": self.epoch, "step": self.step, "recipe": asdict(recipe)}
        if scores:
            metadata |= {"mAP": scores.mean_average_precision, "rank1": scores.rank(1), "queries": scores.queries}
        save_encoder(folder / LAST, self.averaged_encoder, metadata)
        if scores and scores.mean_average_precision > self.best_map:
            self.best_map = scores.mean_average_precision
            save_encoder(folder / BEST, self.averaged_encoder, metadata)


class StateFile:
    """state.pt in a run's folder, bound to the recipe and the data of the run. `skipped` are rows of `split.train`."""

    def __init__(self, folder: Path, recipe: Recipe, split: Split) -> None:
        self.path, self.recipe = folder / STATE, asdict(recipe)
        self.data = {name: description(crops) for name, crops in split.parts.items()}

    def save(self, state: RunState, skipped: list[int]) -> None:
        """Write everything that resuming needs, atomically. Raises WeightsError where it cannot be written."""
        content = {"recipe": self.recipe, "data": self.data, "skipped": skipped, **state.state_dict()}
        save_atomically(content, self.path)

    def read(self) -> dict[str, Any]:
        """What `save` wrote. Raises DataError where another recipe, other data or another version wrote it."""
        saved = load_plain(self.path)
        if not (
            isinstance(saved, dict)
            and "averaged" in saved
            and all(isinstance(saved.get(name), kind) for name, kind in ENTRIES.items())
            and all(isinstance(row, int) for row in saved["skipped"])
        ):
            raise DataError(f"{self.path} was written by another version; begin again with another --out.")
        folder = self.path.parent
        try:
            options, data = differences(saved["recipe"], self.recipe), differences(saved["data"], self.data)
        except (RuntimeError, TypeError) as error:  # values that are not plain cannot be compared
            raise DataError(f"{self.path} is damaged; begin again with another --out.") from error
        if options:
            raise DataError(
                f"The run in {folder} cannot be resumed with other options ({options}); give the same ones."
            )
        if data:
            raise DataError(f"The run in {folder} cannot be resumed with other data ({data}); give what it had.")
        return saved
