"""Pictures that a command writes where the user says: PNG files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tracker.types import InputError

from .output import os_errors_as


def require_png(option: str, path: Path | None) -> None:
    """Raise InputError for a name with another ending."""
    if path is not None and path.suffix.lower() != ".png":
        raise InputError(f"--{option} {path} is written as a PNG picture: let its name end in .png")


def write_png(option: str, path: Path, picture: np.ndarray) -> None:
    """Write (h, w, 3) uint8 BGR; folders are made. Raises InputError where that is not possible."""
    with os_errors_as(f"--{option} {path} cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
