"""Crossings: whether two people whose boxes met went on in each other's track, told by what is known a second later.

Association decides from frame to frame, and where two boxes lie on each other a frame tells little: there tracks
exchange people. But before and after that each of the two has a line on which the feet stand, a size, a score and a
velocity, and a person's own are more alike than those of two people.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from .boxes import contact, iou
from .option_ranges import require_above
from .track import Identity

EVIDENCE = {
    "feet": 5.7,
    "feet at the crossing": 10.5,
    "height": 3.6,
    "width": 1.8,
    "score": 5.8,
    "sideways velocity": 6.0,
    "velocity of the feet": 5.8,
}
"""Log odds of an exchange for each unit by which these differ less if the two were exchanged, both people together:
feet in body heights, logarithms of height and width, scores, body heights a second. A logistic regression on crossings
of DanceTrack, SportsMOT and rendered stages, by `followspot benchmark crossings`."""
LIMITS = np.array([0.2, 0.2, 0.25, 0.3, 0.1, 0.2, 0.2])
"""So many units of each count at most, for or against it, so that no single one decides."""
PRIOR = {"always": -2.0, "overlap": 0.4, "unseen": 1.6, "clarity": -1.8}
"""Log odds of an exchange before that: always, for the share of the smaller box that the other one covered, for the
share of the frames about the crossing in which either of the two was not seen (both at once count twice), and for how
clear it was in the least clear of these frames that the boxes went on as they did (`_clarity`)."""
LATE = 0.5
"""Seconds after which it is known where somebody was who was not seen."""
DECAY = 0.4
"""Seconds after which a box counts 1/e in where the feet are at the crossing, and in how fast somebody moves."""
CAUTION = 0.02
"""Keeps velocities small where few boxes tell them: a share of the boxes, added to their squared times."""


@dataclass(frozen=True, slots=True)
class CrossingOptions:
    """When two people cross, and when they are taken to have been exchanged; times in seconds."""

    overlap: float = 0.6
    """Two people cross where at least this share of the smaller box lies within the other; above 1 nobody does."""
    apart: float = 0.5
    """The least time between two crossings of the same people."""
    margin: float = 0.2
    """For how long before and after the crossing boxes are not compared."""
    window: float = 0.8
    """For how long before and after that they are."""
    reach: float = 3.0
    """How long somebody may be out of sight before or after the crossing."""
    min_boxes: int = 4
    """The least number of boxes of each of the two, before and after."""
    min_log_odds: float = 1.0
    """Log odds needed for an exchange. At 0 twice as many are right, but more are wrong where all are seen well."""
    steady_log_odds: float = 3.0
    """Log odds needed beyond `min_log_odds` where people move steadily (`steadiness`): motion then tells more."""

    def __post_init__(self) -> None:
        require_above(0.0, "crossing", self, "window", "apart", "min_boxes")

    @property
    def span(self) -> float:
        """The longest time before or after a crossing of which boxes are needed."""
        return self.margin + self.reach + self.window


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two people, when one covered the other most, and the share of the smaller box that was covered then."""

    one: Identity
    other: Identity
    time: float
    overlap: float

    @property
    def people(self) -> tuple[Identity, Identity]:
        """The two, in the order of their ids."""
        return self.one, self.other

    def after(self, exchange: Crossing) -> Crossing:
        """The same, if the two of another crossing are each other's from that one on."""
        if self.time < exchange.time:
            return self
        new = {exchange.one: exchange.other, exchange.other: exchange.one}
        one, other = sorted((new.get(person, person) for person in self.people), key=_id)
        return replace(self, one=one, other=other)


Box = tuple[float, float, float, float, float, float]
"""One box of a person: time, centre from the left, feet from the top, width, height in pixels; score."""


