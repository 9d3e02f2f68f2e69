"""Presence: when each person was on stage, and the other facts of the summary, tracks.json and report.html."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..types import Frame, FrameTracks, Recovery, is_absence


@dataclass(slots=True)
class Person:
    """One id: when it was seen, how often, and how it was found again.

    `stays` on stage are [first, last] times in seconds, in order; `boxes` counts the frames it was seen in.
    """

    id: int
    stays: list[list[float]] = field(default_factory=list)
    boxes: int = 0
    recoveries: list[Recovery] = field(default_factory=list)
    unsure: list[list[int]] = field(default_factory=list)
    """[first, last] frames along the source in which the id is not sure (`FrameTracks.unsure`), in order."""
    last_seen: int = -1
    """Number of the last frame the person was seen in, among those written."""
    last_unsure: int = -1
    """The same of the last frame in which the id was not sure."""

    @property
    def seconds(self) -> float:
        """Time on stage in seconds: the lengths of the stays together."""
        return sum(end - start for start, end in self.stays)

    @property
    def longest_absence(self) -> float:
        """The longest time in seconds between a stay and the next, 0 with one stay."""
        return max((start - end for (_, end), (start, _) in pairwise(self.stays)), default=0.0)

    def see(self, frame: int, seconds: float) -> None:
        """The person is in the `frame`-th frame written, at `seconds`."""
        if not self.stays or is_absence(frame - self.last_seen, seconds - self.stays[-1][1]):
            self.stays.append([seconds, seconds])
        self.stays[-1][1] = seconds
        self.last_seen = frame
        self.boxes += 1

    def doubt(self, frame: int, index: int) -> None:
        """The id is not sure in the `frame`-th frame written, which is `index` along the source."""
        if not self.unsure or frame - self.last_unsure > 1:
            self.unsure.append([index, index])
        self.unsure[-1][1] = index
        self.last_unsure = frame


def seconds_on_stage(frames: np.ndarray, times: np.ndarray) -> float:
    """Time on stage in seconds of a person with boxes in these of the tracked frames (N,), in order, N > 0.

    times: when they are, (N,) seconds.
    """
    steps = np.diff(times)
    return float(steps[~is_absence(np.diff(frames), steps)].sum())


class Summary:
    """A sink that keeps no frames, only what the closing summary, tracks.json and the report show.

    Its memory grows with people and their stays, not with frames. `clock` gives wall seconds; `spent` is work
    done on the video before it began.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter, spent: float = 0.0) -> None:
        self._clock = clock
        self._spent = spent
        self._started = self._latest = clock()
        self._people: dict[int, Person] = {}
        self._last_index = -1
        self.frames = 0
        self.boxes = 0
        self.cuts: list[float] = []
        """Times of the camera cuts in seconds."""
        self.cut_frames: list[int] = []
        """Their frames, from 0 along the source."""
        self.duration = 0.0
        """Time of the last frame in seconds."""

    def __enter__(self) -> Summary:
        self._started = self._latest = self._clock()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Take in one frame; raises ValueError where frames do not come in order, each once."""
        if frame.index <= self._last_index:
            raise ValueError(f"frame {frame.index} came after frame {self._last_index}")
        self._last_index = frame.index
        for identity in tracks.ids.tolist():
            self._people.setdefault(identity, Person(identity)).see(self.frames, frame.time)
        for identity in tracks.unsure:
            self._people.setdefault(identity, Person(identity)).doubt(self.frames, frame.index)
        for recovery in tracks.recoveries:
            self._people.setdefault(recovery.id, Person(recovery.id)).recoveries.append(recovery)
        if tracks.cut:
            self.cuts.append(frame.time)
            self.cut_frames.append(frame.index)
        self.frames += 1
        self.boxes += len(tracks)
        self.duration = frame.time
        self._latest = self._clock()

    @property
    def people(self) -> list[Person]:
        """All people seen, by id."""
        return [self._people[identity] for identity in sorted(self._people)]

    @property
    def recoveries(self) -> list[Recovery]:
        """All recoveries in the order of time."""
        return sorted((r for person in self._people.values() for r in person.recoveries), key=lambda r: (r.time, r.id))

    @property
    def returns(self) -> list[Recovery]:
        """Those of the recoveries of people who had been away (`Recovery.is_return`)."""
        return [recovery for recovery in self.recoveries if recovery.is_return]

    @property
    def told(self) -> list[Recovery]:
        """Those that a viewer is told of: returns, and people known from a cast file."""
        return [recovery for recovery in self.recoveries if recovery.is_told]

    @property
    def across_cuts(self) -> list[Recovery]:
        """Those of people recognised when another camera took over."""
        return [recovery for recovery in self.recoveries if recovery.across_cut]

    @property
    def remembered(self) -> list[Recovery]:
        """Those of people known from a cast file, when they first appeared."""
        return [recovery for recovery in self.recoveries if recovery.remembered]

    @property
    def longest_absence(self) -> float:
        """The longest time in seconds after which a person came back, 0 if none did."""
        gaps = [person.longest_absence for person in self._people.values()]
        return max([*gaps, *(recovery.away for recovery in self.returns)], default=0.0)

    @property
    def wall_seconds(self) -> float:
        """Seconds of work, from the start to the last frame, and what was spent before."""
        return self._spent + self._latest - self._started

    @property
    def frames_per_second(self) -> float:
        """Frames done per second of work."""
        return self.frames / self.wall_seconds if self.wall_seconds > 0 else 0.0
