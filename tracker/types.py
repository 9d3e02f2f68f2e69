"""The few types that cross room walls, and the protocols of the parts a tracker is built from.

Shapes: N detections, T tracks, B crops, D embedding dimension. Boxes are `xyxy` in pixels of the upright
picture, images are (H, W, 3) uint8 in BGR order, times are seconds from the start of the video.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np


class InputError(ValueError):
    """A mistake the user can mend; its message is one clear sentence: what is wrong, where, what to do."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a video.

    `index` counts from 0 along the source, `time` is in seconds and comes from the container.
    `image` is (H, W, 3) uint8 BGR, or None where a sequence has boxes but no pictures.
    """

    index: int
    time: float
    image: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector saw in one frame; rows can be indexed like an array's.

    xyxy (N, 4) float32 pixels, score (N,) float32 in 0..1, keypoints (N, 17, 3) float32 COCO x, y, confidence or None.
    Raises ValueError where the shapes disagree or a box is not finite.
    """

    xyxy: np.ndarray
    score: np.ndarray
    keypoints: np.ndarray | None = None

    def __post_init__(self) -> None:
        xyxy = np.asarray(self.xyxy, np.float32).reshape(-1, 4)
        score = np.asarray(self.score, np.float32).reshape(-1)
        if len(xyxy) != len(score):
            raise ValueError(f"{len(xyxy)} boxes but {len(score)} scores")
        if not np.isfinite(xyxy).all():
            raise ValueError("a box has a coordinate that is not finite")
        object.__setattr__(self, "xyxy", xyxy)
        object.__setattr__(self, "score", score)
        if self.keypoints is not None:
            keypoints = np.asarray(self.keypoints, np.float32)
            if keypoints.ndim != 3 or keypoints.shape[2] != 3 or len(keypoints) != len(xyxy):
                raise ValueError(f"keypoints must be ({len(xyxy)}, joints, 3), not {keypoints.shape}")
            object.__setattr__(self, "keypoints", keypoints)

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, rows: np.ndarray | Sequence[int] | slice) -> Detections:
        """The chosen rows, in the chosen order: an index array, a boolean mask or a slice."""
        keypoints = None if self.keypoints is None else self.keypoints[rows]
        return Detections(self.xyxy[rows], self.score[rows], keypoints)

    @classmethod
    def empty(cls) -> Detections:
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Recovery:
    """A lost person found again: who, when, and how sure the tracker was.

    `away` is the absence in seconds; `exchanged` tells that she was not lost but had been mistaken for somebody near
    her, which was put right. `similarity` is the cosine similarity of the embeddings and `margin` its lead over
    the next best identity; both are None where motion alone, or a closed cast, decided. `remembered` tells that she was
    not seen before in this video but known from a cast file; `away` is 0 then.
    """

    frame: int
    time: float
    id: int
    away: float
    similarity: float | None = None
    margin: float | None = None
    exchanged: bool = False
    remembered: bool = False


@dataclass(frozen=True, slots=True)
class FrameTracks:
    """Who is where in one frame: what leaves the tracker, what truth is read into, what scores compare.

    ids (T,) int64 (from 1, unique within a frame), xyxy (T, 4) float32 pixels (the matched detections, not the filtered
    state), score (T,) float32, recovered (T,) bool (this row is a lost person's first after coming back),
    keypoints (T, 17, 3) float32 or None.

    `cut` tells that another camera took over with this frame: places before it and after it have nothing in common.

    `backfill` holds rows of *earlier* frames that became known with this one: a person is confirmed only after a few
    sightings, and her first sightings arrive here. `merge_backfill` (pipeline) puts them back in order.
    """

    frame: int
    time: float
    ids: np.ndarray
    xyxy: np.ndarray
    score: np.ndarray
    recovered: np.ndarray
    keypoints: np.ndarray | None = None
    recoveries: tuple[Recovery, ...] = ()
    backfill: tuple[FrameTracks, ...] = field(default=(), repr=False)
    cut: bool = False

    def __post_init__(self) -> None:
        ids = np.asarray(self.ids, np.int64).reshape(-1)
        if len(np.unique(ids)) != len(ids):
            raise ValueError(f"frame {self.frame}: an id stands twice in {ids.tolist()}")
        columns: dict[str, np.ndarray] = {
            "ids": ids,
            "xyxy": np.asarray(self.xyxy, np.float32).reshape(-1, 4),
            "score": np.asarray(self.score, np.float32).reshape(-1),
            "recovered": np.asarray(self.recovered, bool).reshape(-1),
        }
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"frame {self.frame}: columns of different lengths {lengths}")
        for name, column in columns.items():
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def empty(cls, frame: int, time: float) -> FrameTracks:
        return cls(frame, time, np.zeros(0), np.zeros((0, 4)), np.zeros(0), np.zeros(0, bool))


class Detector(Protocol):
    """Finds people. One frame in, its `Detections` out; `batch` does several frames in one go, in order."""

    def __call__(self, frame: Frame) -> Detections: ...

    def batch(self, frames: Sequence[Frame]) -> list[Detections]: ...


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

        Both are Gaussians, of which only the tails that lie between the two means count: two Gaussians of different
        widths cross a second time far out, and a *more* similar pair must never count as less likely the same.
        """
        columns = np.array([[*s, *d] for s, d in zip(self.same, self.different, strict=True)])  # (K, 4)
        same_mean, same_std, different_mean, different_std = (np.interp(gap, self.gap, column) for column in columns.T)
        too_low = np.minimum(similarity - same_mean, 0.0) / same_std
        too_high = np.maximum(similarity - different_mean, 0.0) / different_std
        return 0.5 * (too_high**2 - too_low**2) + np.log(different_std / same_std)


class Embedder(Protocol):
    """Turns crops of people into vectors in which the same person is near herself.

    crops: B images (h, w, 3) uint8 BGR of any size; returns (B, D) float32 rows of length 1.
    """

    calibration: Calibration

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray: ...
