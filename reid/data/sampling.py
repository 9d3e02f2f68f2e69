"""Which crops make up a batch. Every sampler is a pure function of (seed, epoch): nothing to save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .crops import Crop, DataError, grouped

NONE = -1


@dataclass(frozen=True)
class SamplingOptions:
    """How the crops of a batch are chosen."""

    kind: Literal["sparse-temporal", "random", "people"] = "people"
    """Tuples of anchor, positive and negative (sparse-temporal, random), or P people with K crops each."""
    tuples: int = 24
    """Tuples in a batch."""
    people: int = 16
    """People in a batch (P)."""
    crops: int = 4
    """Crops of each person in a batch (K)."""
    people_per_video: int = 1
    """Number of people of a batch drawn together from one video, in the same light; 1: from any videos."""
    gap: float = 50.0
    """Minimum distance in time of a positive of the same video from its anchor (DeltaT)."""
    gap_unit: Literal["frames", "seconds"] = "frames"
    """Unit of the gap."""
    global_share: float = 0.3
    """Share of negatives from other videos; the others are of the anchor's video, near its time."""
    near: int = 10
    """A near negative is drawn from this many crops of other people nearest in time."""


@dataclass(frozen=True)
class BatchIndices:
    """One batch of N crops: rows of the training crops, and the positive and negative of each among the N.

    index (N,) rows of the crops; partner (N,) the index in the batch of a crop of the same person; negative (N,) of one
    of another person, for anchors only; -1 where there is none.
    """

    index: np.ndarray
    partner: np.ndarray
    negative: np.ndarray


Sampler = Callable[[int], list[BatchIndices]]


def make_sampler(crops: Sequence[Crop], options: SamplingOptions, seed: int) -> Sampler:
    """A function from the epoch to its batches. Raises DataError where the crops allow none."""
    return SAMPLERS[options.kind](crops, options, seed)


