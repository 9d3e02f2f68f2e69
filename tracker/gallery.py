"""A person's appearance: a few crops spread over the track, embedded only when the identity is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from .boxes import area, intersection
from .option_ranges import require_above
from .types import Embedder, InputError, told

LIKELIEST = 32
"""Of more galleries than these, only so many are compared view by view."""
SHORTEST = 1e-9
AT_ONCE = 8
"""Galleries in one matrix product: what it reads stays in the processor's cache, where thousands of views would not."""


@dataclass(frozen=True, slots=True)
class GalleryOptions:
    """How many views of a person are kept, and which."""

    size: int = 8
    """Maximum number of views of a person."""
    spacing: float = 0.4
    """Seconds between two kept views of a track that is not in doubt: neighbouring frames look alike."""
    fresh_spacing: float = 0.1
    """The same for tentative tracks and tracks in doubt, which must be identified soon."""
    clear_overlap: float = 0.5
    """Maximum share of a view covered by another box."""
    lasting: bool = False
    """Keep the views and crops of all people to the end of the video, also of tracks deleted by then: a cast file is
    made of them."""

    def __post_init__(self) -> None:
        require_above(1, "gallery", self, "size")  # the first and the last view always stay


@dataclass(slots=True)
class View:
    """One view of a person: the time, and the crop (h, w, 3) BGR until `embedding` (D,) takes its place.

    Lasting galleries keep the crop as well.
    """

    time: float
    crop: np.ndarray | None
    embedding: np.ndarray | None = None


class Appearance:
    """A person's appearance to the encoder: views (V, D), rows of length 1, and their mean (D,)."""

    def __init__(self, views: np.ndarray) -> None:
        self.views = views
        self.mean: np.ndarray = views.mean(axis=0) if len(views) else views.sum(axis=0)
        self._rest = views
        self._shared: np.ndarray | None = None  # what was taken from the views for `_rest`

    def without(self, shared: np.ndarray | None) -> np.ndarray:
        """The views (V, D) without what people share (`without`); known from the last time for the same array."""
        if self._shared is not shared:
            self._rest, self._shared = without(shared, self.views), shared
        return self._rest


class People:
    """P people: the `appearances` of those who were seen clearly, and in which `columns` of P these are."""

    def __init__(self, appearances: Sequence[Appearance]) -> None:
        self.count = len(appearances)
        self.columns = [column for column, each in enumerate(appearances) if len(each.views)]
        self.appearances = [appearances[column] for column in self.columns]

    @cached_property
    def lengths(self) -> set[int]:
        """Of their vectors: one, but for cast files made up by hand."""
        return {each.views.shape[1] for each in self.appearances}

    @cached_property
    def means(self) -> np.ndarray:
        """Of each one's views, (columns, D)."""
        return np.array([each.mean for each in self.appearances])


def without(shared: np.ndarray | None, rows: np.ndarray) -> np.ndarray:
    """Embeddings (..., D) less what people share, (D,), at the lengths they had; as they are where that is None."""
    if shared is None:
        return rows
    rest = rows - shared
    had, have = (np.sqrt(np.einsum("...d,...d->...", each, each)) for each in (rows, rest))
    return rest * (had / np.maximum(have, SHORTEST))[..., None]


class Gallery:
    """A bounded memory of one person's views, sparse in time."""

    crop_height = 256  # larger crops are shrunk to this height: no encoder here looks at more, and memory stays bounded

    def __init__(self, options: GalleryOptions) -> None:
        self.options = options
        self.views: list[View] = []
        self._appearance: Appearance | None = None  # of the views, while all are in it

    def wants(self, time: float) -> bool:
        """Whether a view at this time would be kept: they are `spacing` apart."""
        return not self.views or time - self.views[-1].time >= self.options.spacing - 1e-6

    def add(self, time: float, crop: np.ndarray, embedding: np.ndarray | None = None) -> None:
        """Keep a copy of a crop (h, w, 3) BGR, or only its embedding (D,) where that is known; when full, drop the view
        whose neighbours in time are closest."""
        needed = embedding is None or self.options.lasting
        self.views.append(View(time, shrunk(crop, self.crop_height) if needed else None, embedding))
        self._bound()

    def keep_last(self, views: int) -> None:
        """Drop all but the last so many views."""
        self.views = self.views[len(self.views) - views :]
        self._appearance = None

    def extend(self, other: Gallery) -> None:
        """Take over the views of the same person's other track."""
        self.views = sorted(self.views + other.views, key=lambda view: view.time)
        self._bound()

    def appearance(self) -> Appearance:
        """Those of the views that are embedded; call `embed_all` first."""
        if self._appearance is not None and len(self._appearance.views) == len(self.views):
            return self._appearance
        appearance = Appearance(np.array([view.embedding for view in self.views if view.embedding is not None]))
        if len(appearance.views) == len(self.views):
            self._appearance = appearance
        return appearance

    def without_embedding(self) -> list[View]:
        """The views that have none yet."""
        known = self._appearance is not None and len(self._appearance.views) == len(self.views)
        return [] if known else [view for view in self.views if view.embedding is None]

    def _bound(self) -> None:
        self._appearance = None
        while len(self.views) > self.options.size:
            times = [view.time for view in self.views]
            room = [times[i + 1] - times[i - 1] for i in range(1, len(times) - 1)]
            del self.views[1 + int(np.argmin(room))]


