"""People and their boxes by the data and the edits: the state that a replay of the edits changes."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from reid.dancereid.progress import SourceVideo
from reid.data.crop_table import CropRow
from tracker.results.moment_words import GONE

Box = tuple[float, float, float, float]
"""Corners x0, y0, x1, y1 in pixels of the source."""


class Kind(Enum):
    """How a label is known; of several in one frame the first in this order counts."""

    DRAWN = "drawn"  # a box made by hand where there was none
    CORRECTED = "corrected"  # a box that was corrected by hand
    CROP = "crop"  # as the detector had it
    BETWEEN = "between"  # the person is there; the box lies on the line between the neighbouring ones
    ABSENT = "absent"  # the person is not there, so no gap is filled across this frame

    @classmethod
    def of(cls, rank: int) -> Kind:
        """The kind of this place in the order."""
        return tuple(cls)[rank]


RANK = {kind: rank for rank, kind in enumerate(Kind)}
BY_HAND = (RANK[Kind.DRAWN], RANK[Kind.CORRECTED])
"""Ranks of keyframes, which straight lines leave as they are."""


@dataclass(frozen=True)
class Columns:
    """The labels before any edit, N rows.

    person (N,) int32, video (N,) int32 (place among the videos), frame (N,) int64 from 0, xyxy (N, 4) float64 pixels,
    NaN where unknown, score (N,) float32.
    """

    person: np.ndarray
    video: np.ndarray
    frame: np.ndarray
    xyxy: np.ndarray
    score: np.ndarray


class Reviewed(Protocol):
    """What is reviewed: the people of a data set, or of a run."""

    @property
    def folder(self) -> Path: ...
    @property
    def videos(self) -> tuple[str, ...]: ...
    @property
    def sources(self) -> dict[str, SourceVideo]: ...
    @property
    def names(self) -> dict[int, str]: ...
    @property
    def crops(self) -> tuple[CropRow, ...]:
        """The rows' crops, in their order; empty where there are none on disk."""
        ...

    @property
    def columns(self) -> Columns: ...
    @property
    def moment_keys(self) -> frozenset[str]:
        """Of the doubtful moments; only a run has any."""
        ...

    def fps(self, video: str) -> float: ...
    def length(self, video: str) -> int: ...


@dataclass(slots=True)
class FrameLabel:
    """One person in one frame. `xyxy` is None where the box is unknown or interpolated, `crop` where there is none."""

    person: int
    video: str
    frame: int
    kind: Kind
    xyxy: Box | None = None
    crop: CropRow | None = None

    @property
    def rank(self) -> tuple[int, float]:
        """Sorts the labels of one person in one frame, the one to believe first."""
        return RANK[self.kind], -self.crop.score if self.crop else 0.0


