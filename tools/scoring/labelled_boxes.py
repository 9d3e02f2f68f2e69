"""Boxes with ids as a file states them, in double precision: MOT text, CVAT's XML or COCO's JSON of a video.

`tracker.results.mot_files` reads into `FrameTracks`, whose float32 boxes move an IoU by 1e-7; next to a threshold that
decides a match, and the scores would no longer be trackeval's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracker.boxes import xywh_to_xyxy
from tracker.results.box_rows import BoxRows
from tracker.results.coco_video import read_coco_video
from tracker.results.cvat_video import read_cvat_video
from tracker.results.mot_files import BOX, FRAME, ID, SCORE, read_table
from tracker.types import InputError

READERS: dict[str, Callable[[Path], BoxRows]] = {".json": read_coco_video, ".xml": read_cvat_video}
"""By the ending of the file's name; any other is MOT text."""


class LabelledBoxes(NamedTuple):
    """People of one frame: ids (T,) int64, unique, and xyxy (T, 4) float64 pixels."""

    ids: np.ndarray
    xyxy: np.ndarray


def read_truth(path: Path) -> list[LabelledBoxes]:
    """People by frame, from the video's first frame on; rows of MOT text whose mark (7th column) is 0 are left out.

    The list ends with the last frame that has a row. Raises InputError where the file cannot be read.
    """
    return _by_frame(_read(path, truth=True), path)


def read_results(path: Path) -> list[LabelledBoxes]:
    """As `read_truth`, but every row counts: the 7th column of results is a confidence."""
    return _by_frame(_read(path, truth=False), path)


def _read(path: Path, truth: bool) -> BoxRows:
    if reader := READERS.get(path.suffix.lower()):
        return reader(path)
    rows = read_table(path)
    score = rows[:, SCORE] if rows.shape[1] > SCORE else np.ones(len(rows))
    rows, score = (rows[score != 0], score[score != 0]) if truth else (rows, score)
    return BoxRows(rows[:, FRAME].astype(np.int64) - 1, rows[:, ID].astype(np.int64), xywh_to_xyxy(rows[:, BOX]), score)


def pad(boxes: list[LabelledBoxes], length: int) -> list[LabelledBoxes]:
    """`boxes` with empty frames added at the end until there are `length`."""
    return boxes + [LabelledBoxes(np.zeros(0, np.int64), np.zeros((0, 4)))] * (length - len(boxes))


def _by_frame(rows: BoxRows, path: Path) -> list[LabelledBoxes]:
    labels = np.stack([rows.frame, rows.ids], axis=1)
    unique, count = np.unique(labels, axis=0, return_counts=True)
    if (count > 1).any():
        frame, label = unique[count > 1][0]
        raise InputError(f"{path} has id {label} more than once in frame {_named(frame, path)}")
    order = np.argsort(rows.frame, kind="stable")
    ends = np.searchsorted(rows.frame[order], np.arange(rows.frame.max(initial=-1)), side="right")
    columns = np.split(rows.ids[order], ends), np.split(rows.xyxy[order], ends)
    return [LabelledBoxes(*people) for people in zip(*columns, strict=True)]


def _named(frame: int, path: Path) -> int:
    """The frame as its file counts: MOT text from 1."""
    return frame if path.suffix.lower() in READERS else frame + 1
