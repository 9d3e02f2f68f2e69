"""What samplers take and give: options, and the rows of a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from .crops import Crop, grouped
from .option_ranges import require_range

NONE = -1


@dataclass(frozen=True)
class SamplingOptions:
    """How the crops of a batch are chosen."""

    kind: Literal["sparse-temporal", "random", "people", "sparse-people"] = "people"
    """Tuples of anchor, positive and negative (sparse-temporal, random), or P people with K crops each (people; with
    these far apart in time and the people of a video at the same times: sparse-people)."""
    tuples: int = 24
    """Tuples in a batch."""
    people: int = 16
    """People in a batch (P)."""
    crops: int = 4
    """Crops of each person in a batch (K); at least two for sparse-people."""
    people_per_video: int = 1
    """Number of people of a batch drawn together from one video, in the same light; 1: from any videos."""
    gap: float = 50.0
    """Minimum distance in time of a positive of the same video from its anchor (DeltaT); less for a person who is not
    seen for so long."""
    gap_unit: Literal["frames", "seconds"] = "frames"
    """Unit of the gap."""
    global_share: float = 0.3
    """Share of negatives from other videos (sparse-people: of people drawn singly); the others are of the same video,
    near in time."""
    near: int = 10
    """A near negative is drawn from this many crops of other people (sparse-people: of each) nearest in time."""

    def __post_init__(self) -> None:
        crops = 2 if self.kind == "sparse-people" else 1  # one crop cannot be far from the person's others
        ranges = {"tuples": 1, "people": 2, "crops": crops, "people_per_video": 1, "gap": 0, "near": 1}
        for name, least in ranges.items():
            require_range(f"sampling.{name}", getattr(self, name), least)
        require_range("sampling.global_share", self.global_share, 0.0, 1.0)

    @property
    def draws_tuples(self) -> bool:
        """Whether a batch is of tuples; else it is of P people with K crops each."""
        return self.kind in ("sparse-temporal", "random")


@dataclass(frozen=True)
class BatchIndices:
    """One batch of N crops: rows of the training crops, and the positive and negative of each among the N.

    index (N,) rows of the crops; partner (N,) the index in the batch of a crop of the same person; negative (N,) of one
    of another person, for anchors only; -1 where there is none.
    """

    index: np.ndarray
    partner: np.ndarray
    negative: np.ndarray


class Sampler(Protocol):
    """Batches of an epoch, one by one as they are drawn, or all of them."""

    def batches(self, epoch: int) -> Iterator[BatchIndices]: ...

    def __call__(self, epoch: int) -> list[BatchIndices]: ...


def rows_by(crops: Sequence[Crop], key: Callable[[Crop], int | str]) -> dict[int | str, np.ndarray]:
    """Rows of the crops by a label of theirs."""
    rows = grouped(range(len(crops)), lambda row: key(crops[row]))
    return {label: np.array(rows[label]) for label in sorted(rows)}


def recordings_of(crops: Sequence[Crop]) -> np.ndarray:
    """The number of each crop's recording, (N,): a video, or a camera's part of it."""
    return np.unique([f"{crop.camera} {crop.video}" for crop in crops], return_inverse=True)[1]


def times_of(crops: Sequence[Crop], options: SamplingOptions) -> np.ndarray:
    """The time of each crop in the unit of the gap, (N,)."""
    return np.array([crop.time if options.gap_unit == "seconds" else crop.frame for crop in crops], float)
