"""Fills short gaps in finished tracks by straight lines between the boxes at both ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..types import FrameTracks


@dataclass(frozen=True, slots=True)
class GapOptions:
    """Which gaps are filled."""

    seconds: float = 0.5
    """Longest gap that is filled, seconds; 0 fills none."""
    distance: float = 0.5
    """Largest distance between the boxes at the ends of a filled gap, body heights."""
    growth: float = 0.25
    """Largest difference between the body heights at the ends of a filled gap, as a share."""


@dataclass(frozen=True, slots=True)
class _End:
    """A row at an end of a gap: the index of its frame in the list, time in seconds, box (4,)."""

    index: int
    time: float
    xyxy: np.ndarray


def fill_gaps(tracks: Sequence[FrameTracks], options: GapOptions) -> list[FrameTracks]:
    """The frames (all of a video, in order) with rows added where a person was not detected for a moment.

    An added row has the score 0, since no detection is behind it, and no keypoints. No gap is filled across a cut to
    another camera.
    """
    added: dict[int, list[tuple[int, np.ndarray]]] = {}
    last: dict[int, _End] = {}
    for index, frame in enumerate(tracks):
        if frame.cut:
            last = {}
        for identity, xyxy in zip(frame.ids.tolist(), frame.xyxy.astype(float), strict=True):
            end = _End(index, frame.time, xyxy)
            if identity in last and _may_be_filled(last[identity], end, options):
                for between, box in _line(last[identity], end, tracks):
                    added.setdefault(between, []).append((identity, box))
            last[identity] = end
    return [_with_rows(frame, added.get(index, [])) for index, frame in enumerate(tracks)]


def _may_be_filled(start: _End, end: _End, options: GapOptions) -> bool:
    if end.index - start.index < 2 or end.time - start.time > options.seconds:
        return False
    heights = np.array([start.xyxy[3] - start.xyxy[1], end.xyxy[3] - end.xyxy[1]])
    moved = (end.xyxy - start.xyxy).reshape(2, 2).mean(axis=0)
    near = float(np.linalg.norm(moved)) <= options.distance * heights.mean()
    return near and bool(heights.min() >= (1 - options.growth) * heights.max())


def _line(start: _End, end: _End, tracks: Sequence[FrameTracks]) -> Iterator[tuple[int, np.ndarray]]:
    """Indices of frames and boxes (4,) strictly between the ends."""
    for index in range(start.index + 1, end.index):
        share = (tracks[index].time - start.time) / (end.time - start.time)
        yield index, (1 - share) * start.xyxy + share * end.xyxy


def _with_rows(frame: FrameTracks, rows: Sequence[tuple[int, np.ndarray]]) -> FrameTracks:
    if not rows:
        return frame
    ids, boxes = zip(*rows, strict=True)
    keypoints = None if frame.keypoints is None else np.zeros((len(rows), *frame.keypoints.shape[1:]), np.float32)
    unseen = np.zeros(len(rows))
    added = FrameTracks(frame.frame, frame.time, np.array(ids), np.stack(boxes), unseen, unseen, keypoints)
    return FrameTracks.concat([frame, added])
