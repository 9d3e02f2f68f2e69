"""Crossings: whether two people whose boxes met went on in each other's track, told half a second later.

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

from .boxes import contacts, iou
from .option_ranges import require_above
from .track import Identity

EVIDENCE = {
    "feet": 0.85,
    "feet at the crossing": 0.32,
    "height": 0.47,
    "width": 0.46,
    "score": 0.79,
    "sideways velocity": 1.55,
}
"""Weights in the log odds of an exchange of how much less likely (`_surprise`) each of these is if the two were not
exchanged: the row of the feet, also extended to the crossing, height, width, score, velocity. A logistic regression on
crossings of DanceTrack, SportsMOT and rendered stages, by `followspot benchmark crossings`."""
FLOORS = np.array([0.01, 0.01, 0.01, 0.01, 0.01, 0.2])
"""Least standard deviation of each, in body heights, logarithms of height and width, scores, body heights a second:
people who move evenly may still turn."""
FREEDOM = 4.0
"""Degrees of freedom of the Student distribution of the differences: with few, no single odd one decides."""
PRIOR = {"always": -3.5, "overlap": 2.52, "unseen": 1.19, "clarity": -1.22}
"""Log odds of an exchange before that: always, for the share of the smaller box that the other one covered, for the
share of the frames about the crossing in which either of the two was not seen (both at once count twice), and for how
clear it was in the least clear of these frames that the boxes went on as they did (`_clarity`)."""
LATE = 0.3
"""Seconds after which it is known where somebody was who was not seen."""
ROUNDING = 1e-6
"""Seconds: times are sums of steps."""
CAUTION = 0.005
"""Square seconds, added to the variance of the boxes' times: keeps velocities small where a short time tells them."""


