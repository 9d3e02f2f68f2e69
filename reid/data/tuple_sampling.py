"""Batches of anchors, positives and negatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .batch_indices import NONE, BatchIndices, SamplingOptions, recordings_of, times_of
from .crops import Crop, DataError


class TupleSampler:
    """Tuples of anchor, positive and negative, laid out as all anchors, all positives, all negatives.

    Each crop that has a positive is anchor once an epoch; an incomplete last batch is left out.
    """

    def __init__(self, crops: Sequence[Crop], options: SamplingOptions, seed: int) -> None:
        self.options, self.seed = options, seed
        self.person = np.unique([crop.person for crop in crops], return_inverse=True)[1]
        self.recording, self.time = recordings_of(crops), times_of(crops, options)
        self.of_person = rows_of_labels(self.person)
        in_time = [rows[np.argsort(self.time[rows], kind="stable")] for rows in rows_of_labels(self.recording)]
        self.of_recording = [(rows, self.time[rows]) for rows in in_time]
        if len(self.of_person) < 2:
            raise DataError("All training crops show one person; tuples need a second one.")
        self.anchors = np.flatnonzero(np.bincount(self.person)[self.person] > 1)
        if len(self.anchors) < options.tuples:
            raise DataError(
                f"Too few crops ({len(self.anchors)}) are of people with a second one for the {options.tuples} tuples "
                "of a batch; lower the number of tuples."
            )

    def __call__(self, epoch: int) -> list[BatchIndices]:
        return list(self.batches(epoch))

    def batches(self, epoch: int) -> Iterator[BatchIndices]:
        random = np.random.default_rng([self.seed, epoch])
        anchors = random.permutation(self.anchors)
        size = self.options.tuples
        for start in range(0, len(anchors) - size + 1, size):
            yield self.batch(anchors[start : start + size], random)

    def batch(self, anchors: np.ndarray, random: np.random.Generator) -> BatchIndices:
        """The batch of these anchors."""
        positives = [self.positive(row, random) for row in anchors]
        negatives = [self.negative(row, random) for row in anchors]
        count = len(anchors)
        index, none = np.arange(count), np.full(count, NONE)
        return BatchIndices(
            np.concatenate([anchors, positives, negatives]),
            np.concatenate([index + count, index, none]),
            np.concatenate([index + 2 * count, none, none]),
        )

    def positive(self, row: int, random: np.random.Generator) -> int:
        """Another crop of the anchor's person, without regard to time."""
        own = self.of_person[self.person[row]]
        return one_of(own[own != row], random)

    def negative(self, row: int, random: np.random.Generator) -> int:
        """A crop of another person."""
        return one_of(np.flatnonzero(self.person != self.person[row]), random)


class SparseTemporalSampler(TupleSampler):
    """Sparse temporal identity sampling (ICASSP 2020, section 2.1).

    Positives: the anchor's person in any recording, in the anchor's own more than the gap away; each recording that has
    such crops is as likely, so that other cameras are seen however long the own one is. Where there are none the gap is
    halved until there are. Negatives: other people of the anchor's recording near its time, and a share from others.
    """

    def positive(self, row: int, random: np.random.Generator) -> int:
        own = self.of_person[self.person[row]]
        own = own[own != row]
        recording = self.recording[own]
        distance = np.where(recording == self.recording[row], np.abs(self.time[own] - self.time[row]), np.inf)
        far = distance > shrunk(self.options.gap, distance.max())
        chosen = one_of(np.unique(recording[far]), random)
        return one_of(own[far & (recording == chosen)], random)

    def negative(self, row: int, random: np.random.Generator) -> int:
        sources = [self.near_others, self.others_elsewhere]
        if random.random() < self.options.global_share:
            sources.reverse()
        return one_of(next(rows for source in sources if len(rows := source(row))), random)

    def others_elsewhere(self, row: int) -> np.ndarray:
        """The crops of other people in other recordings than the anchor's."""
        return np.flatnonzero((self.recording != self.recording[row]) & (self.person != self.person[row]))

    def near_others(self, row: int) -> np.ndarray:
        """The crops of other people in the anchor's recording that are nearest in time."""
        rows, time = self.of_recording[self.recording[row]]
        place = int(np.searchsorted(time, self.time[row]))
        reach, near = self.options.near, self.options.near
        while True:
            sides = rows[max(0, place - reach) : place], rows[place : place + reach]
            before, behind = (side[self.person[side] != self.person[row]] for side in sides)
            whole = len(sides[0]) < reach, len(sides[1]) < reach
            if (len(before) >= near or whole[0]) and (len(behind) >= near or whole[1]):
                break
            reach *= 2
        others = np.concatenate([before, behind])
        return others[np.argsort(np.abs(self.time[others] - self.time[row]), kind="stable")[:near]]


def one_of(rows: np.ndarray, random: np.random.Generator) -> int:
    """One of the rows by chance."""
    return int(rows[random.integers(len(rows))])


def shrunk(gap: float, farthest: float) -> float:
    """The gap, halved until the farthest crop is more than that away; -1 where it is at the same time."""
    while gap >= farthest > 0:
        gap /= 2
    return gap if farthest > 0 else -1.0


def rows_of_labels(labels: np.ndarray) -> list[np.ndarray]:
    """The rows of each label from 0, where every one occurs."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.cumsum(np.bincount(labels))[:-1])
