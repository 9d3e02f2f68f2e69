"""A person's crops in one recording, and draws of some of them that are far apart in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHRINK = 0.8
LEAST_GAP = 0.01  # of the gap that was asked for; below it any other crop will do


@dataclass(frozen=True)
class Spacing:
    """How the crops can be drawn in the order of time, more than `gap` apart.

    following (n,) is the first crop that may follow each, n where there is none; after (n,) how many can be drawn from
    each on, itself among them; it never rises from one crop to the next.
    """

    gap: float
    following: np.ndarray
    after: np.ndarray


class Presence:
    """A person's crops in one recording: `rows` (n,) of the training crops by `time` (n,), and the gap wanted.

    `near` is the number of crops nearest to a moment that one is drawn from.
    """

    def __init__(self, rows: np.ndarray, time: np.ndarray, gap: float, near: int) -> None:
        order = np.argsort(time, kind="stable")
        self.rows, self.time, self.gap, self.near = rows[order], time[order].astype(float), gap, near
        self.spacings: dict[int, Spacing] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def spacing(self, count: int) -> Spacing:
        """The spacing for draws of `count` crops: the gap, or where it is too large for the recording a smaller one.

        It is small enough when each crop is one of some `count` that are so far apart; were it only that some are, the
        same few crops of a short recording would be drawn again and again.
        """
        if count not in self.spacings:
            gap = min(self.gap, (self.time[-1] - self.time[0]) / max(count - 1, 1))
            while not self.reaches_all(gap, count):
                gap = SHRINK * gap if gap > LEAST_GAP * self.gap else -np.inf
            self.spacings[count] = spacing_of(self.time, gap, count)
        return self.spacings[count]

    def reaches_all(self, gap: float, count: int) -> bool:
        """Whether every crop is one of `count` (or of all, where there are fewer) more than `gap` apart."""
        after = spacing_of(self.time, gap, count).after
        before = spacing_of(-self.time[::-1], gap, count).after[::-1]
        return bool((after + before - 1 >= min(count, len(self))).all())

    def moments(self, count: int, used: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """`count` times in order, (count,), about the gap apart or more, one of them that of a crop little used.

        They are drawn on a circle of the crops, so that none is preferred for its place in the recording.
        """
        first = least_used(used[self.rows], random)
        if count == 1:
            return self.time[[first]]
        span = self.time[-1] - self.time[0]
        gap = max(self.spacing(count).gap, 0.0)
        least = min(gap / span, 1 / count) if span else 1 / count  # of the circle, between two
        steps = least + (1 - count * least) * random.dirichlet(np.ones(count))
        places = (first + len(self) * (np.cumsum(steps) - steps[0])) % len(self)
        return np.sort(self.time[places.astype(int)])

    def distance(self, moments: np.ndarray) -> np.ndarray:
        """From each of the moments to the crop nearest in time, (m,)."""
        after = np.searchsorted(self.time, moments)
        sides = np.stack([self.time[np.maximum(after - 1, 0)], self.time[np.minimum(after, len(self) - 1)]])  # (2, m)
        return np.abs(sides - moments).min(0)

    def nearest(self, moments: np.ndarray, used: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """A row for each of the moments (m,), in order and spaced: the least used of those nearest in time.

        Where there are fewer crops than moments, some come again.
        """
        count = min(len(moments), len(self))
        spacing = self.spacing(count)
        chosen: list[int] = []
        first = 0
        for index, moment in enumerate(moments[:count]):
            last = int(np.searchsorted(-spacing.after, index - count, side="right"))  # leaves room for the others
            window = self.around(moment, first, last)
            place = window[least_used(used[self.rows[window]], random)]
            chosen.append(place)
            first = int(spacing.following[place])
        return np.concatenate([self.rows[chosen], random.choice(self.rows, len(moments) - count)])

    def around(self, moment: float, first: int, last: int) -> np.ndarray:
        """The places, from `first` up to `last`, of the crops nearest to a moment."""
        place = min(max(int(np.searchsorted(self.time, moment)), first), last)
        window = np.arange(max(first, place - self.near), min(last, place + self.near))
        return window[np.argsort(np.abs(self.time[window] - moment), kind="stable")[: self.near]]


def spacing_of(time: np.ndarray, gap: float, count: int) -> Spacing:
    """The spacing of crops at ascending times; `after` counts up to `count`."""
    size = len(time)
    following = np.maximum(np.searchsorted(time, time + gap, side="right"), np.arange(1, size + 1))
    onward = np.append(following, size)
    after, place = np.zeros(size, np.int64), np.arange(size)
    for _ in range(count):
        after += place < size
        place = onward[place]
    return Spacing(gap, following, after)


def least_used(used: np.ndarray, random: np.random.Generator) -> int:
    """The index of the smallest number, by chance one of several."""
    return int(np.argmin(used + random.random(len(used))))