def shrunk(crop: np.ndarray, height: int) -> np.ndarray:
    """A copy of a crop (h, w, 3), no higher than `height`."""
    scale = min(1.0, height / crop.shape[0])
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    return cv2.resize(crop, size, interpolation=cv2.INTER_AREA)


def embed_all(galleries: Sequence[Gallery], embedder: Embedder) -> int:
    """Embed every view that has no embedding yet, in one batch; returns how many that were. Raises InputError."""
    views = [(view, gallery) for gallery in galleries for view in gallery.without_embedding()]
    if views:
        crops = [view.crop for view, _ in views if view.crop is not None]
        known = (view.embedding for gallery in galleries for view in gallery.views if view.embedding is not None)
        rows = embedded(crops, embedder, len(next(known, ())))
        for (view, gallery), embedding in zip(views, rows, strict=True):
            view.embedding = embedding
            view.crop = view.crop if gallery.options.lasting else None
    return len(views)


def embedded(crops: Sequence[np.ndarray], embedder: Embedder, dimension: int = 0) -> np.ndarray:
    """The crops' embeddings (B, D), D being `dimension` unless that is 0.

    Raises InputError where the embedder fails, in whatever way, or gives something else.
    """
    try:
        rows = np.asarray(embedder(crops))
    except InputError:
        raise
    except Exception as error:  # an embedder is any class that others write
        raise InputError(f"the re-ID encoder failed on a batch of {len(crops)}: {told(error)}") from error
    wanted = (len(crops), dimension or rows.shape[-1] if rows.ndim else 0)
    if rows.shape != wanted:
        raise InputError(f"the re-ID encoder gave an array of {rows.shape} where it should give {wanted}")
    if not np.isfinite(rows).all():
        raise InputError("the re-ID encoder gave a vector that is not finite")
    return rows


def similarities(people: Sequence[Appearance], others: People, shared: np.ndarray | None = None) -> np.ndarray:
    """Similarity of each of T people, none without views, and each of the P others who were seen clearly; (T, P).

    shared: what is taken from all views first, (D,) (`SharedLook`).

    The mean cosine similarity of a person's views to their nearest of the other's, over the better half of the views:
    the worse half does not count, as a person who comes out from behind another is first seen in parts. Of more than
    `LIKELIEST` others only those are compared like that whose mean is among the `LIKELIEST` nearest to somebody's; the
    rest gets the similarity of the means, which is hardly ever higher.
    """
    if len(others.appearances) <= LIKELIEST:
        return _by_views(people, others.appearances, shared)
    means = np.array([each.mean for each in people])
    similarity = without(shared, means) @ without(shared, others.means).T  # (T, P)
    near = np.unique(np.argpartition(-similarity, LIKELIEST - 1, axis=1)[:, :LIKELIEST])
    similarity[:, near] = _by_views(people, [others.appearances[column] for column in near], shared)
    return similarity


def _by_views(people: Sequence[Appearance], others: Sequence[Appearance], shared: np.ndarray | None) -> np.ndarray:
    starts, ends = _bounds(people)
    stacked = np.concatenate([each.without(shared) for each in people])  # (all A, D)
    groups = [others[start : start + AT_ONCE] for start in range(0, len(others), AT_ONCE)]
    best = np.concatenate([_best_of_each(stacked, group, shared) for group in groups], axis=1)  # (all A, P)
    sorted_best = [np.sort(best[start:end], axis=0) for start, end in zip(starts, ends, strict=True)]  # (A, P) each
    return np.stack([each[len(each) // 2 :].mean(axis=0) for each in sorted_best])


def _best_of_each(views: np.ndarray, others: Sequence[Appearance], shared: np.ndarray | None) -> np.ndarray:
    """Similarity of each view (A, D), without what people share, to the nearest of each of P people, (A, P)."""
    theirs = np.concatenate([each.without(shared) for each in others])
    return np.maximum.reduceat(views @ theirs.T, _bounds(others)[0], axis=1)


def _bounds(people: Sequence[Appearance]) -> tuple[np.ndarray, np.ndarray]:
    """First and behind the last row of each one's views in their concatenation."""
    counts = [len(each.views) for each in people]
    ends = np.cumsum(counts)
    return ends - counts, ends


def clear_views(xyxy: np.ndarray, rows: Sequence[int], max_overlap: float) -> np.ndarray:
    """Which boxes in R rows of (N, 4) show one person clearly, (R,) bool: no other box covers more than this share."""
    own = xyxy[list(rows)]
    shared = intersection(own, xyxy)  # (R, N)
    shared[np.arange(len(rows)), rows] = 0.0  # the box itself
    overlap = shared.max(axis=1, initial=0.0) / np.maximum(area(own), 1.0)
    return overlap <= max_overlap


def crop(image: np.ndarray, xyxy: np.ndarray) -> np.ndarray:
    """The part of the picture (H, W, 3) inside the box, at least one pixel."""
    height, width = image.shape[:2]
    left, top = int(np.clip(xyxy[0], 0, width - 1)), int(np.clip(xyxy[1], 0, height - 1))
    right, bottom = int(np.clip(np.ceil(xyxy[2]), left + 1, width)), int(np.clip(np.ceil(xyxy[3]), top + 1, height))
    return image[top:bottom, left:right]
