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
FARTHEST = 1e9
"""No id, corner or score goes further; beyond it whole numbers and float32 no longer hold what the file says."""
SPARSEST = 10
"""Frames for each row of a file, beyond `FREE_FRAMES`."""
FREE_FRAMES = 500_000
"""Frames of any file, 4.6 hours at 30 a second."""


def most_frames(rows: int) -> int:
    """Frames that a file of so many rows may have: memory is taken for each, so one row must not ask for a billion."""
    return FREE_FRAMES + SPARSEST * rows


def box_rows(rows: Sequence[Row], path: Path) -> BoxRows:
    """The rows of the file `path` as columns.

    Raises InputError for a box of no size, a frame before the first or far beyond the others, or numbers beyond
    `FARTHEST`.
    """
    frame, ids, xyxy, _ = zip(*rows, strict=True) if rows else ((), (), (), ())
    numbers = np.array([[*row[:2], *row[2], row[3]] for row in rows], float).reshape(-1, 7)
    known = (np.abs(numbers) <= FARTHEST).all(axis=1)  # not so for NaN
    corners = np.where(known[:, None], numbers[:, 2:6], 0)
    wrong = ~known | (numbers[:, 0] < 0) | ~(corners[:, 2:] > corners[:, :2]).all(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        said = ", ".join(map(str, xyxy[row]))
        raise InputError(f"{path}: id {ids[row]} has no box in frame {frame[row]}, its corners are {said}")
    if max(frame, default=0) >= most_frames(len(rows)):
        raise InputError(f"{path}: frame {max(frame)} lies far beyond what so few boxes ({len(rows)}) can belong to")
    return BoxRows(np.array(frame, np.int64), np.array(ids, np.int64), corners, numbers[:, 6])
