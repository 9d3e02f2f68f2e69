"""Who was seen where, while edits are being applied: the state that a replay of the edits changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from reid.data.crop_table import CropRow

from .records import DataSet, boxed

Box = tuple[float, float, float, float]
"""Corners x0, y0, x1, y1 in pixels of the source."""


class Kind(Enum):
    """How a sighting is known; of several in one frame the first in this order counts."""

    DRAWN = "drawn"  # a box made by hand where there was no crop
    CORRECTED = "corrected"  # a crop whose box was put right by hand
    CROP = "crop"  # as the detector had it
    BETWEEN = "between"  # she is there; her box lies on the line between the neighbouring ones
    ABSENT = "absent"  # she is not there, so no gap is filled across this frame


RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(slots=True)
class Sighting:
    """One person in one frame. `xyxy` is None where her box is unknown or reckoned, `crop` where she has no picture."""

    person: int
    video: str
    frame: int
    kind: Kind
    xyxy: Box | None = None
    crop: CropRow | None = None

    @property
    def rank(self) -> tuple[int, float]:
        """Sorts the sightings of one person in one frame, the one to believe first."""
        return RANK[self.kind], -self.crop.score if self.crop else 0.0


@dataclass
class Cast:
    """Everybody's sightings, by person. Numbers are never used twice: a new person gets the next after all before."""

    people: dict[int, list[Sighting]]
    videos: dict[str, int]
    """Video to its place in the order of videos."""
    lengths: dict[str, int]
    """Video to its number of frames."""
    by_image: dict[str, Sighting]
    next_number: int
    known: set[int] = field(default_factory=set)
    """Every number that is or was somebody's."""

    @classmethod
    def of(cls, data: DataSet) -> Cast:
        """The data as it is on disk, before any edit."""
        people: dict[int, list[Sighting]] = {}
        by_image = {}
        for crop in data.crops:
            sighting = Sighting(
                crop.person, crop.video, crop.frame, Kind.CROP, crop.xyxy if boxed(crop) else None, crop
            )
            people.setdefault(crop.person, []).append(sighting)
            by_image[crop.image] = sighting
        videos = {video: place for place, video in enumerate(data.videos)}
        lengths = {video: data.length(video) for video in data.videos}
        return cls(people, videos, lengths, by_image, max(people, default=-1) + 1, set(people))

    def new_person(self) -> int:
        """The next free number."""
        number = self.next_number
        self.next_number += 1
        self.known.add(number)
        return number

    def add(self, sighting: Sighting) -> None:
        self.people.setdefault(sighting.person, []).append(sighting)

    def remove(self, sightings: Iterable[Sighting]) -> None:
        removed = list(sightings)
        gone = {id(sighting) for sighting in removed}
        for sighting in removed:
            if sighting.crop is not None:
                self.by_image.pop(sighting.crop.image, None)
        for person in {sighting.person for sighting in removed}:
            self._keep(person, [sighting for sighting in self.people[person] if id(sighting) not in gone])

    def give(self, sightings: Iterable[Sighting], person: int) -> None:
        """Make the sightings somebody else's."""
        given = [sighting for sighting in sightings if sighting.person != person]
        moved = {id(sighting) for sighting in given}
        for giver in {sighting.person for sighting in given}:
            self._keep(giver, [sighting for sighting in self.people[giver] if id(sighting) not in moved])
        for sighting in given:
            sighting.person = person
        if given:
            self.people.setdefault(person, []).extend(given)

    def within(self, person: int, video: str, first: int, last: int | None) -> list[Sighting]:
        """Her sightings in frames `first` to `last`, both included, or to the end."""
        return [
            sighting
            for sighting in self.people.get(person, ())
            if sighting.video == video and first <= sighting.frame and (last is None or sighting.frame <= last)
        ]

    def at(self, person: int, video: str, frame: int) -> list[Sighting]:
        """Her sightings in one frame, the one to believe first."""
        return sorted(self.within(person, video, frame, frame), key=lambda sighting: sighting.rank)

    def moment(self, sighting: Sighting) -> tuple[int, int]:
        """Sorts sightings by time, one video after the other."""
        return self.videos[sighting.video], sighting.frame

    def _keep(self, person: int, sightings: list[Sighting]) -> None:
        if sightings:
            self.people[person] = sightings
        else:
            del self.people[person]
