"""Fills short gaps in tracks by straight lines between the boxes at both ends."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .types import FrameTracks, InputError


@dataclass(frozen=True, slots=True)
class GapOptions:
    """Which gaps are filled."""

    seconds: float = 0.5
    """Longest gap that is filled, seconds; 0 fills none."""
    distance: float = 0.5
    """Largest distance between the boxes at the ends of a filled gap, body heights."""
    growth: float = 0.25
    """Largest difference between the body heights at the ends of a filled gap, as a share."""
    sure: float = math.inf
    """A gap is not filled where the boxes at both ends have this score: a detector so sure of a person until then, and
    from then on, did not miss them between."""

    def __post_init__(self) -> None:
        if not self.seconds >= 0:
            raise InputError(f"the seconds of gaps to fill must be 0 or more, not {self.seconds}")


@dataclass(frozen=True, slots=True)
class _End:
    """A row at an end of a gap: the number of its frame, time in seconds, box (4,), score."""

    number: int
    time: float
    xyxy: np.ndarray
    score: float


def fill_gaps(tracks: Iterable[FrameTracks], options: GapOptions) -> Iterator[FrameTracks]:
    """The frames, in order, with rows added where a person was not detected for a moment; `seconds` of video late.

    An added row has the score 0, since no detection is behind it, and no keypoints. No gap is filled across a cut to
    another camera. Where `tracks` ends in an InputError, that is raised after the frames that are held.
    """
    held: deque[FrameTracks] = deque()
    last: dict[int, _End] = {}
    try:
        for number, frame in enumerate(tracks):
            if frame.cut:
                last = {}
            held.append(frame)
            for row, identity in enumerate(frame.ids.tolist()):
                end = _End(number, frame.time, frame.xyxy[row].astype(float), float(frame.score[row]))
                start = last.get(identity)
                if start is not None and _may_be_filled(start, end, options):
                    _fill(held, identity, start, end)
                last[identity] = end
            while held and held[0].time <= frame.time - options.seconds:
                yield held.popleft()
    except InputError:
        yield from held
        raise
    yield from held


def _may_be_filled(start: _End, end: _End, options: GapOptions) -> bool:
    if end.number - start.number < 2 or end.time - start.time > options.seconds:
        return False
    if min(start.score, end.score) >= options.sure:
        return False
    heights = np.array([start.xyxy[3] - start.xyxy[1], end.xyxy[3] - end.xyxy[1]])
    moved = (end.xyxy - start.xyxy).reshape(2, 2).mean(axis=0)
    near = float(np.linalg.norm(moved)) <= options.distance * heights.mean()
    return near and bool(heights.min() >= (1 - options.growth) * heights.max())


def _fill(held: deque[FrameTracks], identity: int, start: _End, end: _End) -> None:
    """Add the person's rows to the frames between; the last of those held is that of the end."""
    for back in range(2, end.number - start.number + 1):
        frame = held[-back]
        share = (frame.time - start.time) / (end.time - start.time)
        held[-back] = _with_row(frame, identity, (1 - share) * start.xyxy + share * end.xyxy)


def _with_row(frame: FrameTracks, identity: int, xyxy: np.ndarray) -> FrameTracks:
    """The frame with another row, for a box (4,)."""
    keypoints = None if frame.keypoints is None else np.zeros((1, *frame.keypoints.shape[1:]), np.float32)
    unseen = np.zeros(1)
    added = FrameTracks(frame.frame, frame.time, np.array([identity]), xyxy[None], unseen, unseen, keypoints)
    return FrameTracks.concat([frame, added])
