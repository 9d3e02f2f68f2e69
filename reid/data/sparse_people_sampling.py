"""Batches of P people with K crops each that are far apart in time, the people of a video at the same times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .batch_indices import BatchIndices, SamplingOptions, recordings_of, times_of
from .crops import Crop
from .people_sampling import PeopleSampler
from .presence import Presence


class SparsePeopleSampler(PeopleSampler):
    """Sparse temporal sampling (ICASSP 2020, section 2.1) for P people with K crops each.

    All but a `global_share` of the people come in scenes: K times of a recording are drawn, then `people_per_video` of
    the people who are there within the gap of these times, or all where they are fewer. Each gives a crop near each
    time, so they are hard to tell apart. Where a person was recorded elsewhere too, up to half of the K crops come from
    there, by its share of the person's crops. Crops of one recording are more than the gap apart, or as far as
    `Presence.spacing` allows. People are drawn as often as by `PeopleSampler`, and the crops that were used least in
    the epoch first.
    """

    def __init__(self, crops: Sequence[Crop], options: SamplingOptions, seed: int) -> None:
        super().__init__(crops, options, seed)
        self.together = self.people - round(options.global_share * self.people)
        self.count = len(crops)
        self.groups_of = np.array([-(-len(rows) // self.crops) for rows in self.rows.values()])  # (people,)
        recording, time = recordings_of(crops), times_of(crops, options)
        self.gap = options.gap
        self.presences: list[dict[int, Presence]] = []  # of each person, by recording
        owner = np.zeros(len(crops), np.int64)
        for person, rows in enumerate(self.rows.values()):
            own = {place: rows[recording[rows] == place] for place in np.unique(recording[rows]).tolist()}
            self.presences.append(
                {place: Presence(part, time[part], options.gap, options.near) for place, part in own.items()}
            )
            owner[rows] = person
        in_time = np.lexsort([time, recording])
        parts = np.split(in_time, np.cumsum(np.bincount(recording))[:-1])
        self.recordings = [(time[rows], owner[rows]) for rows in parts]  # the crops' times, ascending, and people

    def batches(self, epoch: int) -> Iterator[BatchIndices]:
        random = np.random.default_rng([self.seed, epoch])
        used, left = np.zeros(self.count, np.int64), self.groups_of.copy()
        while np.count_nonzero(left) >= self.people:
            groups = []
            for place, moments, people in self.scenes(left, used, random):
                for person in people:
                    groups.append(self.draw(person, place, moments, used, random))
                    used[groups[-1]] += 1
                left[people] -= 1
            yield self.batch(groups)

    def scenes(
        self, left: np.ndarray, used: np.ndarray, random: np.random.Generator
    ) -> list[tuple[int, np.ndarray, list[int]]]:
        """The people of a batch: recordings, K times of each, and the people drawn together there."""
        weight = left.astype(float)  # people with many groups left are not to be left over at the end
        found: list[tuple[int, np.ndarray, list[int]]] = []
        drawn = 0
        while drawn < self.people:
            first = weighted(weight, 1, random)[0]
            weight[first] = 0
            presences = self.presences[first]
            sizes = np.array([len(presence) for presence in presences.values()])
            place = list(presences)[weighted(sizes, 1, random)[0]]
            moments = presences[place].moments(self.crops, used, random)
            size = max(1, min(self.people_per_video, self.together - drawn))
            beside = weighted(weight * self.times_there(place, moments), size - 1, random) if size > 1 else []
            weight[beside] = 0
            found.append((place, moments, [first, *beside]))
            drawn += 1 + len(beside)
        return found

    def times_there(self, place: int, moments: np.ndarray) -> np.ndarray:
        """At how many of the moments each person, (people,), is there in a recording within the gap."""
        time, owner = self.recordings[place]
        starts = np.searchsorted(time, moments - self.gap)
        ends = np.searchsorted(time, moments + self.gap, side="right")
        there = [np.unique(owner[start:end]) for start, end in zip(starts, ends, strict=True)]
        return np.bincount(np.concatenate(there), minlength=len(self.presences))

    def draw(
        self, person: int, place: int, moments: np.ndarray, used: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """K rows of a person, in any order: near some of the moments in a recording, and from the person's other ones.

        At moments at which the person is not there, others stand in.
        """
        own = self.presences[person]
        others = {other: len(presence) for other, presence in own.items() if other != place}
        elsewhere = sum(others.values())
        share = min(0.5, elsewhere / (elsewhere + len(own[place])))
        count = int(share * self.crops + random.random())  # rounded up or down by chance
        kept = random.permutation(moments)[count:]
        absent = own[place].distance(kept) > self.gap
        kept[absent] = random.permutation(own[place].moments(len(kept), used, random))[absent]
        parts = [own[place].nearest(np.sort(kept), used, random)]
        for other, times in shared_out(others, count, random).items():
            parts.append(own[other].nearest(own[other].moments(times, used, random), used, random))
        return random.permutation(np.concatenate(parts))


def weighted(weight: np.ndarray, count: int, random: np.random.Generator) -> list[int]:
    """`count` different indices, or as many as weigh more than 0, each drawn by its weight among those that are left.

    The smallest of exponential waiting times (Efraimidis and Spirakis 2006).
    """
    there = np.flatnonzero(weight)
    return there[np.argsort(random.exponential(size=len(there)) / weight[there])[:count]].tolist()


def shared_out(sizes: dict[int, int], count: int, random: np.random.Generator) -> dict[int, int]:
    """`count` draws shared out by size (systematic sampling): each gets its share, rounded up or down by chance."""
    if not count:
        return {}
    names = random.permutation(list(sizes))
    ends = np.cumsum([sizes[name] for name in names.tolist()])
    points = (random.random() + np.arange(count)) * ends[-1] / count
    drawn, times = np.unique(np.searchsorted(ends, points, side="right"), return_counts=True)
    return dict(zip(names[drawn].tolist(), times.tolist(), strict=True))
