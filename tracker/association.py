"""Association of detections and tracks: similarities of boxes, and the matching function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import lap
import numpy as np

from .boxes import expand, height_iou, iou, occlusion, xyxy_to_cxcywh
from .motion import boxes_of
from .option_ranges import require_above
from .track import Track


@dataclass(frozen=True, slots=True)
class AssociationOptions:
    """How detections are matched to tracks from one frame to the next."""

    high_score: float = 0.6
    """Detections from this score on are matched first, where re-ID is off. Scores are those of `score_scale`."""
    high_score_with_appearance: float = 0.5
    """The same score where re-ID is on: appearance corrects mistakes later."""
    low_score: float = 0.1
    """Detections between this and `high_score` may only continue a track that is still without one (ByteTrack)."""
    predicted_weight: float = 0.7
    """Weight of the overlap with the predicted box; the rest is the weight of the overlap with the last box."""
    last_box_decay: float = math.inf
    """Decay time (to 1/e) of the last-box term while the track is not seen, seconds, where re-ID is off."""
    last_box_decay_with_appearance: float = 0.3
    """The same decay time where re-ID is on: appearance then decides who stands where the track was."""
    last_box_decay_steady: float = 0.3
    """Decay time that is added where people move steadily, as pedestrians do: they are no longer where they were. Rates
    add up, so with re-ID the term then decays in half of the time."""
    height_power: float = 4.0
    """Power of the overlap in height, which multiplies the overlap with the predicted box."""
    occlusion_weight: float = 0.1
    """Similarity lost by a track whose predicted box lies wholly behind one nearer to the camera; none where people
    move steadily, as they then pass behind others and go on."""
    expansion: float = 1.0
    """How fast boxes grow on each side before their overlaps are taken, box sizes per second since a track was seen:
    the longer the step, the further people get in it (C-BIoU's buffers, in seconds)."""
    max_expansion: float = 0.15
    """Largest growth of a box on each side, box sizes."""
    direction_weight: float = 0.1
    """Difference in similarity between going straight on and turning back: going on is likelier (OC-SORT)."""
    min_similarity: float = 0.15
    """Gate of both matchings, inside the assignment."""
    weak_penalty: float = 0.8
    """Similarity lost in the second matching for each unit of score below `high_score`: the weaker a box, the better it
    must fit."""

    def __post_init__(self) -> None:
        decays = ("last_box_decay", "last_box_decay_with_appearance", "last_box_decay_steady")
        require_above(0.0, "association", self, *decays)

    def at(self, steadiness: float) -> AssociationOptions:
        """These options in a video in which people move as steadily as that, 0..1 (`steadiness`)."""
        if not steadiness:
            return self
        rate = 1 / self.last_box_decay + steadiness / self.last_box_decay_steady
        return replace(self, last_box_decay=1 / rate, occlusion_weight=(1 - steadiness) * self.occlusion_weight)

    def with_appearance(self) -> AssociationOptions:
        """These options where there is a re-ID encoder."""
        return replace(
            self, high_score=self.high_score_with_appearance, last_box_decay=self.last_box_decay_with_appearance
        )


@dataclass(frozen=True, slots=True)
class Expected:
    """T tracks as detections are compared with them: boxes (T, 4) in pixels, and what else the comparison needs."""

    predicted: np.ndarray
    last_seen: np.ndarray
    time_since_update: np.ndarray
    """Seconds since the last observation, (T,)."""
    missed: np.ndarray
    """The same up to the frame before this one, (T,): zero for a track seen in it."""
    step: np.ndarray
    """Movement of the centre over the last observations, (T, 2) pixels."""
    noise: np.ndarray
    """Standard deviation of the last box's centre, (T,) body heights."""

    def __getitem__(self, rows: np.ndarray) -> Expected:
        """The tracks of the rows (P,), one of which may stand there more than once."""
        return Expected(*(getattr(self, column.name)[rows] for column in fields(self)))


def expected(tracks: Sequence[Track], now: float) -> Expected:
    """The tracks at the time `now`, in seconds."""
    last_seen = np.array([track.last_xyxy for track in tracks], float).reshape(-1, 4)
    came_from = np.array([track.came_from for track in tracks], float).reshape(-1, 4)
    return Expected(
        boxes_of([track.motion for track in tracks]),
        last_seen,
        np.array([track.time_since_update(now) for track in tracks]),
        np.array([track.missed for track in tracks]),
        xyxy_to_cxcywh(last_seen)[:, :2] - xyxy_to_cxcywh(came_from)[:, :2],
        np.array([track.noise for track in tracks]),
    )


def box_similarity(
    tracks: Expected, detected: np.ndarray, noise: np.ndarray, options: AssociationOptions
) -> np.ndarray:
    """Similarity of every track and detection, (T, N), about 0..1; noise (N,) of the boxes (N, 4), body heights.

    It is 0 for pairs whose grown boxes do not touch; in a crowd these are nearly all, so the others alone are computed.
    """
    similarity = np.zeros((len(tracks.missed), len(detected)))
    by = np.minimum(options.expansion * tracks.time_since_update, options.max_expansion)[:, None]  # (T, 1)
    rows, columns = np.nonzero(_touch(tracks, detected, by))  # (P,) each
    hidden = options.occlusion_weight * occlusion(tracks.predicted)  # (T,)
    pairs, boxes = tracks[rows], detected[columns]
    overlap = _overlap(pairs, boxes, by[rows], options)
    of_pairs = overlap - hidden[rows] + options.direction_weight * onward(pairs, boxes, noise[columns])
    similarity[rows, columns] = np.where(overlap > 0, of_pairs, 0.0)
    return similarity


def _touch(tracks: Expected, detected: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Which pairs can overlap, (T, N) bool: no box is grown by more than the largest of `by` (T, 1)."""
    predicted, last_seen = expand(tracks.predicted, by), expand(tracks.last_seen, by)
    low = np.minimum(predicted, last_seen)[:, None]  # (T, 1, 4)
    high = np.maximum(predicted, last_seen)[:, None]
    grown = expand(detected, np.full((len(detected), 1), by.max(initial=0.0)))  # (N, 4)
    across = (low[..., 0] < grown[:, 2]) & (grown[:, 0] < high[..., 2])
    return across & (low[..., 1] < grown[:, 3]) & (grown[:, 1] < high[..., 3])


def _overlap(tracks: Expected, detected: np.ndarray, by: np.ndarray, options: AssociationOptions) -> np.ndarray:
    """How well each box (P, 4) fits the track beside it, grown on each side by a share (P, 1) of its size; (P,)."""
    grown = expand(detected, by)[:, None]  # (P, 1, 4)
    by_prediction = iou(expand(tracks.predicted, by), grown)[:, 0]
    by_prediction *= height_iou(tracks.predicted, detected[:, None])[:, 0] ** options.height_power
    by_last_box = iou(expand(tracks.last_seen, by), grown)[:, 0]
    by_last_box *= np.exp(-tracks.missed / options.last_box_decay)
    share = options.predicted_weight
    return share * by_prediction + (1 - share) * by_last_box


def onward(tracks: Expected, detected: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """How much the step to each box (P, 4) continues that of the track beside it, (P,) from -0.5 to 0.5 (straight on).

    Linear in the angle between the two; a step no longer than the noise (P,) of the boxes counts less.
    """
    height = np.maximum(tracks.last_seen[:, 3] - tracks.last_seen[:, 1], 1.0)[:, None]  # (P, 1)
    way = (xyxy_to_cxcywh(detected)[:, :2] - xyxy_to_cxcywh(tracks.last_seen)[:, :2]) / height  # body heights, (P, 2)
    came = tracks.step / height  # the same
    far, length = np.linalg.norm(way, axis=1), np.linalg.norm(came, axis=1)  # (P,)
    cosine = (way * came).sum(axis=1) / np.maximum(far * length, 1e-9)
    certainty = far / np.maximum(np.sqrt(far**2 + tracks.noise**2 + noise**2), 1e-9)
    certainty *= length / np.maximum(np.sqrt(length**2 + 2 * tracks.noise**2), 1e-9)
    return (0.5 - np.arccos(cosine.clip(-1, 1)) / np.pi) * certainty


def match(score: np.ndarray, min_score: float) -> tuple[np.ndarray, np.ndarray]:
    """Pair rows and columns one to one for the largest sum of scores; no pair scores less than `min_score`.

    score (T, N) to two index arrays (K,) of rows and columns. The gate is part of the assignment problem: solving
    first and dropping bad pairs afterwards gives worse matchings. Pairs in which neither has another choice are taken
    at once: in a crowd nearly all are such, and the time of the solution grows with the third power.
    """
    fits = score >= min_score  # (T, N)
    alone = fits & (fits.sum(axis=1) == 1)[:, None] & (fits.sum(axis=0) == 1)
    rows, columns = np.nonzero(alone)
    open_rows = np.flatnonzero((fits & ~alone).any(axis=1))
    open_columns = np.flatnonzero((fits & ~alone).any(axis=0))
    if not len(open_rows):
        return rows, columns
    cost = -score[np.ix_(open_rows, open_columns)].astype(float)
    _, column_of_row, _ = lap.lapjv(cost, extend_cost=True, cost_limit=-min_score)
    solved = np.flatnonzero(column_of_row >= 0)
    rows = np.concatenate([rows, open_rows[solved]])
    columns = np.concatenate([columns, open_columns[column_of_row[solved]]])
    order = np.argsort(rows)
    return rows[order], columns[order]
