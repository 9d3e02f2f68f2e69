"""Stretches of tracks, each of which shows one person, and whose they are where nobody could tell.

Whoever was seen too unclearly to be known is the person whom her track shows before and after, if that one is not
elsewhere in the same frames.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """The track's id, the frames (F,) int, ascending, and the person (from 0) shown there, or `NOBODY` known."""

    track: int
    frames: np.ndarray
    person: int = NOBODY


def settle(stretches: Sequence[Stretch], least: int = 0, cast: int | None = None) -> list[Stretch]:
    """The same frames cut into stretches that all show somebody; nobody is twice in a frame.

    stretches: those of one person must not share a frame. least: a person of fewer frames in all is not believed in;
    her stretches go to whom their tracks show else. cast: the most people there may be; those seen most stay.

    Frames in which nobody of the track's people is free are left out, unless they are at least `least` and the cast is
    open: then they are a person of their own.
    """
    believed = _believed(stretches, least, cast)
    settling = _Settling([each if each.person in believed else replace(each, person=NOBODY) for each in stretches])
    for stretch in sorted(stretches, key=lambda stretch: -len(stretch.frames)):
        if stretch.person not in believed:
            left = settling.place(stretch)
            if cast is not None:
                settling.place_anywhere(stretch.track, left)
            elif len(left) >= max(least, 1):
                settling.add(Stretch(stretch.track, left, settling.newcomer()))
    return settling.settled


def _believed(stretches: Sequence[Stretch], least: int, cast: int | None) -> set[int]:
    seen: Counter[int] = Counter()
    for stretch in stretches:
        seen[stretch.person] += len(stretch.frames)
    del seen[NOBODY]
    return {person for person, frames in seen.most_common(cast) if frames >= least or cast is not None}


class _Settling:
    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.settled: list[Stretch] = []
        self.elsewhere: dict[int, set[int]] = defaultdict(set)
        self.known: dict[int, list[tuple[int, int]]] = defaultdict(list)  # of a track: frame, person
        for stretch in stretches:
            if stretch.person != NOBODY and len(stretch.frames):
                self.add(stretch)
                self.known[stretch.track] += [
                    (int(stretch.frames[0]), stretch.person),
                    (int(stretch.frames[-1]), stretch.person),
                ]

    def add(self, stretch: Stretch) -> None:
        self.settled.append(stretch)
        self.elsewhere[stretch.person].update(stretch.frames.tolist())

    def newcomer(self) -> int:
        """The number of a person nobody is yet."""
        return max(self.elsewhere, default=NOBODY) + 1

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
        """The people of the stretch's track, the nearest in time first."""
        first, last = stretch.frames[0], stretch.frames[-1]
        distance: dict[int, int] = {}
        for at, person in self.known[stretch.track]:
            away = min(abs(int(first) - at), abs(int(last) - at))
            distance[person] = min(away, distance.get(person, away))
        people = sorted(distance, key=lambda person: (distance[person], person))
        frames = set(stretch.frames.tolist())
        return [person for person in people if not free_in_all or not frames & self.elsewhere[person]]

    def place_anywhere(self, track: int, frames: np.ndarray) -> None:
        """Give the frames to whoever is free in most of them; those in which she is not are left out."""
        free = {person: [f for f in frames.tolist() if f not in there] for person, there in self.elsewhere.items()}
        person = max(free, key=lambda each: len(free[each]), default=NOBODY)
        if person != NOBODY and free[person]:
            self.add(Stretch(track, np.array(free[person]), person))
