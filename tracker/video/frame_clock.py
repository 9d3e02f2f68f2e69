"""Time stamps of a container, made into times that start at 0 and only grow."""

from __future__ import annotations

JITTER = 1.0
"""Seconds. A stamp that falls back further than this starts the stream's clock anew (joined or wrapped streams)."""

LEAP = 3600.0
"""Seconds. So does a stamp that leaps ahead further: no picture is shown for an hour, and MP4 cannot say it of one."""

TICK = 1e-3
"""Seconds between two frames whose stamps are equal or in the wrong order."""

STUCK = 3
"""Frames with the same stamp; a container that gives it to more has no clock."""


class FrameClock:
    """Turns the presentation stamps of successive frames, in seconds, into strictly increasing times from 0.

    `period` is the usual distance of two frames in seconds; it stands in where a frame has no stamp, or one at which
    the clock has stood still for more than `STUCK` frames.
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._last: float | None = None
        self._stamp: float | None = None
        self._alike = 0
        self._away = 0.0

    def pause(self, seconds: float) -> None:
        """The next frame comes so many seconds after the last, whatever its stamp: the source was away."""
        self._away = seconds

    def time(self, stamp: float | None) -> float:
        """Seconds since the first frame, for a frame stamped `stamp` seconds, or None where it has no stamp."""
        self._alike = self._alike + 1 if stamp == self._stamp else 0
        self._stamp = stamp
        if self._last is None:
            self._last = 0.0
            self._origin = stamp or 0.0
        elif self._away:
            self._last += self._away
            self._origin = (stamp or 0.0) - self._last
            self._away = 0.0
        elif stamp is None or self._alike > STUCK:
            self._last += self._period
        elif self._last < (time := stamp - self._origin) <= self._last + LEAP:
            self._last = time
        elif 0 <= self._last - time <= JITTER:
            self._last += TICK
        else:
            self._last += self._period
            self._origin = stamp - self._last
        return self._last
