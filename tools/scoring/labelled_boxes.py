"""Boxes with ids as a MOT text file states them, in double precision.

`tracker.results.mot_files` reads into `FrameTracks`, whose float32 boxes move an IoU by 1e-7; next to a threshold that
decides a match, and the scores would no longer be trackeval's.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracker.boxes import xywh_to_xyxy
from tracker.results.mot_files import BOX, FRAME, ID, SCORE, read_table
from tracker.types import InputError


class LabelledBoxes(NamedTuple):
    """People of one frame: ids (T,) int64, unique, and xyxy (T, 4) float64 pixels."""

    ids: np.ndarray
    xyxy: np.ndarray


def read_truth(path: Path) -> list[LabelledBoxes]:
    """People by frame, from the file's frame 1 on; rows whose mark (7th column) is 0 are left out.

    The list ends with the last frame that has a row. Raises InputError where the file cannot be read.
    """
    rows = read_table(path)
    return _by_frame(rows[rows[:, SCORE] != 0] if rows.shape[1] > SCORE else rows, path)


def read_results(path: Path) -> list[LabelledBoxes]:
    """As `read_truth`, but every row counts: the 7th column of results is a confidence."""
    return _by_frame(read_table(path), path)


def pad(boxes: list[LabelledBoxes], length: int) -> list[LabelledBoxes]:
    """`boxes` with empty frames added at the end until there are `length`."""
    return boxes + [LabelledBoxes(np.zeros(0, np.int64), np.zeros((0, 4)))] * (length - len(boxes))


def _by_frame(rows: np.ndarray, path: Path) -> list[LabelledBoxes]:
    frame = rows[:, FRAME].astype(np.int64)
    labels = np.stack([frame, rows[:, ID].astype(np.int64)], axis=1)
    unique, count = np.unique(labels, axis=0, return_counts=True)
    if (count > 1).any():
        frame_number, label = unique[count > 1][0]
        raise InputError(f"{path} has id {label} more than once in frame {frame_number}")
    order = np.argsort(frame, kind="stable")
    ends = np.searchsorted(frame[order], np.arange(1, frame.max(initial=0)), side="right")
    boxes = xywh_to_xyxy(rows[order][:, BOX])
    return [
        LabelledBoxes(*columns) for columns in zip(np.split(labels[order, 1], ends), np.split(boxes, ends), strict=True)
    ]
