"""The record of a crop, common to all data sets, and splits of such records by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

UNKNOWN_CAMERA = -1
NOBODY = -1
"""The label of distractors: crops of a gallery that may show anyone or nobody, and that nothing is to be found in."""
WHOLE = (1.0, 1.0)

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


class DataError(ValueError):
    """Training or evaluation data that cannot be used; one clear sentence: what was looked for, where, what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One picture of one person.

    `person` and `camera` are labels (a person of -1 is a distractor, a camera of -1 unknown), `video` names the
    recording, `frame` is a number in it, `time` is in seconds. `keypoints` (P, 2) float32 are x, y in pixels of the
    stored picture, NaN where a joint is not known; None where the data set has none. `inside` is the share of the
    picture's width and height, about its middle, that is looked at: of a crop widened around the person's box, the box.
    """

    path: Path
    person: int
    camera: int
    video: str
    frame: int
    time: float
    keypoints: np.ndarray | None = None
    inside: tuple[float, float] = WHOLE


@dataclass(frozen=True)
class Split:
    """Crops to train on, crops to be found (`query`), and crops to find them among (`gallery`)."""

    train: list[Crop]
    query: list[Crop]
    gallery: list[Crop]

    @property
    def parts(self) -> dict[str, list[Crop]]:
        """The parts by name."""
        return {"train": self.train, "query": self.query, "gallery": self.gallery}

    def crops(self) -> list[Crop]:
        """The crops of all parts, by path, each once."""
        crops = {crop.path: crop for part in self.parts.values() for crop in part}
        return [crops[path] for path in sorted(crops)]


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """The items by a key of theirs, the keys in the order of their first items."""
    groups: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def people(crops: Iterable[Crop]) -> list[int]:
    """The labels that occur, ascending."""
    return sorted({crop.person for crop in crops} - {NOBODY})


def split_off_people(crops: Sequence[Crop], count: int, seed: int) -> tuple[list[Crop], list[Crop]]:
    """Draw `count` validation people with `seed`: (all others' crops, theirs). Raises DataError with too few people."""
    labels = people(crops)
    if len(labels) < count + 2:
        raise DataError(
            f"There are {len(labels)} people under {crops[0].path.parent}, too few for {count} validation people "
            "and two to train on; add people, or give fewer --validation-people."
        )
    validation = set(np.random.default_rng(seed).permutation(labels)[:count].tolist())
    return (
        [crop for crop in crops if crop.person not in validation],
        [crop for crop in crops if crop.person in validation],
    )


def query_and_gallery(crops: Sequence[Crop], seed: int) -> tuple[list[Crop], list[Crop]]:
    """One crop for each person and camera, drawn with `seed`, as query; the rest as gallery (Market-1501's way)."""
    groups = grouped(range(len(crops)), lambda index: (crops[index].person, crops[index].camera))
    random = np.random.default_rng(seed)
    query = {rows[random.integers(len(rows))] for _, rows in sorted(groups.items())}
    return (
        [crop for index, crop in enumerate(crops) if index in query],
        [crop for index, crop in enumerate(crops) if index not in query],
    )


def query_among_all(crops: Sequence[Crop], every: int = 4) -> Split:
    """All crops for evaluation and none for training: every n-th of each person's in time is a query."""
    of_people = by_person_in_time(crops)
    query = [crop for own in of_people for crop in own[::every]]
    gallery = [crop for own in of_people for index, crop in enumerate(own) if index % every]
    return Split([], query, gallery)


def spread_over_time(crops: Sequence[Crop], count: int) -> list[Crop]:
    """At most `count` crops of each person, evenly spread over the person's in the order of time; 0: all of them."""
    if not count:
        return list(crops)
    return [own[index] for own in by_person_in_time(crops) for index in spread(len(own), count)]


def without_distractors(crops: Iterable[Crop]) -> list[Crop]:
    """The crops that show somebody."""
    return [crop for crop in crops if crop.person != NOBODY]


def by_person_in_time(crops: Iterable[Crop]) -> list[list[Crop]]:
    """Each person's crops in the order of time, people in the order of their first crops."""
    in_time = sorted(without_distractors(crops), key=lambda crop: (crop.video, crop.frame, crop.path))
    return list(grouped(in_time, lambda crop: crop.person).values())


def spread(length: int, count: int) -> list[int]:
    """At most `count` of the indices 0 to length - 1, evenly spaced, the first and the last among them."""
    return np.unique(np.linspace(0, length - 1, min(count, length)).round().astype(int)).tolist()
