"""When the tracked frames of a run were, as its tracks.csv tells: videos of phones have no constant frame rate."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

_ROW = re.compile(rb"^(\d{1,9}),(\d{1,9}(?:\.\d+)?),", re.MULTILINE)
"""Frame and time of a row."""


def frame_times(table: Path, frames: int, stride: int, fps: float) -> np.ndarray:
    """Seconds of each tracked frame, (frames,), of which there are `fps` a second, every `stride`-th of the source.

    Frames in which nobody is lie on straight lines between those that the `table` has. Where there is no such file, or
    its times do not rise with its frames, the frame rate is constant.
    """
    steady = np.arange(frames) / fps
    rows = _ROW.findall(table.read_bytes()) if table.is_file() else []
    if not rows or not frames:
        return steady
    known, first = np.unique(np.array([int(frame) for frame, _ in rows]), return_index=True)
    times = np.array([float(rows[row][1]) for row in first])
    if known[0] > 0:
        known, times = np.append(0, known), np.append(0.0, times)
    if (np.diff(times) <= 0).any():
        return steady
    tracked = np.arange(frames) * stride
    after = np.maximum(tracked - known[-1], 0) / (fps * stride)
    return np.interp(tracked, known, times) + after
