"""How many stretches of wrong ids in a run its doubtful moments lead to, and how many of the moments lead to one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker.association import match
from tracker.boxes import iou
from tracker.results.moment_words import CurrentMoment

from .track_scores import People

MIN_IOU = 0.4
"""An id is on a person whose box it overlaps by this much."""
PAUSE = 0.5
"""Seconds within a stretch in which the id may be elsewhere."""
LEAST = 5
"""Boxes of a stretch; fewer are a blink."""
SLACK = 0.7
"""Seconds by which a moment may miss a stretch and still leads a viewer there."""


@dataclass(slots=True)
class WrongStretch:
    """Frames `first` to `last` in which `id` has `boxes` boxes on a `person` that is not its own.

    `own` are the ids that this person should have: one, or none.
    """

    id: int
    person: int
    own: frozenset[int]
    first: int
    last: int
    boxes: int = 1


@dataclass(frozen=True, slots=True)
class MomentScore:
    """Counts of a run, or of several together."""

    wrong: int = 0
    """Wrong stretches."""
    found: int = 0
    """Those of them that a moment leads to."""
    shown: int = 0
    """Doubtful moments."""
    right: int = 0
    """Those of them that lead to a wrong stretch."""

    def __add__(self, other: MomentScore) -> MomentScore:
        return MomentScore(
            self.wrong + other.wrong, self.found + other.found, self.shown + other.shown, self.right + other.right
        )


def moment_score(stretches: Sequence[WrongStretch], moments: Collection[CurrentMoment], fps: float) -> MomentScore:
    """What the moments are worth; `fps` are frames per second of the numbers in both."""
    leads = np.array([[_leads(each, to, SLACK * fps) for to in stretches] for each in moments], bool)
    leads = leads.reshape(len(moments), len(stretches))
    return MomentScore(len(stretches), int(leads.any(axis=0).sum()), len(moments), int(leads.any(axis=1).sum()))


def _leads(each: CurrentMoment, stretch: WrongStretch, slack: float) -> bool:
    """Whether who looks at the moment sees the wrong stretch: it is about one of its ids, at its time."""
    concerned = not stretch.own.isdisjoint(each.people) or stretch.id in each.people
    return concerned and each.moment.frame - slack <= stretch.last and stretch.first <= each.moment.to + slack


def wrong_stretches(truth: Sequence[People], tracks: Sequence[People], fps: float) -> list[WrongStretch]:
    """Where ids are on people that are not their own, frame by frame from the same first one.

    Ids and people belong together as in IDF1: one to one, for the most frames in all. An id that overlaps its own
    person enough is not wrong because another one fits better.
    """
    pairs = [_pairs(true, found) for true, found in zip(truth, tracks, strict=True)]
    own = _own_people(pairs)
    ids_of = {person: frozenset(id for id, theirs in own.items() if theirs == person) for person in own.values()}
    stretches: list[WrongStretch] = []
    latest: dict[int, WrongStretch] = {}
    for frame, (true, found, paired) in enumerate(zip(truth, tracks, pairs, strict=True)):
        for id, person in paired.items():
            if own.get(id) == person or _overlaps(true, own.get(id), found, id):
                continue
            known = latest.get(id)
            if known is not None and known.person == person and frame - known.last <= PAUSE * fps:
                known.last = frame
                known.boxes += 1
            else:
                latest[id] = WrongStretch(id, person, ids_of.get(person, frozenset()), frame, frame)
                stretches.append(latest[id])
    return [stretch for stretch in stretches if stretch.boxes >= LEAST]


def _pairs(true: People, found: People) -> dict[int, int]:
    """The person that each id of a frame is on, for the largest overlap in all."""
    people, ids = match(iou(true.xyxy, found.xyxy), MIN_IOU)
    return dict(zip(found.ids[ids].tolist(), true.ids[people].tolist(), strict=True))


def _own_people(pairs: Sequence[dict[int, int]]) -> dict[int, int]:
    """The person that each id is on for the longest time, each person one id's."""
    ids, people = (np.array(sorted({pair[side] for frame in pairs for pair in frame.items()}), int) for side in (0, 1))
    frames = np.zeros((len(ids), len(people)))
    for frame in pairs:
        for id, person in frame.items():
            frames[np.searchsorted(ids, id), np.searchsorted(people, person)] += 1
    rows, columns = linear_sum_assignment(-frames)
    return dict(zip(ids[rows].tolist(), people[columns].tolist(), strict=True))


def _overlaps(true: People, person: int | None, found: People, id: int) -> bool:
    at = true.xyxy[true.ids == person]
    return bool(len(at)) and float(iou(at, found.xyxy[found.ids == id])[0, 0]) >= MIN_IOU