class PeopleSampler:
    """P people with K crops each; within an epoch a person's crops come once before any comes again."""

    def __init__(self, crops: Sequence[Crop], options: SamplingOptions, seed: int) -> None:
        self.people, self.crops, self.seed = options.people, options.crops, seed
        self.people_per_video = options.people_per_video
        self.rows = rows_by(crops, lambda crop: crop.person)
        self.videos = {person: {crops[row].video for row in rows} for person, rows in self.rows.items()}
        if not 1 <= self.people_per_video <= self.people:
            raise DataError(
                f"--sampling.people-per-video {self.people_per_video} does not fit a batch of {self.people} people; "
                "give 1 to that number."
            )
        if len(self.rows) < self.people:
            raise DataError(f"There are {len(self.rows)} people to train on, fewer than the {self.people} of a batch.")

    def __call__(self, epoch: int) -> list[BatchIndices]:
        random = np.random.default_rng([self.seed, epoch])
        remaining = {person: self.groups(rows, random) for person, rows in self.rows.items()}
        batches = []
        while len(remaining) >= self.people:
            chosen = self.choose({person: len(groups) for person, groups in remaining.items()}, random)
            batches.append(self.batch([remaining[person].pop() for person in chosen]))
            remaining = {person: groups for person, groups in remaining.items() if groups}
        return batches

    def choose(self, groups_left: dict[int | str, int], random: np.random.Generator) -> list[int | str]:
        """The people of a batch: some drawn from all, each followed by others of a video of that person."""
        count = np.array(list(groups_left.values()))
        share = count / count.sum()  # so that people with many crops are not left over at the end
        order: list[int | str] = random.choice(list(groups_left), self.people, replace=False, p=share).tolist()
        if self.people_per_video == 1:
            return order
        chosen: dict[int | str, None] = {}
        for first in order:
            if len(chosen) < self.people and first not in chosen:
                video = random.choice(sorted(self.videos[first]))
                beside = [person for person in groups_left if video in self.videos[person] and person not in chosen]
                beside = [first, *random.permutation([person for person in beside if person != first]).tolist()]
                chosen |= dict.fromkeys(beside[: min(self.people_per_video, self.people - len(chosen))])
        return list(chosen)

    def groups(self, rows: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
        """All rows of a person in random order, K at a time; the last group is filled up with others of the person."""
        order = random.permutation(rows)
        missing = -len(order) % self.crops
        order = np.concatenate([order, random.choice(rows, missing)])
        return list(order.reshape(-1, self.crops))

    def batch(self, groups: list[np.ndarray]) -> BatchIndices:
        """The batch; each crop's partner is the next one of its group."""
        index = np.arange(self.people * self.crops).reshape(self.people, self.crops)  # (P, K)
        partner = np.roll(index, -1, axis=1).ravel()  # (P K,)
        return BatchIndices(np.concatenate(groups), partner, np.full(index.size, NONE))


class TupleSampler:
    """Tuples of anchor, positive and negative, laid out as all anchors, all positives, all negatives.

    Each crop that has a positive is anchor once an epoch; an incomplete last batch is left out.
    """

    def __init__(self, crops: Sequence[Crop], options: SamplingOptions, seed: int) -> None:
        self.options, self.seed = options, seed
        self.person = np.array([crop.person for crop in crops])
        self.video = np.array([crop.video for crop in crops])
        self.time = np.array([crop.time if options.gap_unit == "seconds" else crop.frame for crop in crops])
        self.of_person = rows_by(crops, lambda crop: crop.person)
        self.of_video = rows_by(crops, lambda crop: crop.video)
        if len(self.of_person) < 2:
            raise DataError("All training crops show one person; tuples need a second one.")
        self.anchors = np.array([row for row in range(len(crops)) if len(self.positives(row))], np.int64)
        if len(self.anchors) < options.tuples:
            raise DataError(
                f"Only {len(self.anchors)} crops have a positive more than {options.gap:g} {options.gap_unit} away, "
                f"fewer than the {options.tuples} tuples of a batch; lower the gap or the number of tuples."
            )

    def __call__(self, epoch: int) -> list[BatchIndices]:
        random = np.random.default_rng([self.seed, epoch])
        anchors = random.permutation(self.anchors)
        size = self.options.tuples
        return [self.batch(anchors[start : start + size], random) for start in range(0, len(anchors) - size + 1, size)]

    def batch(self, anchors: np.ndarray, random: np.random.Generator) -> BatchIndices:
        """The batch of these anchors."""
        positives = [random.choice(self.positives(row)) for row in anchors]
        negatives = [random.choice(self.negatives(row, random)) for row in anchors]
        count = len(anchors)
        index, none = np.arange(count), np.full(count, NONE)
        return BatchIndices(
            np.concatenate([anchors, positives, negatives]),
            np.concatenate([index + count, index, none]),
            np.concatenate([index + 2 * count, none, none]),
        )

    def positives(self, row: int) -> np.ndarray:
        """Other crops of the anchor's person, without regard to time."""
        own = self.of_person[self.person[row]]
        return own[own != row]

    def negatives(self, row: int, random: np.random.Generator) -> np.ndarray:
        """All crops of other people."""
        return np.flatnonzero(self.person != self.person[row])


class SparseTemporalSampler(TupleSampler):
    """Sparse temporal identity sampling (ICASSP 2020, section 2.1).

    Positives: the anchor's person in the anchor's video, more than the gap away (where that video has none: any of
    the person's crops of other videos). Negatives: other people of the anchor's video near its time, and a share from
    other videos.
    """

    def positives(self, row: int) -> np.ndarray:
        own = self.of_person[self.person[row]]
        same_video = self.video[own] == self.video[row]
        far = same_video & (np.abs(self.time[own] - self.time[row]) > self.options.gap)
        return own[far] if far.any() else own[~same_video]

    def negatives(self, row: int, random: np.random.Generator) -> np.ndarray:
        same_video = self.of_video[self.video[row]]
        same_video = same_video[self.person[same_video] != self.person[row]]
        elsewhere = random.random() < self.options.global_share
        if elsewhere or not len(same_video):
            others = np.flatnonzero((self.video != self.video[row]) & (self.person != self.person[row]))
            if len(others):
                return others
        if not len(same_video):
            return super().negatives(row, random)
        order = np.argsort(np.abs(self.time[same_video] - self.time[row]), kind="stable")
        return same_video[order[: self.options.near]]


def rows_by(crops: Sequence[Crop], key: Callable[[Crop], int | str]) -> dict[int | str, np.ndarray]:
    """Rows of the crops by a label of theirs."""
    rows = grouped(range(len(crops)), lambda row: key(crops[row]))
    return {label: np.array(rows[label]) for label in sorted(rows)}


SAMPLERS: dict[str, Callable[[Sequence[Crop], SamplingOptions, int], Sampler]] = {
    "people": PeopleSampler,
    "random": TupleSampler,
    "sparse-temporal": SparseTemporalSampler,
}
