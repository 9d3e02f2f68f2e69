"""How similar the same person and different people look to an encoder, by time apart: measured, not guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

GAPS = (0.0, 0.25, 1.0, 4.0, 10.0, 30.0)
FEWEST_PAIRS = 20
SMALLEST_SPREAD = 0.02
NO_GAP = -1

# mobilenet_v2 as ImageNet left it, on 2,255 crops of 120 people of Market-1501, pairs of one camera's pass;
# the last gap stands for another view of the person (pairs across cameras).
IMAGENET: dict[str, Any] = {
    "gap": (0.0, 1.0, 4.0, 10.0, 30.0, 60.0),
    "same": ((0.84, 0.05), (0.82, 0.06), (0.77, 0.06), (0.74, 0.08), (0.73, 0.07), (0.70, 0.07)),
    "different": ((0.69, 0.07), (0.70, 0.07), (0.70, 0.06), (0.70, 0.06), (0.67, 0.06), (0.66, 0.06)),
}


def facts_of(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """`gap`, `same`, `different` as an encoder's metadata gives them, else what an ImageNet trunk shows."""
    return metadata.get("calibration") or IMAGENET


def measure(
    embedding: np.ndarray,
    person: np.ndarray,
    video: np.ndarray,
    time: np.ndarray,
    gaps: Sequence[float] = GAPS,
    other_view: float | None = None,
) -> dict[str, Any]:
    """Mean and standard deviation of the cosine similarity of same and different people, by time apart.

    embedding (N, D) rows of length 1, person (N,) and video (N,) of any comparable kind, time (N,) seconds. Pairs are
    formed within a video and counted at the nearest of `gaps` (on a logarithmic scale); pairs across videos count as
    `other_view` seconds apart, where that is given. Gaps with fewer than 20 pairs of either kind are left out. Returns
    plain values: gap (K,), same and different K times (mean, std); raises ValueError where no gap has enough pairs.
    """
    first, second = np.triu_indices(len(person), k=1)
    within = video[first] == video[second]
    similarity = (embedding @ embedding.T)[first, second]
    is_same = person[first] == person[second]
    apart = np.abs(time[first] - time[second])
    nearest = np.abs(np.log(apart[:, None] + 0.1) - np.log(np.asarray(gaps) + 0.1)).argmin(axis=1)
    nearest[~within] = NO_GAP
    if other_view is not None:
        gaps = [*gaps, other_view]
        nearest[~within] = len(gaps) - 1
    facts: dict[str, list[Any]] = {"gap": [], "same": [], "different": []}
    for index, gap in enumerate(gaps):
        same, different = (similarity[(nearest == index) & kind] for kind in (is_same, ~is_same))
        if min(len(same), len(different)) >= FEWEST_PAIRS:
            facts["gap"].append(float(gap))
            facts["same"].append(mean_and_spread(same))
            facts["different"].append(mean_and_spread(different))
    if not facts["gap"]:
        raise ValueError(f"Fewer than {FEWEST_PAIRS} pairs of the same and of different people in one video.")
    return {name: tuple(values) for name, values in facts.items()}


def mean_and_spread(similarity: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation; the latter never so small that one crop would decide everything."""
    return float(similarity.mean()), max(float(similarity.std()), SMALLEST_SPREAD)
