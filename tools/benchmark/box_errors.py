"""Errors of a detector's boxes against truth: who is missed, by how far they are covered, and what a score means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracker.boxes import iou, occlusion
from tracker.types import Detections

from ..scoring.track_scores import People

TRUE_FROM = 0.5
"""IoU from which on a box is that of a person."""
ON_SOMEBODY = 0.3
"""IoU with a person above which a false box is a second one on them."""
COVERED_FROM = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of a person's box that nearer people cover, where the ranges of the recall begin."""
SCORED_FROM = (0.1, 0.2, 0.4, 0.6, 0.8, 0.9)
"""Scores where the ranges of the precision begin."""


@dataclass(frozen=True, slots=True)
class BoxErrors:
    """Of P people and F false boxes in so many frames.

    covered (P,) shares in 0..1; score, overlap (P,): of each one's box, NaN where there is none; false_score (F,);
    false_overlap (F,): the largest IoU of a false box with a person.
    """

    covered: np.ndarray
    score: np.ndarray
    overlap: np.ndarray
    false_score: np.ndarray
    false_overlap: np.ndarray
    frames: int

    @staticmethod
    def pooled(parts: Sequence[BoxErrors]) -> BoxErrors:
        """Those of several sequences."""
        return BoxErrors(
            np.concatenate([part.covered for part in parts]),
            np.concatenate([part.score for part in parts]),
            np.concatenate([part.overlap for part in parts]),
            np.concatenate([part.false_score for part in parts]),
            np.concatenate([part.false_overlap for part in parts]),
            sum(part.frames for part in parts),
        )

    @property
    def found(self) -> np.ndarray:
        """Which people have a box, (P,) bool."""
        return ~np.isnan(self.score)

    @property
    def summary(self) -> str:
        """All people and boxes in one line."""
        found, false = int(self.found.sum()), len(self.false_score)
        on = f"{100 * _mean(self.false_overlap > ON_SOMEBODY):.0f}% of them on somebody" if false else "none"
        shares = f"recall {100 * _mean(self.found):.1f}%, precision {100 * found / max(found + false, 1):.1f}%"
        return f"{shares}, {false / max(self.frames, 1):.2f} false boxes a frame, {on}"

    def recall(self) -> list[float]:
        """Share of people with a box, for each of `COVERED_FROM`; NaN where nobody is covered so far."""
        return [_mean(self.found[part]) for part in _ranges(self.covered, COVERED_FROM)]

    def median_overlap(self) -> list[float]:
        """Median IoU of these boxes, for each of `COVERED_FROM`."""
        parts = [self.overlap[part & self.found] for part in _ranges(self.covered, COVERED_FROM)]
        return [float(np.median(part)) if len(part) else np.nan for part in parts]

    def precision(self) -> list[float]:
        """Share of boxes that are a person's, for each of `SCORED_FROM`; NaN where there is no box."""
        parts = zip(_ranges(self.score, SCORED_FROM), _ranges(self.false_score, SCORED_FROM), strict=True)
        return [_mean(np.repeat([True, False], [right.sum(), wrong.sum()])) for right, wrong in parts]


def errors_of(truth: Iterable[People], found: Iterable[Detections]) -> BoxErrors:
    """Of the boxes found in each frame of the truth, as many of both; each person has one box at most."""
    frames = [_of_frame(people.xyxy, boxes) for people, boxes in zip(truth, found, strict=True)]
    return BoxErrors.pooled(frames)


def _of_frame(people: np.ndarray, found: Detections) -> BoxErrors:
    shared = iou(people, found.xyxy.astype(float))  # (P, N)
    # Not the tracker's `match`, whose gate gives up two pairs that barely count for one that fits well.
    rows, columns = linear_sum_assignment(-np.where(shared < TRUE_FROM, 0.0, shared))
    true = shared[rows, columns] >= TRUE_FROM
    rows, columns = rows[true], columns[true]
    score, overlap = np.full((2, len(people)), np.nan)
    score[rows], overlap[rows] = found.score[columns], shared[rows, columns]
    false = np.setdiff1d(np.arange(len(found)), columns)
    most = shared.max(axis=0, initial=0.0)[false]
    return BoxErrors(occlusion(people), score, overlap, found.score[false].astype(float), most, frames=1)


def _ranges(values: np.ndarray, starts: Sequence[float]) -> list[np.ndarray]:
    """Which of the values lie in each range, which ends where the next begins, (N,) bool each."""
    ends = [*starts[1:], np.inf]
    return [(values >= start) & (values < end) for start, end in zip(starts, ends, strict=True)]


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else np.nan