class Crossings:
    """Follows the people of a video, and tells which crossings ended in an exchange."""

    def __init__(self, options: CrossingOptions) -> None:
        self.options = options
        self.forget()

    def forget(self) -> None:
        """Another camera took over: no crossing goes on."""
        self._boxes: dict[Identity, list[Box]] = {}
        self._times: deque[float] = deque()  # of the frames
        self._ahead: deque[float] = deque()  # of those in which no crossing was looked for yet
        self._closest: dict[tuple[Identity, Identity], Crossing] = {}  # of those who are crossing
        self._open: list[Crossing] = []  # crossings of which not enough is known yet

    def see(self, person: Identity, time: float, xyxy: np.ndarray, score: float) -> None:
        """A box of the person (4,) pixels, later than all of them so far."""
        left, top, right, bottom = xyxy.tolist()
        row = (time, (left + right) / 2, bottom, max(right - left, 1.0), max(bottom - top, 1.0), score)
        self._boxes.setdefault(person, []).append(row)

    def exchanged(self, now: float, steadiness: float = 0.0) -> Crossing | None:
        """One more frame, `now`: the earliest crossing that turns out to be an exchange in it.

        From then on boxes since the crossing count as those of the other person. `steadiness` is that of the video.
        """
        needed = self.options.min_log_odds + steadiness * self.options.steady_log_odds
        found = (crossing for crossing, evidence in self.known(now) if log_odds(evidence) > needed)
        exchange = next(found, None)
        if exchange is not None:
            self._exchange(exchange)
        return exchange

    def known(self, now: float) -> Iterator[tuple[Crossing, np.ndarray]]:
        """One more frame, `now`: the crossings of which enough is known in it for the first time, with the evidence."""
        self._meet(now)
        self._forget_before(now - 2 * self.options.span)
        for crossing in list(self._open):
            evidence = self._evidence(crossing, now)
            if evidence is not None or now - crossing.time > self.options.span:
                self._open.remove(crossing)
            if evidence is not None:
                yield crossing, evidence

    def _meet(self, now: float) -> None:
        """Look for crossings in the frame `LATE` seconds ago."""
        for times in (self._times, self._ahead):
            times.append(now)
        while self._ahead[0] <= now - LATE:
            self._meet_at(self._ahead.popleft())

    def _meet_at(self, time: float) -> None:
        places = {person: box for person in self._boxes if (box := self._place(person, time)) is not None}
        people = sorted(places, key=_id)
        xyxy = _xyxy(np.array([places[person] for person in people]).reshape(-1, 6))
        covered = np.triu(contact(xyxy, xyxy), 1)
        for row, column in np.argwhere(covered >= self.options.overlap).tolist():
            one, other, overlap = people[row], people[column], float(covered[row, column])
            closest = self._closest.get((one, other))
            if closest is None or overlap > closest.overlap:
                self._closest[one, other] = Crossing(one, other, time, overlap)
        over = [pair for pair, crossing in self._closest.items() if time - crossing.time >= self.options.apart]
        self._open += [self._closest.pop(pair) for pair in over]

    def _place(self, person: Identity, time: float) -> Sequence[float] | None:
        """The person's `Box` at a time: between two of them on a straight line, after the last one there."""
        boxes = self._boxes[person]
        index = bisect_left(boxes, (time + 1e-6,))
        if not index:
            return None
        before = after = boxes[index - 1]
        if index < len(boxes) and before[0] < time - 1e-6:
            after = boxes[index]
        elif time - before[0] > self.options.reach:
            return None
        share = (time - before[0]) / (after[0] - before[0]) if after is not before else 0.0
        return [a + share * (b - a) for a, b in zip(before, after, strict=True)]

    def _evidence(self, crossing: Crossing, now: float) -> np.ndarray | None:
        """What `log_odds` needs, (10,); None while not enough is known: boxes of both people over the whole window."""
        people = crossing.people
        if now < crossing.time + self.options.margin + self.options.window:
            return None
        after = [self._after(person, crossing.time, now) for person in people]
        if any(len(boxes) < self.options.min_boxes for boxes in after):
            return None
        before = [self._before(person, crossing.time) for person in people]
        if any(len(boxes) < self.options.min_boxes for boxes in before):
            return None
        sides = [np.array(boxes) for boxes in (*before, *after)]
        size = float(np.mean([np.median(boxes[:, 4]) for boxes in sides]))
        one, other, one_after, other_after = (_traits(boxes, crossing.time, size) for boxes in sides)  # (7,) each
        gained = np.abs(one - one_after) + np.abs(other - other_after)
        gained -= np.abs(one - other_after) + np.abs(other - one_after)
        # The same of the differences between the two people, in which a camera that pans or zooms cancels out.
        was, came = one - other, one_after - other_after
        turned = np.abs(came - was) - np.abs(came + was)
        unseen = sum(self._unseen(person, crossing.time) for person in people)
        prior = crossing.overlap, unseen, self._clarity(crossing)
        return np.array([*np.minimum(gained, turned).clip(-LIMITS, LIMITS), *prior])

    def _rows(self, person: Identity, start: float, end: float) -> list[Box]:
        """The person's boxes between two times."""
        boxes = self._boxes.get(person, [])
        return boxes[bisect_left(boxes, (start - 1e-6,)) : bisect_left(boxes, (end + 1e-6,))]

    def _before(self, person: Identity, time: float) -> list[Box]:
        """The boxes of the last `window` in which the person was seen before the crossing."""
        end = time - self.options.margin
        rows = self._rows(person, end - self.options.reach, end)
        return self._rows(person, rows[-1][0] - self.options.window + 2e-6, end) if rows else []

    def _after(self, person: Identity, time: float, now: float) -> list[Box]:
        """The boxes of the first `window` in which the person was seen after it; none while that is not over."""
        start = time + self.options.margin
        rows = self._rows(person, start, start + self.options.reach)
        end = rows[0][0] + self.options.window if rows else now
        return self._rows(person, start, end - 2e-6) if end < now + 1e-6 else []

    def _unseen(self, person: Identity, time: float) -> float:
        """Share of the frames about the crossing in which the person was not seen."""
        start, end = time - self.options.margin - 1e-6, time + self.options.margin + 1e-6
        frames = sum(start <= each <= end for each in self._times)
        return 1 - len(self._rows(person, start, end)) / max(frames, 1)

    def _clarity(self, crossing: Crossing) -> float:
        """How much better the boxes overlap with each person's own last ones than with the other's, in the frame about
        the crossing in which that is least: 2 where they do not overlap with the other's at all, below 0 if more."""
        span = 2 * self.options.margin
        times = np.array([time for time in self._times if abs(time - crossing.time) < span + 1e-6])
        rows = [np.array(self._rows(person, times[0] - self.options.reach, times[-1])) for person in crossing.people]
        last = [np.searchsorted(boxes[:, 0], times + 1e-6) - 1 for boxes in rows]  # (F,) each
        known = (last[0] >= 0) & (last[1] >= 0)
        if known.sum() < 2:
            return 2.0
        xyxy = [_xyxy(boxes[index[known]]) for boxes, index in zip(rows, last, strict=True)]  # (F, 4) each
        seen = [boxes[index[known], 0] > times[known] - 1e-6 for boxes, index in zip(rows, last, strict=True)]
        lead = [
            _overlaps(mine[:-1], mine[1:]) - _overlaps(theirs[:-1], mine[1:]) for mine, theirs in permutations(xyxy)
        ]
        of_both = sum(each * now[1:] for each, now in zip(lead, seen, strict=True))  # (F - 1,)
        count = seen[0][1:].astype(int) + seen[1][1:]
        return float(min(2 * of_both[count > 0] / count[count > 0], default=2.0))

    def _exchange(self, exchange: Crossing) -> None:
        """The boxes of the two since the crossing are each other's, and so are their later crossings."""
        one, other = (self._boxes[person] for person in exchange.people)
        here, there = (bisect_left(boxes, (exchange.time,)) for boxes in (one, other))
        one[here:], other[there:] = other[there:], one[here:]
        self._open = [each.after(exchange) for each in self._open]
        closest = [each.after(exchange) for each in self._closest.values()]
        self._closest = {(each.one, each.other): each for each in closest}

    def _forget_before(self, time: float) -> None:
        """Forget earlier frames and boxes, and people who have no later ones."""
        while self._times[0] < time:
            self._times.popleft()
        old = [person for person, boxes in self._boxes.items() if boxes[0][0] < time - self.options.span]
        for person in old:  # seldom, as it moves all boxes that are kept
            boxes = self._boxes[person]
            del boxes[: bisect_left(boxes, (time,))]
            if not boxes:
                del self._boxes[person]


