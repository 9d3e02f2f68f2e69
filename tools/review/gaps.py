"""A person's boxes frame by frame: known ones, and those interpolated between two known ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from .labelled_people import RANK, Box, FrameLabel, Kind, LabelledPeople

FILLED = -1
"""In place of a row's index: the box was filled in."""


class Placed(NamedTuple):
    """A box to show or to write; `label` is None where it was filled in."""

    xyxy: Box
    label: FrameLabel | None


class Places(NamedTuple):
    """One person's boxes in one video, by frame.

    frame (n,) int, xyxy (n, 4) pixels, row (n,) index of the label or `FILLED`.
    """

    frame: np.ndarray
    xyxy: np.ndarray
    row: np.ndarray


def places(frame: np.ndarray, rank: np.ndarray, score: np.ndarray, xyxy: np.ndarray, longest: float) -> Places:
    """The boxes of one person's labels (n,) in one video, the one to believe where a frame has several.

    Between two known boxes no more than `longest` frames apart, those of the frames between are interpolated linearly,
    unless the person is marked as absent in one of them; in frames marked as between they are in any case.
    """
    order = np.lexsort((-score, rank, frame))
    believed_rows = order[np.diff(frame[order], prepend=-1) > 0]
    known = believed_rows[~np.isnan(xyxy[believed_rows, 0])]
    if not len(known):
        return Places(np.zeros(0, int), np.zeros((0, 4)), np.zeros(0, int))
    at, boxes = frame[known].astype(int), xyxy[known]
    marked = believed_rows[np.isnan(xyxy[believed_rows, 0])]
    absent = frame[marked[rank[marked] == RANK[Kind.ABSENT]]]
    lined = frame[marked[rank[marked] == RANK[Kind.BETWEEN]]]
    start, end = at[:-1], at[1:]
    whole = (end - start <= longest) & (np.searchsorted(absent, end) == np.searchsorted(absent, start))
    spans = zip(start[whole & (end - start > 1)].tolist(), end[whole & (end - start > 1)].tolist(), strict=True)
    filled = np.unique(np.concatenate([lined, *(np.arange(first + 1, last) for first, last in spans)])).astype(int)
    filled = filled[(filled > at[0]) & (filled < at[-1])]
    after = np.searchsorted(at, filled)
    part = ((filled - at[after - 1]) / (at[after] - at[after - 1]))[:, None]
    on_lines = boxes[after - 1] + part * (boxes[after] - boxes[after - 1])
    frames = np.concatenate([at, filled])
    sorted_rows = np.argsort(frames)
    rows = np.concatenate([known, np.full(len(filled), FILLED)])
    return Places(frames[sorted_rows], np.concatenate([boxes, on_lines])[sorted_rows], rows[sorted_rows])


def places_of(labelled: LabelledPeople, person: int, video: str, longest: float) -> Places:
    """`places` of a person; `row` are those of `labelled`."""
    rows = labelled.within(person, video, 0, None)
    found = places(labelled.frame[rows], labelled.rank[rows], labelled.score[rows], labelled.xyxy[rows], longest)
    return found._replace(row=np.where(found.row == FILLED, FILLED, rows[found.row]))


def placed_boxes(labels: Iterable[FrameLabel], longest: float) -> dict[int, Placed]:
    """`places` of one person's labels in one video, by frame."""
    own = list(labels)
    unknown = (np.nan,) * 4
    found = places(
        np.array([label.frame for label in own], int),
        np.array([RANK[label.kind] for label in own], int),
        np.array([label.crop.score if label.crop else 0.0 for label in own]),
        np.array([label.xyxy or unknown for label in own]).reshape(-1, 4),
        longest,
    )
    rows = zip(*(column.tolist() for column in found), strict=True)
    return {frame: Placed(tuple(xyxy), None if row == FILLED else own[row]) for frame, xyxy, row in rows}


def believed(labels: Iterable[FrameLabel]) -> dict[int, FrameLabel]:
    """One person's labels in one video, the one to believe in each frame, in the order of frames."""
    ordered = sorted(labels, key=lambda label: (label.frame, label.rank))
    return {frame: next(together) for frame, together in groupby(ordered, key=lambda label: label.frame)}


def clashes(labels: Iterable[FrameLabel]) -> Iterator[FrameLabel]:
    """Crops of one person beside another of theirs in one frame of a video, of which one must be wrong."""
    crops = (label for label in labels if label.crop is not None)
    place = attrgetter("video", "frame")
    for _, together in groupby(sorted(crops, key=place), key=place):
        same = list(together)
        if len(same) > 1:
            yield from same
