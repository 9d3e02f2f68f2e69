"""The types shared by all packages, and the protocols of the parts of a tracker.

Shapes: N detections, T tracks, B crops, D embedding dimension. Boxes are `xyxy` in pixels of the upright
picture, images are (H, W, 3) uint8 in BGR order, times are seconds from the start of the video.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

import numpy as np

Rows: TypeAlias = np.ndarray | Sequence[int] | slice
MAX_ABSENCE = 0.5
"""Seconds; a longer absence ends a person's stay on stage and trail, and what follows is a return."""
MIN_ABSENCE = 0.3
"""Seconds; a person found again after less was never away."""


def is_absence(
    frames: int | np.ndarray, seconds: float | np.ndarray, longest: float = MAX_ABSENCE
) -> bool | np.ndarray:
    """Whether a person was away between two boxes so many of the tracked frames and seconds apart.

    Those of neighbouring frames were not, however few frames there are a second. longest: seconds that are no absence.
    """
    return (frames > 1) & (seconds > longest)


class InputError(ValueError):
    """A mistake the user can correct; its message is one clear sentence: what is wrong, where, what to do."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a video.

    `index` counts from 0 along the source, `time` is in seconds and comes from the container.
    `image` is (H, W, 3) uint8 BGR, or None where a sequence has boxes but no pictures.
    `taken` is when it came from a camera or a live stream, in seconds of `time.monotonic`; None in a recording.
    """

    index: int
    time: float
    image: np.ndarray | None
    taken: float | None = None


PictureSize: TypeAlias = tuple[int, int] | None
"""(width, height) in pixels; None where it is not known: then no box is at an edge."""

Picture: TypeAlias = Frame | np.ndarray
"""What a frame may be given as where its time does not matter: a `Frame`, or its image alone."""


def as_frame(picture: Picture, index: int = 0, time: float = 0.0) -> Frame:
    """The frame itself; an image array (H, W, 3) uint8 BGR becomes a frame with this index and time, in seconds.

    Raises TypeError for anything else, InputError for an array that is no such image.
    """
    frame = Frame(index, time, picture) if isinstance(picture, np.ndarray) else picture
    require(frame, Frame, "a frame (if it is no image array)")
    image = frame.image
    if image is not None and (image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size):
        raise InputError(
            f"an image must be a (height, width, 3) array of uint8 in BGR order, not {image.shape} {image.dtype}"
        )
    return frame


