"""Batches of P people with K crops each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .batch_indices import NONE, BatchIndices, SamplingOptions, rows_by
from .crops import Crop, DataError


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
            raise DataError(
                f"There are {len(self.rows)} people to train on, fewer than the {self.people} of a batch; "
                "give more data, or a smaller --sampling.people."
            )

    def __call__(self, epoch: int) -> list[BatchIndices]:
        return list(self.batches(epoch))

    def batches(self, epoch: int) -> Iterator[BatchIndices]:
        random = np.random.default_rng([self.seed, epoch])
        remaining = {person: self.groups(rows, random) for person, rows in self.rows.items()}
        while len(remaining) >= self.people:
            chosen = self.choose({person: len(groups) for person, groups in remaining.items()}, random)
            yield self.batch([remaining[person].pop() for person in chosen])
            remaining = {person: groups for person, groups in remaining.items() if groups}

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
        """All rows of a person in random order, K at a time; the last group is filled up with rows of the others.

        A row comes twice in a group only where the person has fewer than K.
        """
        order = random.permutation(rows)
        missing = -len(order) % self.crops
        if missing:
            whole = len(order) // self.crops * self.crops  # rows of the groups that are full
            others = random.permutation(order[:whole] if whole else order)
            order = np.concatenate([order, np.resize(others, missing)])
        return list(order.reshape(-1, self.crops))

    def batch(self, groups: list[np.ndarray]) -> BatchIndices:
        """The batch; each crop's partner is the next one of its group."""
        index = np.arange(self.people * self.crops).reshape(self.people, self.crops)  # (P, K)
        partner = np.roll(index, -1, axis=1).ravel()  # (P K,)
        return BatchIndices(np.concatenate(groups), partner, np.full(index.size, NONE))
