"""Calibration of an encoder: cosine similarities of the same person and of different people, measured by time apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import WeightsError

GAPS = (0.0, 0.25, 1.0, 4.0, 10.0, 30.0)
MIN_PAIRS = 20
MIN_SPREAD = 0.02
SMALLEST_SPREAD = 1e-3
SHORTEST = 1e-9
LARGEST = 1e6
"""No time apart in seconds is longer, and no similarity nearly as large."""
NO_GAP = -1
CAUTIOUS_LIMIT = 1.0

PairSimilarities = Mapping[float, tuple[np.ndarray, np.ndarray]]
"""Seconds apart -> cosine similarities of pairs of the same person, and of different people."""

# mobilenet_v2 as ImageNet left it, on 2,255 crops of 120 people of Market-1501, pairs of one camera's pass;
# the last gap stands for another view of the person (pairs across cameras).
IMAGENET: dict[str, Any] = {
    "gap": (0.0, 1.0, 4.0, 10.0, 30.0, 60.0),
    "same": ((0.84, 0.05), (0.82, 0.06), (0.77, 0.06), (0.74, 0.08), (0.73, 0.07), (0.70, 0.07)),
    "different": ((0.69, 0.07), (0.70, 0.07), (0.70, 0.06), (0.70, 0.06), (0.67, 0.06), (0.66, 0.06)),
}


@dataclass(frozen=True, slots=True)
class Calibration:
    """How similar the same person and different people look to one encoder, by time apart.

    `gap` (K,) seconds, ascending; `same` and `different` hold a (mean, standard deviation) of the cosine similarity for
    each gap. Measured on people the encoder was not trained on.
    """

    gap: tuple[float, ...]
    same: tuple[tuple[float, float], ...]
    different: tuple[tuple[float, float], ...]

    def log_odds(self, similarity: np.ndarray, gap: np.ndarray) -> np.ndarray:
        """log p(similarity | same person) - log p(similarity | different people), for any equal shapes.

        Both are Gaussians between the two means; beyond these the odds go on straight. Two Gaussians of different
        widths cross a second time far out, and a *more* similar pair must never count as less likely the same; and the
        nearer the means, the less a similarity far from both may say. Of equal widths these are the exact log odds.
        """
        columns = np.array([[*s, *d] for s, d in zip(self.same, self.different, strict=True)])  # (K, 4)
        same_mean, same_std, different_mean, different_std = (np.interp(gap, self.gap, column) for column in columns.T)
        between = np.maximum(same_mean - different_mean, 0.0)
        too_high = bent(similarity - different_mean, between) / different_std**2
        too_low = bent(same_mean - similarity, between) / same_std**2
        return too_high - too_low + np.log(different_std / same_std)


def checked_calibration(measured: Any, path: Path) -> Calibration:
    """The calibration that the encoder's file `path` holds, as `summary` gives it. Raises WeightsError for another."""
    try:
        calibration = Calibration(**measured)
        columns = zip(calibration.gap, calibration.same, calibration.different, strict=True)
        rows = np.array([[gap, *same, *different] for gap, same, different in columns], float)
    except (TypeError, ValueError, OverflowError) as error:
        raise WeightsError(f"{path} holds no calibration but something else; calibrate it again.") from error
    if rows.shape[1:] != (5,) or not (np.abs(rows) <= LARGEST).all() or (np.diff(rows[:, 0]) <= 0).any():
        raise WeightsError(f"{path} holds a calibration with other numbers than it needs; calibrate it again.")
    if (rows[:, (2, 4)] < SMALLEST_SPREAD).any():
        raise WeightsError(f"{path} holds a calibration whose similarities do not scatter; calibrate it again.")
    return calibration


def bent(excess: np.ndarray, knee: np.ndarray) -> np.ndarray:
    """Half the square of what is above 0, straight from the knee on (Huber's function), for any equal shapes."""
    above = np.maximum(excess, 0.0)
    return np.where(above <= knee, 0.5 * above**2, knee * (above - 0.5 * knee))


class CautiousCalibration(Calibration):
    """Another encoder's calibration, for one that has none: log odds within -1 to 1 break a tie and decide no more."""

    __slots__ = ()

    def log_odds(self, similarity: np.ndarray, gap: np.ndarray) -> np.ndarray:
        return super().log_odds(similarity, gap).clip(-CAUTIOUS_LIMIT, CAUTIOUS_LIMIT)


def pair_similarities(
    embedding: np.ndarray, person: np.ndarray, video: np.ndarray, time: np.ndarray, gaps: Sequence[float] = GAPS
) -> PairSimilarities:
    """Cosine similarities of all pairs of the same person and of different people, each (pairs,), by time apart.

    embedding (N, D) rows of length 1, person (N,) and video (N,) of any comparable kind, time (N,) seconds. Pairs are
    formed within a video and counted at the nearest of `gaps` (on a logarithmic scale). Gaps with fewer than 20 pairs
    of either kind are left out.
    """
    first, second = np.triu_indices(len(person), k=1)
    within = video[first] == video[second]
    similarity = (embedding @ embedding.T)[first, second]
    is_same = person[first] == person[second]
    apart = np.abs(time[first] - time[second])
    nearest = np.abs(np.log(apart[:, None] + 0.1) - np.log(np.asarray(gaps) + 0.1)).argmin(axis=1)
    nearest[~within] = NO_GAP
    pairs = {
        float(gap): (similarity[(nearest == index) & is_same], similarity[(nearest == index) & ~is_same])
        for index, gap in enumerate(gaps)
    }
    return {gap: both for gap, both in pairs.items() if min(map(len, both)) >= MIN_PAIRS}


def centred(embedding: np.ndarray, person: np.ndarray, video: np.ndarray) -> np.ndarray:
    """The rows (N, D) of length 1 without what the people of each video share: what `tracker.shared_look` knows of it
    when all have been seen."""
    rest = embedding.copy()
    for name in np.unique(video):
        here = video == name
        people = np.unique(person[here])
        means = [embedding[here & (person == one)].mean(axis=0) for one in people]
        rest[here] -= (1 - 1 / len(people)) * np.mean(means, axis=0)
    return rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), SHORTEST)


def summary(pairs: PairSimilarities) -> dict[str, Any]:
    """Mean and standard deviation of the similarities, by time apart.

    Plain values: gap (K,), same and different K times (mean, std). Raises ValueError where no gap has enough pairs.
    """
    if not pairs:
        raise ValueError(f"Fewer than {MIN_PAIRS} pairs of the same and of different people in one video.")
    # no deviation is so small that one crop would decide everything
    same, different = (
        tuple((float(both[kind].mean()), max(float(both[kind].std()), MIN_SPREAD)) for both in pairs.values())
        for kind in (0, 1)
    )
    return {"gap": tuple(pairs), "same": same, "different": different}


def log_loss(pairs: PairSimilarities) -> float:
    """How much the calibrated odds leave open about who is the same person, in bits, a mean of all times apart.

    0 where they are sure and right, 1 where they say nothing, more where they are sure and wrong; of each time apart
    the same and different people count equally.
    """
    calibration = Calibration(**summary(pairs))
    odds = [
        [calibration.log_odds(values, np.full(values.shape, gap)) for values in both] for gap, both in pairs.items()
    ]
    losses = [(np.logaddexp(0, -same).mean() + np.logaddexp(0, different).mean()) / 2 for same, different in odds]
    return float(np.mean(losses) / np.log(2))