@dataclass(frozen=True, slots=True)
class CrossingOptions:
    """When two people cross, and when they are taken to have been exchanged; times in seconds."""

    overlap: float = 0.6
    """Two people cross where at least this share of the smaller box lies within the other; above 1 nobody does."""
    apart: float = 0.3
    """The least time between two crossings of the same people."""
    margin: float = 0.1
    """For how long before and after the crossing boxes are not compared."""
    window: float = 0.5
    """For how long before and after that they are."""
    reach: float = 3.0
    """How long somebody may be out of sight before or after the crossing."""
    min_boxes: int = 4
    """The least number of boxes of each of the two, before and after."""
    min_log_odds: float = 1.0
    """Log odds needed for an exchange. At 0 half as many again are right, and more than twice as many wrong."""
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
        while self._ahead[0] <= now - LATE + ROUNDING:
            self._meet_at(self._ahead.popleft())

    def _meet_at(self, time: float) -> None:
        places = {person: box for person in self._boxes if (box := self._place(person, time)) is not None}
        people = sorted(places, key=_id)
        xyxy = _xyxy(np.array([places[person] for person in people]).reshape(-1, 6))
        rows, columns, covered = contacts(xyxy)
        for pair in np.flatnonzero(covered >= self.options.overlap).tolist():
            one, other, overlap = people[rows[pair]], people[columns[pair]], float(covered[pair])
            closest = self._closest.get((one, other))
            if closest is None or overlap > closest.overlap:
                self._closest[one, other] = Crossing(one, other, time, overlap)
        over = [
            pair for pair, crossing in self._closest.items() if time - crossing.time >= self.options.apart - ROUNDING
        ]
        self._open += [self._closest.pop(pair) for pair in over]

    def _place(self, person: Identity, time: float) -> Sequence[float] | None:
        """The person's `Box` at a time: between two of them on a straight line, after the last one there."""
        boxes = self._boxes[person]
        index = bisect_left(boxes, (time + ROUNDING,))
        if not index:
            return None
        before = boxes[index - 1]
        if before[0] >= time - ROUNDING or index == len(boxes):
            return before if time - before[0] <= self.options.reach else None
        after = boxes[index]
        share = (time - before[0]) / (after[0] - before[0])
        return [a + share * (b - a) for a, b in zip(before, after, strict=True)]

    def _evidence(self, crossing: Crossing, now: float) -> np.ndarray | None:
        """What `log_odds` needs, (9,); None while not enough is known: boxes of both people over the whole window."""
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
        values, deviations = zip(*(_traits(boxes, crossing.time, size) for boxes in sides), strict=True)  # 4 times (6,)
        deviation = np.sqrt(np.mean(np.square(deviations), axis=0) + FLOORS**2)
        one, other, one_after, other_after = np.array(values) / deviation  # (6,) each
        gained = _surprise(one - one_after) + _surprise(other - other_after)
        gained -= _surprise(one - other_after) + _surprise(other - one_after)
        # The same of the differences between the two people, in which a camera that pans or zooms cancels out.
        was, came = one - other, one_after - other_after
        turned = _surprise(came - was) - _surprise(came + was)
        unseen = sum(self._unseen(person, crossing.time) for person in people)
        prior = crossing.overlap, unseen, self._clarity(crossing)
        return np.array([*np.minimum(gained, turned), *prior])

    def _rows(self, person: Identity, start: float, end: float) -> list[Box]:
        """The person's boxes between two times."""
        boxes = self._boxes.get(person, [])
        return boxes[bisect_left(boxes, (start - ROUNDING,)) : bisect_left(boxes, (end + ROUNDING,))]

    def _before(self, person: Identity, time: float) -> list[Box]:
        """The boxes of the last `window` in which the person was seen before the crossing."""
        end = time - self.options.margin
        rows = self._rows(person, end - self.options.reach, end)
        return self._rows(person, rows[-1][0] - self.options.window + 2 * ROUNDING, end) if rows else []

    def _after(self, person: Identity, time: float, now: float) -> list[Box]:
        """The boxes of the first `window` in which the person was seen after it; none while that is not over."""
        start = time + self.options.margin
        rows = self._rows(person, start, start + self.options.reach)
        end = rows[0][0] + self.options.window if rows else now
        return self._rows(person, start, end - 2 * ROUNDING) if end < now + ROUNDING else []

    def _unseen(self, person: Identity, time: float) -> float:
        """Share of the frames about the crossing in which the person was not seen."""
        start, end = time - self.options.margin - ROUNDING, time + self.options.margin + ROUNDING
        frames = sum(start <= each <= end for each in self._times)
        return 1 - len(self._rows(person, start, end)) / max(frames, 1)

    def _clarity(self, crossing: Crossing) -> float:
        """How much better the boxes overlap with each person's own last ones than with the other's, in the frame about
        the crossing in which that is least: 2 where they do not overlap with the other's at all, below 0 if more."""
        span = 2 * self.options.margin
        times = np.array([time for time in self._times if abs(time - crossing.time) < span + ROUNDING])
        rows = [np.array(self._rows(person, times[0] - self.options.reach, times[-1])) for person in crossing.people]
        last = [np.searchsorted(boxes[:, 0], times + ROUNDING) - 1 for boxes in rows]  # (F,) each
        known = (last[0] >= 0) & (last[1] >= 0)
        if known.sum() < 2:
            return 2.0
        xyxy = [_xyxy(boxes[index[known]]) for boxes, index in zip(rows, last, strict=True)]  # (F, 4) each
        seen = [boxes[index[known], 0] > times[known] - ROUNDING for boxes, index in zip(rows, last, strict=True)]
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
    overlap, the share of frames unseen, and the clarity, (9,)."""
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


def _traits(boxes: np.ndarray, time: float, size: float) -> tuple[np.ndarray, np.ndarray]:
    """The quantities of `EVIDENCE` of one person's boxes (N, 6), before or after the crossing at `time`, and how much
    they vary from box to box, (6,) each.

    size: a body height in pixels.
    """
    since = boxes[:, :1] - time  # (N, 1)
    centred, places = since - since.mean(), boxes[:, 1:3] / size  # (N, 2): centre from the left, feet
    velocity = np.mean(centred * places, axis=0) / (np.mean(centred**2) + CAUTION)
    line = places.mean(axis=0) + centred * velocity
    off_x, off_feet = np.sqrt(np.mean((places - line) ** 2, axis=0))
    feet_then = places[:, 1].mean() - since.mean() * velocity[1]
    measured = np.stack([places[:, 1], np.log(boxes[:, 4]), np.log(boxes[:, 3]), boxes[:, 5]], axis=1)  # (N, 4)
    feet, *others = np.median(measured, axis=0)
    feet_vary, *others_vary = measured.std(axis=0)
    values = [feet, feet_then, *others, velocity[0]]
    return np.array(values), np.array([feet_vary, off_feet, *others_vary, off_x / centred.std()])


def _surprise(difference: np.ndarray) -> np.ndarray:
    """Of differences in standard deviations: minus the logarithm of a Student distribution's density, scaled."""
    return np.log1p(difference**2 / FREEDOM)
