"""Whether the boxes of a file can be those of a video: what cannot is counted, and a file of another video refused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np

from tracker.results.mot_files import UNKNOWN
from tracker.types import InputError
from tracker.video.source import Source

from .output import count, note

SLACK = 0.02
"""A container may tell the number of its frames wrong by this share, or by two frames."""


class Boxes(Protocol):
    """Boxes of one frame: xyxy (N, 4) pixels, score (N,). `Detections` and `FrameTracks` are."""

    @property
    def xyxy(self) -> np.ndarray: ...

    @property
    def score(self) -> np.ndarray: ...


def tell_misfits(path: Path, frames: Iterable[tuple[int, Boxes]], source: Source, stride: int = 1) -> None:
    """Print a note on boxes beyond the video's end or outside its picture, and on scores outside 0 to 1.

    frames: index in the source and boxes of each frame of the file `path`; stride: that of the source. Raises
    InputError where most boxes are beyond or outside: the file is that of another video.
    """
    held = [(index, boxes) for index, boxes in frames if len(boxes.score)]
    if not held:
        return
    index = np.concatenate([np.full(len(boxes.score), index) for index, boxes in held])
    xyxy, score = (np.concatenate([getattr(boxes, name) for _, boxes in held]) for name in ("xyxy", "score"))
    length = None if source.frame_count is None else source.frame_count * stride
    beyond, outside = _beyond(index, length), _outside(xyxy, source)
    boxes = count(len(index), "box", "boxes")
    said = []
    if beyond.any():
        ends = f"up to frame {index.max() + 1}, and {source.name} has {length}"
        said.append(f"{beyond.sum()} of {boxes} are beyond the video's end ({ends})")
    if outside.any():
        said.append(f"{outside.sum()} of {boxes} are outside the picture of {source.width}x{source.height}")
    if (beyond | outside).mean() > 0.5:
        raise InputError(f"{path} is of another video: {' and '.join(said)}")
    if said:
        note(f"{path}: {' and '.join(said)}")
    strange = ((score < 0) | (score > 1)) & (score != UNKNOWN)
    if strange.any():
        worst = score[strange][np.abs(score[strange]).argmax()]
        note(f"{path}: {strange.sum()} of {count(len(score), 'score')} are not between 0 and 1, such as {worst:g}")


def _beyond(index: np.ndarray, length: int | None) -> np.ndarray:
    """(R,) bool: the box is in a frame after the video's last one; none where that is not known for sure."""
    if length is None or index.max() < length * (1 + SLACK) + 2:
        return np.zeros(len(index), bool)
    return index >= length


def _outside(xyxy: np.ndarray, source: Source) -> np.ndarray:
    """(R,) bool: no part of the box is in the picture."""
    before, after = xyxy[:, 2:] <= 0, xyxy[:, :2] >= (source.width, source.height)
    return np.asarray((before | after).any(axis=1))
