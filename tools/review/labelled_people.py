"""People and their boxes by the data and the edits: the state that a replay of the edits changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from reid.data.crop_table import CropRow

from .records import DataSet, boxed

Box = tuple[float, float, float, float]
"""Corners x0, y0, x1, y1 in pixels of the source."""


class Kind(Enum):
    """How a label is known; of several in one frame the first in this order counts."""

    DRAWN = "drawn"  # a box made by hand where there was no crop
    CORRECTED = "corrected"  # a crop whose box was corrected by hand
    CROP = "crop"  # as the detector had it
    BETWEEN = "between"  # the person is there; the box lies on the line between the neighbouring ones
    ABSENT = "absent"  # the person is not there, so no gap is filled across this frame


RANK = {kind: rank for rank, kind in enumerate(Kind)}


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


@dataclass
class LabelledPeople:
    """The labels by person, while edits are being applied.

    Numbers are never used twice: a new person gets the next after all before.
    """

    people: dict[int, list[FrameLabel]]
    videos: dict[str, int]
    """Video to its place in the order of videos."""
    lengths: dict[str, int]
    """Video to its number of frames."""
    by_image: dict[str, FrameLabel]
    next_number: int
    known: set[int] = field(default_factory=set)
    """Every number that is or was a person's."""

    @classmethod
    def of(cls, data: DataSet) -> LabelledPeople:
        """The data as it is on disk, before any edit."""
        people: dict[int, list[FrameLabel]] = {}
        by_image = {}
        for crop in data.crops:
            label = FrameLabel(crop.person, crop.video, crop.frame, Kind.CROP, crop.xyxy if boxed(crop) else None, crop)
            people.setdefault(crop.person, []).append(label)
            by_image[crop.image] = label
        videos = {video: place for place, video in enumerate(data.videos)}
        lengths = {video: data.length(video) for video in data.videos}
        return cls(people, videos, lengths, by_image, max(people, default=-1) + 1, set(people))

    def new_person(self) -> int:
        """The next free number."""
        number = self.next_number
        self.next_number += 1
        self.known.add(number)
        return number

    def add(self, label: FrameLabel) -> None:
        self.people.setdefault(label.person, []).append(label)

    def remove(self, labels: Iterable[FrameLabel]) -> None:
        for label in self._take(labels):
            if label.crop is not None:
                self.by_image.pop(label.crop.image, None)

    def give(self, labels: Iterable[FrameLabel], person: int) -> None:
        """Make the labels another person's."""
        for label in self._take(label for label in labels if label.person != person):
            label.person = person
            self.add(label)

    def within(self, person: int, video: str, first: int, last: int | None) -> list[FrameLabel]:
        """The person's labels in frames `first` to `last`, both included, or to the end."""
        return [
            label
            for label in self.people.get(person, ())
            if label.video == video and first <= label.frame and (last is None or label.frame <= last)
        ]

    def at(self, person: int, video: str, frame: int) -> list[FrameLabel]:
        """The person's labels in one frame, the one to believe first."""
        return sorted(self.within(person, video, frame, frame), key=lambda label: label.rank)

    def moment(self, label: FrameLabel) -> tuple[int, int]:
        """Sorts labels by time, one video after the other."""
        return self.videos[label.video], label.frame

    def _take(self, labels: Iterable[FrameLabel]) -> list[FrameLabel]:
        taken = list(labels)
        gone = {id(label) for label in taken}
        for person in {label.person for label in taken}:
            self.people[person] = [label for label in self.people[person] if id(label) not in gone]
            if not self.people[person]:
                del self.people[person]
        return taken
