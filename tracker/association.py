"""Which detection continues which track: similarities of boxes, and one matching function that they are handed to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import lap
import numpy as np

from .boxes import area, expand, height_iou, intersection, iou, xyxy_to_cxcywh
from .track import Track


@dataclass(frozen=True, slots=True)
class AssociationOptions:
    """What counts as the same person from one frame to the next."""

    high_score: float = 0.6
    """Detections from this score on are matched first ..."""
    high_score_with_looks: float = 0.5
    """... and from this one where there is a re-ID encoder: looks find out later what was mistaken."""
    low_score: float = 0.1
    """Detections between this and `high_score` may only continue a track that is still without one (ByteTrack)."""
    predicted_weight: float = 0.7
    """Share of the overlap with the predicted box; the rest is the overlap with the box last seen."""
    place_memory: float = math.inf
    """Seconds in which the box last seen loses its say, to 1/e, from the first frame on that does not show her ..."""
    place_memory_with_looks: float = 0.3
    """... and where there is a re-ID encoder: who stands later where she stood is then told by looks."""
    height_power: float = 4.0
    """Power of the vertical overlap that multiplies the first share: people of another height are other people."""
    occlusion_weight: float = 0.2
    """Similarity lost by a track whose predicted box lies wholly behind somebody nearer: she is likely not seen."""
    expansion: float = 1.0
    """How fast boxes grow on each side before their overlaps are taken, box sizes per second since a track was seen:
    the longer the step, the further people get in it (C-BIoU's buffers, in seconds)."""
    most_expansion: float = 0.15
    """... and how far at most."""
    direction_weight: float = 0.1
    """Range of what the direction to a detection wins or loses: going on is likelier than turning back (OC-SORT)."""
    least_similarity: float = 0.15
    """Gate of the first matching, inside the assignment."""
    least_similarity_low: float = 0.3
    """Gate of the second matching, where detections are doubtful."""

    def with_looks(self) -> AssociationOptions:
        """These options where a re-ID encoder is at hand."""
        return replace(self, high_score=self.high_score_with_looks, place_memory=self.place_memory_with_looks)


@dataclass(frozen=True, slots=True)
class Expected:
    """What T tracks lead one to expect: boxes (T, 4) in pixels, the rest for comparing detections with them."""

    predicted: np.ndarray
    last_seen: np.ndarray
    unseen: np.ndarray
    """Seconds since the last sighting, (T,)."""
    missed: np.ndarray
    """The same up to the frame before this one, (T,): zero for who was seen in it."""
    step: np.ndarray
    """Where the centre went over the last sightings, (T, 2) pixels."""
    noise: np.ndarray
    """Standard deviation of the last box's centre, (T,) body heights."""


def expected(tracks: Sequence[Track], now: float) -> Expected:
    """What the tracks lead one to expect at the time `now`, in seconds."""
    return Expected(
        np.array([track.motion.xyxy for track in tracks]).reshape(-1, 4),
        np.array([track.last_xyxy for track in tracks]).reshape(-1, 4),
        np.array([track.unseen(now) for track in tracks]),
        np.array([track.missed for track in tracks]),
        np.array([track.step for track in tracks]).reshape(-1, 2),
        np.array([track.noise for track in tracks]),
    )


def box_similarity(
    tracks: Expected, detected: np.ndarray, noise: np.ndarray, options: AssociationOptions
) -> np.ndarray:
    """Similarity of every track and detection, (T, N), about 0..1; noise (N,) of the boxes (N, 4), body heights."""
    by = np.minimum(options.expansion * tracks.unseen, options.most_expansion)[:, None]  # (T, 1)
    grown = expand(detected[None], by[:, :, None])  # (T, N, 4)
    by_prediction = iou(expand(tracks.predicted, by), grown)
    by_prediction *= height_iou(tracks.predicted, detected) ** options.height_power
    by_place = iou(expand(tracks.last_seen, by), grown)
    share = options.predicted_weight
    by_place *= np.exp(-tracks.missed / options.place_memory)[:, None]
    similarity = share * by_prediction + (1 - share) * by_place
    similarity -= options.occlusion_weight * occlusion(tracks.predicted)[:, None]
    return similarity + options.direction_weight * onward(tracks, detected, noise)


def onward(tracks: Expected, detected: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """How much the way to each detection (N, 4) goes on as its track did, (T, N) from -0.5 to 0.5.

    Half a turn is the whole range; steps no longer than the boxes' noise tell no direction, and count the less.
    """
    height = np.maximum(tracks.last_seen[:, 3] - tracks.last_seen[:, 1], 1.0)  # (T,)
    way = xyxy_to_cxcywh(detected)[None, :, :2] - xyxy_to_cxcywh(tracks.last_seen)[:, None, :2]  # (T, N, 2)
    way /= height[:, None, None]
    came = tracks.step / height[:, None]  # body heights, (T, 2)
    far, length = np.linalg.norm(way, axis=-1), np.linalg.norm(came, axis=-1)[:, None]  # (T, N), (T, 1)
    was = tracks.noise[:, None]
    cosine = (way @ came[:, :, None])[..., 0] / np.maximum(far * length, 1e-9)
    certainty = far / np.maximum(np.sqrt(far**2 + was**2 + noise**2), 1e-9)
    certainty *= length / np.maximum(np.sqrt(length**2 + 2 * was**2), 1e-9)
    return (0.5 - np.arccos(cosine.clip(-1, 1)) / np.pi) * certainty


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
