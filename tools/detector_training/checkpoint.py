"""The person detector as a file that plain `ultralytics.YOLO(path)` opens."""

from __future__ import annotations

import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch

LICENCE = "AGPL-3.0 (https://ultralytics.com/license)"


def save_checkpoint(model: Any, path: Path, date: str) -> None:
    """Write the network in float16, without optimiser and without any path of the machine that trained it."""
    from ultralytics import __version__

    clean = deepcopy(model).eval()
    clean.criterion = None
    clean.args = {"task": "detect", "imgsz": 640}
    clean.pt_path = path.name
    clean.requires_grad_(False)
    content = {
        "model": clean.half(),
        "ema": None,
        "epoch": -1,
        "train_args": {"task": "detect", "imgsz": 640},
        "date": date,
        "version": __version__,
        "license": LICENCE,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    torch.save(content, unfinished)
    os.replace(unfinished, path)
