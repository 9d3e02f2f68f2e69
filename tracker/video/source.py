"""The common part of all sources of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..types import Frame, InputError

if TYPE_CHECKING:
    from typing_extensions import Self


class Source:
    """Frames in order, every `vid_stride`-th of them, to be iterated once inside a `with` block.

    `name` is short and fit for a folder. `stride` is the step from one frame's index to the next, `fps` the average
    rate after it, `width` and `height` are pixels of the upright picture, `frame_count` is an estimate after the stride
    (None without end). `audio_from` and `audio_offset` are `VideoWriter`'s. Raises InputError for a stride below 1.
    """

    name: str
    fps: float
    width: int
    height: int
    frame_count: int | None = None
    audio_from: Path | None = None
    audio_offset = 0.0
    live = False
    """Whether frames come when they are taken, without a known end: a webcam, or a stream that tells no length."""
    skipped = 0
    """Frames of a live source that were left out because newer ones were there; complete at the end."""

    def __init__(self, vid_stride: int) -> None:
        if vid_stride < 1:
            raise InputError(f"the video stride is {vid_stride}; it must be 1 (every frame) or more")
        self.stride = vid_stride
        self._warning: str | None = None
        self.tell: Callable[[str], None] = lambda _: None
        """Called with a sentence that cannot wait until the end, such as that a stream went away; by any thread."""

    @property
    def warning(self) -> str | None:
        """One sentence on what could not be read so far, complete at the end; None where all could."""
        return self._warning

    def __iter__(self) -> Iterator[Frame]:
        raise NotImplementedError

    def stop_waiting(self) -> None:
        """Wait no longer for a stream that went away; called by any thread, or from a signal's handler."""

    def close(self) -> None:
        """Let go of the file or device; frames not read yet are given up."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