def told(error: Exception) -> str:
    """The kind of an error and the first line of what it says, for a sentence about a part that others wrote."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__


def require(value: object, kind: type, what: str) -> None:
    """Raise TypeError in one sentence where a value is not of the kind that is asked for."""
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be {kind.__name__}, not {type(value).__name__}")


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector saw in one frame; rows can be indexed like an array's.

    xyxy (N, 4) float32 pixels, score (N,) float32 in 0..1, keypoints (N, 17, 3) float32 COCO x, y, confidence or None.
    Raises InputError where the shapes disagree, a number is not finite, or a box has a negative size.
    """

    xyxy: np.ndarray
    score: np.ndarray
    keypoints: np.ndarray | None = None

    def __post_init__(self) -> None:
        xyxy, score = np.asarray(self.xyxy, np.float32), np.asarray(self.score, np.float32)
        xyxy = xyxy if xyxy.size else xyxy.reshape(0, 4)
        if xyxy.ndim != 2 or xyxy.shape[1] != 4 or score.ndim != 1:
            raise InputError(f"boxes must be (N, 4) and their scores (N,), not {xyxy.shape} and {score.shape}")
        if len(xyxy) != len(score):
            raise InputError(f"boxes ({len(xyxy)}) and scores ({len(score)}) must be as many")
        if not np.isfinite(xyxy).all():
            raise InputError("a box has a coordinate that is not finite")
        if not np.isfinite(score).all():
            raise InputError("a box has a score that is not finite")
        if (xyxy[:, 2:] < xyxy[:, :2]).any():
            raise InputError("a box ends before it begins: its corners must be left, top, right, bottom")
        object.__setattr__(self, "xyxy", xyxy)
        object.__setattr__(self, "score", score)
        if self.keypoints is not None:
            keypoints = np.asarray(self.keypoints, np.float32)
            if keypoints.ndim != 3 or keypoints.shape[2] != 3 or len(keypoints) != len(xyxy):
                raise InputError(f"keypoints must be ({len(xyxy)}, joints, 3), not {keypoints.shape}")
            if not np.isfinite(keypoints).all():
                raise InputError("a joint has a number that is not finite")
            object.__setattr__(self, "keypoints", keypoints)

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, rows: Rows) -> Detections:
        """The chosen rows, in the chosen order: an index array, a boolean mask or a slice."""
        keypoints = None if self.keypoints is None else self.keypoints[rows]
        return Detections(self.xyxy[rows], self.score[rows], keypoints)

    @classmethod
    def concat(cls, parts: Sequence[Detections]) -> Detections:
        """The rows of one part or more, in order; with keypoints where every part has them."""
        keypoints = [part.keypoints for part in parts if part.keypoints is not None]
        return cls(
            np.concatenate([part.xyxy for part in parts]),
            np.concatenate([part.score for part in parts]),
            np.concatenate(keypoints) if len(keypoints) == len(parts) else None,
        )

    @classmethod
    def empty(cls) -> Detections:
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Recovery:
    """A lost person found again: who, when, and how sure the tracker was.

    `away` is the absence in seconds. `exchanged`: the person was not lost, but two tracks in doubt had exchanged their
    ids, which was put right. `similarity` is the cosine similarity of the embeddings, without what the people of the
    video share (`shared_look`), None where there was no view to compare, and `margin` its lead over the next best
    identity, None also where there was no other. `remembered`: the person was not seen before in this video but is
    known from a cast file (whole embeddings are compared then); `away` is 0. `across_cut`: a camera cut explains the
    absence (`camera_cuts.explains`).
    """

    frame: int
    time: float
    id: int
    away: float
    similarity: float | None = None
    margin: float | None = None
    exchanged: bool = False
    remembered: bool = False
    across_cut: bool = False

    @property
    def is_return(self) -> bool:
        """Whether the person had been away and came back: this is what is counted, drawn and told as a recovery.

        Ids put right between two people in sight, people recognised by another camera and blinks of the detector are
        not.
        """
        return not self.remembered and not self.across_cut and self.away >= MIN_ABSENCE

    @property
    def is_told(self) -> bool:
        """Whether a viewer is told of it: returns, and people known from a cast file."""
        return self.is_return or self.remembered


@dataclass(frozen=True, slots=True)
class Renaming:
    """An exchange was found out: rows that were reported as `old` from `time` on, in seconds, are those of `new`."""

    time: float
    old: int
    new: int


_COLUMNS: dict[str, tuple[type, tuple[int, ...]]] = {
    "ids": (np.int64, (-1,)),
    "xyxy": (np.float32, (-1, 4)),
    "score": (np.float32, (-1,)),
    "recovered": (bool, (-1,)),
}
"""The columns of `FrameTracks` that are always there, with type and shape; `keypoints` may come with them."""


