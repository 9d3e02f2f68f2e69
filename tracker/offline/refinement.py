"""The second pass: better identities for the finished tracks of a whole video. Offline: it uses later frames.

Which person each tracklet shows is given (by appearance over the whole video); here the rows get their ids by
it, short gaps are filled, and recoveries are recomputed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..camera_cuts import with_cuts
from ..gap_filling import GapOptions, fill_gaps
from ..types import MAX_ABSENCE, FrameTracks, InputError, Recovery, is_absence
from .stretches import Stretch, assign_people

OFFLINE = "refined offline"
"""What a result of two passes is called wherever it is shown."""


@dataclass(frozen=True, slots=True)
class RefinementOptions:
    """What the second pass may change."""

    min_seconds: float = 0.5
    """A person seen for fewer seconds in the whole video is taken for one of the others."""
    absence: float = MAX_ABSENCE
    """Seconds of absence after which a return is reported as a recovery."""
    gaps: GapOptions = field(default_factory=GapOptions)

    def __post_init__(self) -> None:
        if not (0 <= self.min_seconds < math.inf and self.absence >= 0):
            raise InputError("the seconds of --refinement must be 0 or more, and --refinement.min-seconds finite")


@dataclass(frozen=True, slots=True)
class Numbering:
    """Which ids refined people get: those in `kept` (of a cast file) as the online pass gave them, all others from
    `first` on, without gaps, in the order in which they appear."""

    first: int = 1
    kept: Collection[int] = ()


def refine(
    tracks: Sequence[FrameTracks],
    stretches: Sequence[Stretch],
    fps: float,
    options: RefinementOptions = RefinementOptions(),
    *,
    cast: int | None = None,
    numbering: Numbering = Numbering(),
) -> list[FrameTracks]:
    """All frames of a video, in order, with refined ids.

    tracks: what the online pass reported. stretches: tracklets that hold every row of it once, by its id
    and frame, with the person shown; those of one person share no frame. cast: the most people there are.
    A frame never shows an id twice; rows that would show a person a second time may be left out.
    """
    settled = assign_people(stretches, round(options.min_seconds * fps), cast)
    ids = person_ids(settled, numbering, cast)
    named = _renamed(tracks, {(f, s.track): ids[s.person] for s in settled for f in s.frames.tolist()})
    filled = list(fill_gaps(named, options.gaps))
    return _with_returns(filled, options.absence, _remembered(tracks, numbering.kept))


def person_ids(stretches: Sequence[Stretch], numbering: Numbering, cast: int | None = None) -> dict[int, int]:
    """The id of each person: the kept one that most of its rows have, or else the next number.

    Where the cast has no room for new people, the kept ids that are free go to the people left.
    """
    shared: Counter[tuple[int, int]] = Counter()
    first: dict[int, int] = {}
    for stretch in stretches:
        first[stretch.person] = min(int(stretch.frames[0]), first.get(stretch.person, int(stretch.frames[0])))
        if stretch.track in numbering.kept:
            shared[stretch.person, stretch.track] += len(stretch.frames)
    ids: dict[int, int] = {}
    for (person, kept), _ in shared.most_common():
        if person not in ids and kept not in ids.values():
            ids[person] = kept
    others = sorted((person for person in first if person not in ids), key=lambda person: (first[person], person))
    room = len(others) if cast is None else max(cast - len(numbering.kept), 0)
    free = sorted(set(numbering.kept) - set(ids.values()))
    for person, kept in zip(others[room:], free, strict=False):
        ids[person] = kept
    new_people = [person for person in others if person not in ids]
    return ids | {person: numbering.first + number for number, person in enumerate(new_people)}


def _renamed(tracks: Sequence[FrameTracks], ids: Mapping[tuple[int, int], int]) -> list[FrameTracks]:
    """The rows that have a new id, by frame and former id."""
    renamed = []
    for frame in tracks:
        new = np.array([ids.get((frame.frame, former), 0) for former in frame.ids.tolist()], np.int64)
        kept = new > 0
        nothing_recovered = np.zeros(int(kept.sum()), bool)
        renamed.append(
            replace(
                frame[kept],
                ids=new[kept],
                recovered=nothing_recovered,
                recoveries=(),
                backfill=(),
                unsure=(),
                renamed=(),
            )
        )
    return renamed


def _remembered(tracks: Sequence[FrameTracks], kept: Collection[int]) -> dict[int, Recovery]:
    """How the online pass recognised the people of a cast file."""
    recoveries = (recovery for frame in tracks for recovery in frame.recoveries)
    return {recovery.id: recovery for recovery in recoveries if recovery.remembered and recovery.id in kept}


def _with_returns(
    tracks: Sequence[FrameTracks], absence: float, remembered: Mapping[int, Recovery]
) -> list[FrameTracks]:
    """Rows after an absence are marked as recovered and reported, as are the first ones of people remembered."""
    last: dict[int, tuple[int, float]] = {}
    cuts = [frame.time for frame in tracks if frame.cut]
    marked = []
    for number, frame in enumerate(tracks):
        events, back = [], []
        for identity in frame.ids.tolist():
            seen, time = last.get(identity, (number, frame.time))
            away = frame.time - time
            back.append(bool(is_absence(number - seen, away, absence)))
            if back[-1]:
                events.append(Recovery(frame.frame, frame.time, identity, away))
            elif identity not in last and identity in remembered:
                events.append(replace(remembered[identity], frame=frame.frame, time=frame.time))
            last[identity] = number, frame.time
        marked.append(replace(frame, recovered=np.array(back, bool), recoveries=tuple(with_cuts(events, cuts))))
    return marked