def log_odds(evidence: np.ndarray) -> float:
    """Log odds of an exchange: by how much the quantities of `EVIDENCE` differ less if the two were exchanged, the
    overlap, the share of frames unseen, and the clarity, (10,)."""
    always, *others = PRIOR.values()
    return always + float(evidence @ [*EVIDENCE.values(), *others])


def _xyxy(boxes: np.ndarray) -> np.ndarray:
    """Boxes (N, 6) as corners, (N, 4)."""
    _, x, feet, width, height, _ = boxes.T
    return np.stack([x - width / 2, feet - height, x + width / 2, feet], axis=1)


def _overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of each box with the one of the same row, (N, 4) and (N, 4) to (N,)."""
    return iou(a, b[:, None])[:, 0]


def _id(person: Identity) -> int:
    return person.id


def _traits(boxes: np.ndarray, time: float, size: float) -> np.ndarray:
    """The quantities of `EVIDENCE` of one person's boxes (N, 6), before or after the crossing at `time`, (7,).

    size: a body height in pixels.
    """
    _, _, feet, width, height, _ = np.median(boxes, axis=0)
    (_, feet_then), velocity = _line(boxes, time)
    return np.array(
        [feet / size, feet_then / size, np.log(height), np.log(width), boxes[:, 5].mean(), *velocity / size]
    )


def _line(boxes: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the person's feet are at `time`, and how fast they move, (2,) each, pixels and pixels a second: by a line
    through the boxes (N, 6), of which those near that time count most."""
    since = boxes[:, 0] - time
    weight = np.exp((np.abs(since).min() - np.abs(since)) / DECAY)  # (N,)
    design = np.stack([np.ones(len(boxes)), since], axis=1)  # (N, 2)
    normal = design.T @ (weight[:, None] * design) + np.diag([0.0, CAUTION * len(boxes)])
    place, velocity = np.linalg.solve(normal, design.T @ (weight[:, None] * boxes[:, 1:3]))
    return place, velocity
