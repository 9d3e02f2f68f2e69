"""Tracklets (`Stretch`): parts of tracks that show one person each, and the person where that is not known.

A tracklet too unclear to be recognised shows the person its track shows before and after, if that person is not
elsewhere in the same frames.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """The track's id, the frames (F,) int, ascending, and the person (from 0) shown there, or `UNKNOWN`."""

    track: int
    frames: np.ndarray
    person: int = UNKNOWN


def assign_people(stretches: Sequence[Stretch], min_frames: int = 0, cast: int | None = None) -> list[Stretch]:
    """The same frames cut into tracklets whose people are all known; no person is twice in a frame.

    stretches: those of one person must not share a frame. min_frames: a person of fewer frames in all is taken
    for another one that their tracks show. cast: the most people there may be; those seen most stay.

    Frames in which none of the track's people is free are left out, unless they are at least `min_frames` and the cast
    is open: then they are a person of their own.
    """
    believed = _believed(stretches, min_frames, cast)
    assignment = _Assignment([each if each.person in believed else replace(each, person=UNKNOWN) for each in stretches])
    for stretch in sorted(stretches, key=lambda stretch: -len(stretch.frames)):
        if stretch.person not in believed:
            left = assignment.place(stretch)
            if cast is not None:
                assignment.place_anywhere(stretch.track, left)
            elif len(left) >= max(min_frames, 1):
                assignment.add(Stretch(stretch.track, left, assignment.new_person()))
    return assignment.assigned


def _believed(stretches: Sequence[Stretch], min_frames: int, cast: int | None) -> set[int]:
    seen: Counter[int] = Counter()
    for stretch in stretches:
        seen[stretch.person] += len(stretch.frames)
    del seen[UNKNOWN]
    return {person for person, frames in seen.most_common(cast) if frames >= min_frames or cast is not None}


class _Assignment:
    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.assigned: list[Stretch] = []
        self.elsewhere: dict[int, set[int]] = defaultdict(set)
        self.known: dict[int, list[tuple[int, int]]] = defaultdict(list)  # of a track: frame, person
        for stretch in stretches:
            if stretch.person != UNKNOWN and len(stretch.frames):
                self.add(stretch)
                self.known[stretch.track] += [
                    (int(stretch.frames[0]), stretch.person),
                    (int(stretch.frames[-1]), stretch.person),
                ]

    def add(self, stretch: Stretch) -> None:
        self.assigned.append(stretch)
        self.elsewhere[stretch.person].update(stretch.frames.tolist())

    def new_person(self) -> int:
        """The next free number."""
        return max(self.elsewhere, default=UNKNOWN) + 1

    def place(self, stretch: Stretch) -> np.ndarray:
        """Give the frames to the track's people, whole to the nearest in time who is free; returns the frames left."""
        left = stretch.frames
        for person in [*self._nearest(stretch, free_in_all=True), *self._nearest(stretch, free_in_all=False)]:
            free = np.array([frame not in self.elsewhere[person] for frame in left.tolist()], bool)
            if free.any():
                self.add(Stretch(stretch.track, left[free], person))
                left = left[~free]
        return left

    def _nearest(self, stretch: Stretch, free_in_all: bool) -> list[int]:
        """The people of the tracklet's track, the nearest in time first."""
        first, last = stretch.frames[0], stretch.frames[-1]
        distance: dict[int, int] = {}
        for at, person in self.known[stretch.track]:
            away = min(abs(int(first) - at), abs(int(last) - at))
            distance[person] = min(away, distance.get(person, away))
        people = sorted(distance, key=lambda person: (distance[person], person))
        frames = set(stretch.frames.tolist())
        return [person for person in people if not free_in_all or not frames & self.elsewhere[person]]

    def place_anywhere(self, track: int, frames: np.ndarray) -> None:
        """Give the frames to the person who is free in most of them; the others are left out."""
        free = {person: [f for f in frames.tolist() if f not in there] for person, there in self.elsewhere.items()}
        person = max(free, key=lambda each: len(free[each]), default=UNKNOWN)
        if person != UNKNOWN and free[person]:
            self.add(Stretch(track, np.array(free[person]), person))
