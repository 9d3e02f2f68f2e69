"""A camera or live stream while it is tracked: what is shown at once, and how late that is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from tracker.results.writers import Sink
from tracker.types import Frame, FrameTracks
from tracker.video.source import Source

from .output import count


@dataclass
class Live:
    """Shows each frame of `source` with what is known of it at once, and measures how long ago it was taken.

    That is the time from when the frame came from the camera or out of the stream, to when it was shown, or where
    there is nothing to show it, to when its tracks were known.
    """

    source: Source
    window: Sink | None = None
    _delays: Counter[int] = field(default_factory=Counter)
    """Frames by whole milliseconds: it does not grow with the hours."""
    _clock: Callable[[], float] = time.monotonic

    def __call__(self, frame: Frame, tracks: FrameTracks) -> None:
        if self.window is not None:
            self.window.write(frame, tracks)
        if frame.taken is not None:
            self._delays[round(1000 * (self._clock() - frame.taken))] += 1

    def open(self) -> AbstractContextManager[Any]:
        """The window, open within the block. Raises InputError where there is no screen."""
        return nullcontext() if self.window is None else self.window

    def delay(self, share: float) -> int:
        """Milliseconds after which this share of the frames (0 to 1) was shown, or tracked."""
        times = sorted(self._delays)
        total = self._delays.total()
        reached = zip(times, accumulate(self._delays[time] for time in times), strict=True)
        return next((time for time, frames in reached if frames >= share * total), 0)

    @property
    def facts(self) -> dict[str, Any]:
        """For config.json: frames left out, delays in ms."""
        delays = {"median": self.delay(0.5), "95%": self.delay(0.95), "most": self.delay(1.0)}
        return {"skipped_frames": self.source.skipped, "delay_ms": delays}

    @property
    def sentences(self) -> list[str]:
        """How late the pictures were, and how many were left out."""
        done = "tracked" if self.window is None else "shown"
        late = f"{done} {self.delay(0.5)} ms after they came (median), 95% within {self.delay(0.95)} ms"
        said = [f"frames were {late}, all within {self.delay(1.0)} ms"] if self._delays else []
        if self.source.skipped:
            frames = count(self.source.skipped, "frame")
            said.append(
                f"{frames} of {self.source.skipped + self._delays.total()} left out, because a newer one was there: "
                "tracking is slower than the source (--every-frame leaves none out, and falls behind)"
            )
        return said
