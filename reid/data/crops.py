"""The one record every data set is read into, and splits of such records by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

UNKNOWN_CAMERA = -1
WHOLE = (1.0, 1.0)


class DataError(ValueError):
    """Training or evaluation data that cannot be used; one clear sentence: what was looked for, where, what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One picture of one person.

    `person` and `camera` are labels (a camera of -1 is unknown), `video` names the recording, `frame` counts its
    pictures, `time` is in seconds. `keypoints` (P, 2) float32 are x, y in pixels of the stored picture, NaN where a
    joint is not known; None where the data set has none. `inside` is the share of the picture's width and height, about
    its middle, that is looked at: of a crop widened around the person's box, the box.
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
    """What to train on, and what to search (`gallery`) for whom (`query`)."""

    train: list[Crop]
    query: list[Crop]
    gallery: list[Crop]

    def crops(self) -> list[Crop]:
        """The crops of all parts, by path, each once."""
        crops = {crop.path: crop for part in (self.train, self.query, self.gallery) for crop in part}
        return [crops[path] for path in sorted(crops)]


def people(crops: Iterable[Crop]) -> list[int]:
    """The labels that occur, ascending."""
    return sorted({crop.person for crop in crops})


def hold_out_people(crops: Sequence[Crop], count: int, seed: int) -> tuple[list[Crop], list[Crop]]:
    """Set `count` people aside, drawn with `seed`: (others' crops, theirs). Raises DataError with too few."""
    labels = people(crops)
    if len(labels) < count + 2:
        raise DataError(
            f"There are {len(labels)} people under {crops[0].path.parent}, too few to keep {count} aside and train on "
            "at least two; add people or keep fewer aside."
        )
    aside = set(np.random.default_rng(seed).permutation(labels)[:count].tolist())
    return [crop for crop in crops if crop.person not in aside], [crop for crop in crops if crop.person in aside]


def query_and_gallery(crops: Sequence[Crop], seed: int) -> tuple[list[Crop], list[Crop]]:
    """One crop for each person and camera, drawn with `seed`, as query; the rest as gallery (Market-1501's way)."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, crop in enumerate(crops):
        groups[crop.person, crop.camera].append(index)
    random = np.random.default_rng(seed)
    query = {rows[random.integers(len(rows))] for _, rows in sorted(groups.items())}
    return (
        [crop for index, crop in enumerate(crops) if index in query],
        [crop for index, crop in enumerate(crops) if index not in query],
    )


def query_among_all(crops: Sequence[Crop], every: int = 4) -> Split:
    """Everybody's crops for evaluation and none for training: each person's n-th ones in time are queries."""
    rows: dict[int, list[Crop]] = defaultdict(list)
    for crop in sorted(crops, key=lambda crop: (crop.video, crop.frame, crop.path)):
        rows[crop.person].append(crop)
    query = [crop for own in rows.values() for crop in own[::every]]
    gallery = [crop for own in rows.values() for place, crop in enumerate(own) if place % every]
    return Split([], query, gallery)


def spread_out(crops: Sequence[Crop], most: int) -> list[Crop]:
    """At most so many crops of each person, evenly spread over those of hers in the order of time; 0: all of them."""
    if not most:
        return list(crops)
    rows: dict[int, list[Crop]] = defaultdict(list)
    for crop in sorted(crops, key=lambda crop: (crop.video, crop.frame, crop.path)):
        rows[crop.person].append(crop)
    return [own[place] for own in rows.values() for place in chosen_places(len(own), most)]


def chosen_places(count: int, most: int) -> list[int]:
    """At most so many of the places 0 to count - 1, the first and the last among them."""
    return sorted(set(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()))