class LabelledPeople:
    """The labels while edits are being applied, in columns: those of the data first, in its order, then new ones.

    person, video, frame, xyxy, score as in `Columns`, rank (N,) int8: place in `Kind`. The arrays are replaced, never
    written to, so that a copy (`copied`) is cheap and keeps its state. Numbers are never used twice: a new person gets
    the next after all before.
    """

    def __init__(self, data: Reviewed) -> None:
        """The data as it is on disk, before any edit."""
        self.data = data
        self.videos = {video: place for place, video in enumerate(data.videos)}
        self.lengths = {video: data.length(video) for video in data.videos}
        columns = data.columns
        self.person, self.video, self.frame = columns.person, columns.video, columns.frame
        self.xyxy, self.score = columns.xyxy, columns.score
        self.rank = np.full(len(columns.person), RANK[Kind.CROP], np.int8)
        self.arrived = np.zeros(len(columns.person), np.int32)
        """The change with which the label became its person's; of two alike the one who was there first counts."""
        self._changes = 0
        self.known: frozenset[int] = frozenset(np.unique(columns.person).tolist())
        """Every number that is or was a person's."""
        self.next_number = max(self.known, default=-1) + 1
        self.names: dict[int, str] = dict(data.names)
        self.looked: frozenset[str] = frozenset()
        """Keys of the moments that were looked at."""

    def copied(self) -> LabelledPeople:
        """The same state, to be changed apart."""
        other = copy.copy(self)
        other.__dict__.pop("people", None)
        return other

    def touched_since(self, before: LabelledPeople) -> set[int]:
        """People whose labels are not the same as in another state of the same data."""
        same = min(len(before.person), len(self.person))
        changed = before.person[:same] != self.person[:same]
        if before.frame is not self.frame:  # edits that were written by hand add labels in other frames
            changed |= before.frame[:same] != self.frame[:same]
            changed |= before.video[:same] != self.video[:same]
        if before.rank is not self.rank or before.xyxy is not self.xyxy:
            changed |= before.rank[:same] != self.rank[:same]
            moved = np.unique(np.flatnonzero(before.xyxy[:same] != self.xyxy[:same]) // 4)
            changed[moved] |= ~np.isnan(self.xyxy[moved]).any(axis=1)
        people: set[int] = set()
        for one in (before, self):
            people |= set(one.person[:same][changed].tolist()) | set(one.person[same:].tolist())
        return people - {GONE}

    def is_like(self, other: LabelledPeople) -> bool:
        """Whether nothing that is shown is another."""
        same = (self.names, self.looked) == (other.names, other.looked)
        return same and len(self.person) == len(other.person) and not self.touched_since(other)

    @cached_property
    def people(self) -> dict[int, list[FrameLabel]]:
        """The labels by person; a view that later changes do not reach."""
        people: dict[int, list[FrameLabel]] = {}
        for row in np.argsort(self.arrived, kind="stable").tolist():
            if self.person[row] == GONE:
                continue
            label = self.label(row)
            people.setdefault(label.person, []).append(label)
        return people

    @cached_property
    def row_of_image(self) -> dict[str, int]:
        """The rows of the crops, those thrown out too, by file name."""
        return {crop.image: row for row, crop in enumerate(self.data.crops)}

    def label(self, row: int) -> FrameLabel:
        """One row as an object."""
        left, top, right, bottom = self.xyxy[row].tolist()
        xyxy = None if np.isnan(left) else (left, top, right, bottom)
        crop = self.data.crops[row] if row < len(self.data.crops) else None
        video = self.data.videos[self.video[row]]
        return FrameLabel(int(self.person[row]), video, int(self.frame[row]), Kind.of(self.rank[row]), xyxy, crop)

    def rows_of(self, person: int) -> np.ndarray:
        """Indices of a person's labels in the order they became theirs, (n,)."""
        rows = np.flatnonzero(self.person == person)
        return rows[np.argsort(self.arrived[rows], kind="stable")]

    def within(self, person: int, video: str, first: int, last: int | None) -> np.ndarray:
        """Indices of the person's labels in frames `first` to `last`, both included, or to the end, (n,)."""
        rows = self.rows_of(person)
        frame = self.frame[rows]
        inside = (self.video[rows] == self.videos[video]) & (frame >= first)
        return rows[inside if last is None else inside & (frame <= last)]

    def at(self, person: int, video: str, frame: int) -> np.ndarray:
        """Indices of the person's labels in one frame, the one to believe first, (n,)."""
        rows = self.within(person, video, frame, frame)
        return rows[np.lexsort((-self.score[rows], self.rank[rows]))]

    def new_person(self) -> int:
        """The next free number."""
        number = self.next_number
        self.next_number += 1
        self.known |= {number}
        return number

    def give(self, rows: np.ndarray, person: int) -> None:
        """Make the labels another person's."""
        self._changes += 1
        self.person, self.arrived = self.person.copy(), self.arrived.copy()
        self.arrived[rows[self.person[rows] != person]] = self._changes
        self.person[rows] = person

    def remove(self, rows: np.ndarray) -> None:
        """Throw the labels out."""
        self.give(rows, GONE)

    def mark(self, rows: np.ndarray, kind: Kind, xyxy: np.ndarray) -> None:
        """Make the labels (n,) known in this way, with these boxes (n, 4)."""
        self.rank, self.xyxy = self.rank.copy(), self.xyxy.copy()
        self.rank[rows], self.xyxy[rows] = RANK[kind], xyxy

    def add(self, person: int, video: str, frames: Iterable[int], kind: Kind, xyxy: np.ndarray | None = None) -> None:
        """New labels of a person in these n frames, with boxes (n, 4) where they are known."""
        frame = np.fromiter(frames, np.int64)
        count = len(frame)
        boxes = np.full((count, 4), np.nan) if xyxy is None else xyxy
        self.person = np.append(self.person, np.full(count, person, np.int32))
        self.video = np.append(self.video, np.full(count, self.videos[video], np.int32))
        self.frame = np.append(self.frame, frame)
        self.xyxy = np.append(self.xyxy, boxes, axis=0)
        self.score = np.append(self.score, np.ones(count, np.float32))
        self._changes += 1
        self.arrived = np.append(self.arrived, np.full(count, self._changes, np.int32))
        self.rank = np.append(self.rank, np.full(count, RANK[kind], np.int8))

    def moments(self, rows: np.ndarray) -> np.ndarray:
        """Sorts the labels (n,) by time, one video after the other: (n,) int64."""
        return self.video[rows].astype(np.int64) << 41 | self.frame[rows]
