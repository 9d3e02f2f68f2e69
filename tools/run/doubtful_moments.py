"""The doubtful moments of a run, as its page tells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tracker.results.clock import clock
from tracker.results.moment_words import CurrentMoment, current
from tracker.results.moments import MomentFinder, TrackedRows
from tracker.results.report import DoubtfulMoment
from tracker.types import FrameTracks

from .file_names import TRACKS
from .run_events import RunEvents, read_events
from .tracked_run import TrackedRun, read_run

LARGEST = 500_000_000
"""Bytes of a tracks.txt that is read again, some twelve million rows."""


def tracked_rows(run: TrackedRun, tracks: Sequence[FrameTracks], events: RunEvents) -> TrackedRows:
    """The rows of a run as they are looked through: those that a detection is behind, not what was filled in."""
    tracks = [rows[rows.score > 0] for rows in tracks]
    return TrackedRows(
        np.concatenate([np.zeros(0, int), *(rows.ids for rows in tracks)]),
        np.repeat(np.array([rows.frame for rows in tracks], int), [len(rows) for rows in tracks]),
        np.concatenate([np.zeros((0, 4)), *(rows.xyxy for rows in tracks)]).astype(float),
        events.recoveries,
        events.cut_frames,
        run.fps * run.stride,
        run.stride,
        (run.width, run.height),
        events.unsure,
    )


def found_in(folder: Path) -> list[CurrentMoment]:
    """Those of a run that was just written; none of one that is too long to be read again.

    Raises InputError where a file of it is damaged.
    """
    if (folder / TRACKS).stat().st_size > LARGEST:
        return []
    run = read_run(folder)
    rows = tracked_rows(run, run.tracks(), read_events(run))
    return [found for moment in MomentFinder(rows).found() if (found := current(moment, rows.person))]


def told(
    moments: Sequence[CurrentMoment], names: Mapping[int, str], seconds: Callable[[int], float]
) -> list[DoubtfulMoment]:
    """The same in words; `seconds` is a frame's time."""
    return [
        DoubtfulMoment(
            seconds(each.moment.frame),
            seconds(each.moment.to),
            each.people,
            each.words(names, lambda frame: clock(seconds(frame))),
        )
        for each in moments
    ]
