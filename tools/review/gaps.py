"""A person's boxes frame by frame: those that are known, and those that lie on a line between two known ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from .cast import Box, Kind, Sighting


class Placed(NamedTuple):
    """A box to show or to write; `sighting` is None where it was filled in."""

    xyxy: Box
    sighting: Sighting | None


def believed(sightings: Iterable[Sighting]) -> dict[int, Sighting]:
    """One person's sightings in one video, the one to believe in each frame, in the order of frames."""
    ordered = sorted(sightings, key=lambda sighting: (sighting.frame, sighting.rank))
    return {frame: next(together) for frame, together in groupby(ordered, key=lambda sighting: sighting.frame)}


def placed_boxes(sightings: Iterable[Sighting], longest: float) -> dict[int, Placed]:
    """One person's boxes in one video, by frame.

    Between two known boxes no more than `longest` frames apart, those of the frames between are interpolated linearly,
    unless she is marked as absent in one of them; in frames marked as between they are in any case.
    """
    hers = believed(sightings)
    known = {frame: Placed(sighting.xyxy, sighting) for frame, sighting in hers.items() if sighting.xyxy is not None}
    placed = dict(known)
    for first, last in pairwise(known):
        marks = {frame: hers[frame].kind for frame in range(first + 1, last) if frame in hers}
        whole = last - first <= longest and Kind.ABSENT not in marks.values()
        for frame in range(first + 1, last):
            if whole or marks.get(frame) is Kind.BETWEEN:
                part = (frame - first) / (last - first)
                placed[frame] = Placed(_on_the_line(known[first].xyxy, known[last].xyxy, part), None)
    return placed


def clashes(sightings: Iterable[Sighting]) -> Iterator[Sighting]:
    """Crops of one person beside another one of hers in the same frame of a video, of which one must be wrong."""
    crops = (sighting for sighting in sightings if sighting.crop is not None)
    for _, together in groupby(sorted(crops, key=_place), key=_place):
        same = list(together)
        if len(same) > 1:
            yield from same


def _place(sighting: Sighting) -> tuple[str, int]:
    return sighting.video, sighting.frame


def _on_the_line(start: Box, end: Box, part: float) -> Box:
    left, top, right, bottom = (a + part * (b - a) for a, b in zip(start, end, strict=True))
    return left, top, right, bottom
