"""The time of each frame, eight bytes a frame."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from ..types import Frame, FrameTracks


class FrameTimes:
    """A sink that keeps the frames' numbers and times."""

    def __init__(self) -> None:
        self._frames, self._times = array("q"), array("d")

    def __enter__(self) -> FrameTimes:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, frame: Frame, _: FrameTracks) -> None:
        """Take in one frame."""
        self._frames.append(frame.index)
        self._times.append(frame.time)

    def at(self, frame: int) -> float:
        """Seconds of a frame along the source; of one that was not written, those of the last one before it."""
        row = bisect_right(self._frames, frame) - 1
        return self._times[row] if row >= 0 else 0.0
