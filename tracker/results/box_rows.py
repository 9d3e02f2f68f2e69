"""The boxes of a result file as it states them, one row a box, in double precision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..types import InputError


class BoxRows(NamedTuple):
    """R boxes with ids: frame (R,) int64 from 0, ids (R,) int64, xyxy (R, 4) float64 pixels, score (R,) float64."""

    frame: np.ndarray
    ids: np.ndarray
    xyxy: np.ndarray
    score: np.ndarray


Row = tuple[int, int, tuple[float, float, float, float], float]
"""Frame, id, corners and score of one box."""


def box_rows(rows: Sequence[Row], path: Path) -> BoxRows:
    """The rows of the file `path` as columns. Raises InputError for a box of no size or a frame before the first."""
    frame, ids, xyxy, score = zip(*rows, strict=True) if rows else ((), (), (), ())
    columns = BoxRows(
        np.array(frame, np.int64), np.array(ids, np.int64), np.array(xyxy, float).reshape(-1, 4), np.array(score, float)
    )
    size = columns.xyxy[:, 2:] - columns.xyxy[:, :2]
    wrong = ~np.isfinite(columns.xyxy).all(axis=1) | ~(size > 0).all(axis=1) | (columns.frame < 0)
    if wrong.any():
        row = int(wrong.argmax())
        corners = ", ".join(map(str, xyxy[row]))
        raise InputError(f"{path}: id {ids[row]} has no box in frame {frame[row]}, its corners are {corners}")
    return columns
