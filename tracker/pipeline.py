"""Frames through detector and tracker, in order and complete: the pipeline of all commands."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from .tracker import Tracker
from .types import Detector, Frame, FrameTracks


def track(
    frames: Iterable[Frame], detector: Detector, tracker: Tracker, *, batch: int = 1, delay: float = 1.0
) -> Iterator[tuple[Frame, FrameTracks]]:
    """Detect and track; yields each frame with its tracks, `delay` seconds of video late, backfilled rows merged in."""
    yield from merge_backfill(_update(frames, detector, tracker, batch), delay, tracker.finish)


def _update(
    frames: Iterable[Frame], detector: Detector, tracker: Tracker, batch: int
) -> Iterator[tuple[Frame, FrameTracks]]:
    remaining = iter(frames)
    while group := list(islice(remaining, batch)):
        for frame, detections in zip(group, detector.batch(group), strict=True):
            yield frame, tracker.update(frame, detections)


def merge_backfill(
    tracked: Iterable[tuple[Frame, FrameTracks]], delay: float = 1.0, finish: Callable[[], FrameTracks] | None = None
) -> Iterator[tuple[Frame, FrameTracks]]:
    """Hold frames back for `delay` seconds so that rows known later (`FrameTracks.backfill`) join their frame.

    `finish` (`Tracker.finish`) returns what became known after the last frame. Recoveries move to the frame in which
    the person was back. Rows for a frame that has already left are dropped.
    """
    held: deque[tuple[Frame, FrameTracks]] = deque()
    for frame, tracks in tracked:
        held.append((frame, replace(tracks, recoveries=(), backfill=())))
        _put_back(held, tracks)
        while frame.time - held[0][0].time > delay:
            yield held.popleft()
    if finish is not None and held:
        _put_back(held, finish())
    yield from held


def _put_back(held: deque[tuple[Frame, FrameTracks]], tracks: FrameTracks) -> None:
    """Give the held frames the rows and recoveries that became known with `tracks`."""
    late = {rows.frame: rows for rows in tracks.backfill}
    first = held[0][0].index
    for index, (frame, rows) in enumerate(held):
        if frame.index in late:
            rows = FrameTracks.concat([rows, late[frame.index]])
        back = tuple(r for r in tracks.recoveries if max(r.frame, first) == frame.index)
        if back or frame.index in late:
            held[index] = (frame, replace(rows, recoveries=rows.recoveries + back))
