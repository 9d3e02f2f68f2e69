"""A person's boxes frame by frame: known ones, and those interpolated between two known ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from .labelled_people import Box, FrameLabel, Kind


class Placed(NamedTuple):
    """A box to show or to write; `label` is None where it was filled in."""

    xyxy: Box
    label: FrameLabel | None


def believed(labels: Iterable[FrameLabel]) -> dict[int, FrameLabel]:
    """One person's labels in one video, the one to believe in each frame, in the order of frames."""
    ordered = sorted(labels, key=lambda label: (label.frame, label.rank))
    return {frame: next(together) for frame, together in groupby(ordered, key=lambda label: label.frame)}


def placed_boxes(labels: Iterable[FrameLabel], longest: float) -> dict[int, Placed]:
    """One person's boxes in one video, by frame.

    Between two known boxes no more than `longest` frames apart, those of the frames between are interpolated linearly,
    unless the person is marked as absent in one of them; in frames marked as between they are in any case.
    """
    own = believed(labels)
    known = {frame: Placed(label.xyxy, label) for frame, label in own.items() if label.xyxy is not None}
    placed = dict(known)
    for first, last in pairwise(known):
        marks = {frame: own[frame].kind for frame in range(first + 1, last) if frame in own}
        whole = last - first <= longest and Kind.ABSENT not in marks.values()
        for frame in range(first + 1, last):
            if whole or marks.get(frame) is Kind.BETWEEN:
                part = (frame - first) / (last - first)
                placed[frame] = Placed(_on_the_line(known[first].xyxy, known[last].xyxy, part), None)
    return placed


def clashes(labels: Iterable[FrameLabel]) -> Iterator[FrameLabel]:
    """Crops of one person beside another of theirs in one frame of a video, of which one must be wrong."""
    crops = (label for label in labels if label.crop is not None)
    place = attrgetter("video", "frame")
    for _, together in groupby(sorted(crops, key=place), key=place):
        same = list(together)
        if len(same) > 1:
            yield from same


def _on_the_line(start: Box, end: Box, part: float) -> Box:
    left, top, right, bottom = (a + part * (b - a) for a, b in zip(start, end, strict=True))
    return left, top, right, bottom