@dataclass(frozen=True, slots=True)
class FrameTracks:
    """The people of one frame with their ids and boxes: the tracker's output, the truth, the input of scores.

    ids (T,) int64 (from 1, unique within a frame), xyxy (T, 4) float32 pixels (the matched detections, not the filtered
    state), score (T,) float32, recovered (T,) bool (from this row on the id is on another track: the person
    was lost, or exchanged with another), keypoints (T, 17, 3) float32 or None. Rows can be indexed like an array's.

    `cut`: another camera took over with this frame; positions before it and after it have nothing in common.

    `backfill` holds rows of *earlier* frames that became known with this one: a track is confirmed only after a few
    observations, and the first ones arrive here. `merge_backfill` (pipeline) puts them back in order. `renamed` are ids
    of earlier frames that were found to be others' with this one; it puts those of the frames that it holds right.

    `unsure`: those of the ids that came back into sight by motion alone and that appearance has not confirmed since.

    `others`: boxes (M, 4) of people who are there but not among the rows, where some were left out to be drawn.

    Raises ValueError where an id stands twice or the columns are of different lengths.
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
    unsure: tuple[int, ...] = ()
    renamed: tuple[Renaming, ...] = field(default=(), repr=False)
    others: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, (kind, shape) in _COLUMNS.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), kind).reshape(shape))
        if len(np.unique(self.ids)) != len(self.ids):
            raise ValueError(f"frame {self.frame}: an id stands twice in {self.ids.tolist()}")
        lengths = {name: len(column) for name, column in self._columns().items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"frame {self.frame}: columns of different lengths {lengths}")

    def __len__(self) -> int:
        return len(self.ids)

    def _columns(self) -> dict[str, np.ndarray]:
        """Those that are there, by name."""
        columns = {name: getattr(self, name) for name in _COLUMNS}
        return columns if self.keypoints is None else {**columns, "keypoints": self.keypoints}

    def __getitem__(self, rows: Rows) -> FrameTracks:
        """The same frame with the chosen rows, in the chosen order: an index array, a boolean mask or a slice."""
        chosen: dict[str, Any] = {name: column[rows] for name, column in self._columns().items()}
        return replace(self, **chosen)

    @classmethod
    def concat(cls, parts: Sequence[FrameTracks]) -> FrameTracks:
        """The rows and recoveries of one frame, known in one or more parts, as one.

        There are keypoints where every part that has rows has them.
        """
        columns = [part._columns() for part in parts if len(part)]
        names = set.intersection(*map(set, columns)) if columns else set()
        joined: dict[str, Any] = {name: np.concatenate([each[name] for each in columns]) for name in names}
        recoveries = sum((part.recoveries for part in parts), ())
        empty = cls.empty(parts[0].frame, parts[0].time)
        unsure = tuple(dict.fromkeys(id for part in parts for id in part.unsure))
        return replace(empty, **joined, recoveries=recoveries, cut=any(part.cut for part in parts), unsure=unsure)

    def to_supervision(self) -> Any:
        """The rows as `supervision.Detections` (Roboflow): the ids are its `tracker_id` (T,), every class_id is 0.

        xyxy (T, 4) and confidence (T,) are float32. Raises InputError where that package is not installed.
        """
        try:
            from supervision import Detections as SupervisionDetections
        except ImportError as error:
            raise InputError("to_supervision needs the package supervision: pip install supervision") from error
        return SupervisionDetections(
            xyxy=self.xyxy.copy(),
            confidence=self.score.copy(),
            class_id=np.zeros(len(self), int),
            tracker_id=self.ids.astype(int),
        )

    @classmethod
    def empty(cls, frame: int, time: float) -> FrameTracks:
        nothing: dict[str, Any] = dict.fromkeys(_COLUMNS, np.zeros(0))
        return cls(frame, time, **nothing)


class Detector(Protocol):
    """Finds people. One frame in, its `Detections` out; `batch` does several frames in one go, in order."""

    def __call__(self, frame: Frame) -> Detections: ...

    def batch(self, frames: Sequence[Frame]) -> list[Detections]: ...


class Calibration(Protocol):
    """Calibration of one encoder: similarities to log odds."""

    def log_odds(self, similarity: np.ndarray, gap: np.ndarray) -> np.ndarray:
        """log p(similarity | same person) - log p(similarity | different people), for any equal shapes.

        similarity: cosine similarities; gap: seconds between the two crops, inf for as long as was measured.
        """
        ...


class Embedder(Protocol):
    """Turns crops of people into vectors that are close together for the same person.

    crops: B images (h, w, 3) uint8 BGR of any size; returns (B, D) float32 rows of length 1. It may have another
    `calibration_centred`, of rows without what the people of a video share: then these are compared (`shared_look`).
    """

    @property
    def calibration(self) -> Calibration: ...

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray: ...
