"""Which detection continues which track: similarities of boxes, and one matching function that they are handed to."""

from __future__ import annotations

from dataclasses import dataclass

import lap
import numpy as np

from .boxes import area, height_iou, intersection, iou


@dataclass(frozen=True, slots=True)
class AssociationOptions:
    """What counts as the same person from one frame to the next."""

    high_score: float = 0.6
    """Detections from this score on are matched first."""
    low_score: float = 0.1
    """Detections between this and `high_score` may only continue a track that is still without one (ByteTrack)."""
    predicted_weight: float = 0.7
    """Share of the overlap with the predicted box; the rest is the overlap with the box last seen."""
    height_power: float = 4.0
    """Power of the vertical overlap that multiplies the first share: people of another height are other people."""
    occlusion_weight: float = 0.2
    """Similarity lost by a track whose predicted box lies wholly behind somebody nearer: she is likely not seen."""
    least_similarity: float = 0.1
    """Gate of the first matching, inside the assignment."""
    least_similarity_low: float = 0.3
    """Gate of the second matching, where detections are doubtful."""


def box_similarity(
    predicted: np.ndarray, last_seen: np.ndarray, detected: np.ndarray, options: AssociationOptions
) -> np.ndarray:
    """Similarity in 0..1 of every track and detection, (T, 4), (T, 4) and (N, 4) to (T, N)."""
    share = options.predicted_weight
    hidden = occlusion(predicted)[:, None]
    by_prediction = iou(predicted, detected) * height_iou(predicted, detected) ** options.height_power
    return share * by_prediction + (1 - share) * iou(last_seen, detected) - options.occlusion_weight * hidden


def occlusion(xyxy: np.ndarray) -> np.ndarray:
    """Largest share of each box that lies behind one whose feet are lower in the picture, (T, 4) to (T,) in 0..1."""
    nearer = xyxy[None, :, 3] > xyxy[:, None, 3]
    share = intersection(xyxy, xyxy) / np.maximum(area(xyxy), 1.0)[:, None]
    return np.where(nearer, share, 0.0).max(axis=1, initial=0.0)


def match(score: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Pair rows and columns one to one for the largest sum of scores; no pair scores less than `least`.

    score (T, N) to two index arrays (K,) of rows and columns. The gate is part of the assignment problem: solving
    first and dropping bad pairs afterwards gives worse matchings.
    """
    if 0 in score.shape:
        return np.zeros(0, int), np.zeros(0, int)
    _, column_of_row, _ = lap.lapjv(-score.astype(float), extend_cost=True, cost_limit=-least)
    rows = np.flatnonzero(column_of_row >= 0)
    return rows, column_of_row[rows]
