"""Boxes that could continue more than one track, and tracks that could continue with more than one box: there
appearance speaks in the association, too. Elsewhere nothing is embedded for it, so most frames cost nothing more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .gallery import Appearance, Gallery, People, crop, embed_all, embedded, similarities
from .option_ranges import require_above
from .shared_look import SharedLook
from .track import Identity, Track
from .types import Detections, Embedder, Frame


@dataclass(frozen=True, slots=True)
class ContestOptions:
    """How much appearance says in the association of contested boxes, where re-ID is on."""

    weight: float = 0.6
    """Similarity lost by a track that a contested box resembles clearly less than another of its tracks; 0 looks at
    none."""
    clear_lead: float = 12.0
    """Lead of that other track in log odds at which the whole weight is lost; less of a lead costs in proportion."""
    interval: float = 0.05
    """Minimum seconds between two frames that are looked at."""
    few: int = 5
    """Contested boxes from which on the interval grows with their number, so that the crops a second stay few."""

    def __post_init__(self) -> None:
        require_above(0, "contest", self, "clear_lead", "few")


class Contest:
    """Looks at the contested boxes of each frame. `embedded` counts the crops that had to be embedded so far."""

    def __init__(self, options: ContestOptions, embedder: Embedder | None, look: SharedLook | None = None) -> None:
        """`look` is what the people of the video share, as far as it is known elsewhere, too."""
        self.options = options
        self.look = look or (SharedLook(embedder) if embedder is not None else None)
        self.embedder = embedder
        self.embedded = 0
        self._looked = -math.inf
        self._known: dict[int, np.ndarray] = {}  # embeddings (D,) of this frame's boxes, by their rows

    def embedding(self, row: int) -> np.ndarray | None:
        """That of a box of the last frame that was given to `penalty`, (D,), if it was looked at."""
        return self._known.get(row)

    def penalty(
        self, frame: Frame, detections: Detections, tracks: Sequence[Track], fits: np.ndarray
    ) -> np.ndarray | float:
        """What pairs of T tracks and N boxes lose in similarity, (T, N), or 0; fits (T, N) bool: which are possible.

        Raises InputError where the embedder fails.
        """
        self._known = {}
        if self.embedder is None or frame.image is None or not self.options.weight:
            return 0.0
        galleries = [_gallery(track) for track in tracks]
        known = np.array([bool(gallery.views) for gallery in galleries], bool)
        columns = np.flatnonzero(contested(fits, known))
        rows = np.flatnonzero(known & fits[:, columns].any(axis=1))
        pause = self.options.interval * max(len(columns) / self.options.few, 1.0)
        if not len(rows) or frame.time - self._looked < pause - 1e-6:
            return 0.0
        self._looked = frame.time
        people = [track.identity for track in tracks if track.identity is not None]
        log_odds = self._log_odds(frame.image, detections.xyxy, [galleries[row] for row in rows], columns, people)
        lead = np.maximum(log_odds.max(axis=0) - log_odds, 0.0)  # of the best track of each box, (rows, columns)
        lost = np.zeros(fits.shape)
        lost[np.ix_(rows, columns)] = self.options.weight * np.minimum(lead / self.options.clear_lead, 1.0)
        return lost

    def _log_odds(
        self,
        image: np.ndarray,
        xyxy: np.ndarray,
        galleries: Sequence[Gallery],
        columns: np.ndarray,
        in_sight: Sequence[Identity],
    ) -> np.ndarray:
        """Of each gallery's person being in each box of these rows of xyxy, (galleries, columns)."""
        assert self.embedder is not None
        assert self.look is not None
        self.embedded += embed_all(galleries, self.embedder) + len(columns)
        people = [gallery.appearance() for gallery in galleries]
        crops = [crop(image, xyxy[column]) for column in columns]
        vectors = embedded(crops, self.embedder, people[0].views.shape[1])  # (columns, D)
        self._known = dict(zip(columns.tolist(), vectors, strict=True))
        self.look.learn(in_sight)
        similarity = similarities(people, People([Appearance(vector[None]) for vector in vectors]), self.look.vector)
        return self.look.calibration.log_odds(similarity, np.zeros(similarity.shape))


def contested(fits: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which of N boxes are contested, (N,) bool: two of the tracks whose appearance is `known` (T,) fit, or a track
    that fits has another box to go on with. fits: (T, N) bool."""
    choice = fits[fits.sum(axis=1) > 1].any(axis=0)
    return choice | (fits[known].sum(axis=0) > 1)


def _gallery(track: Track) -> Gallery:
    """The views by which a track is compared: its person's, or while there are none, its own."""
    identity = track.identity
    return track.fresh if identity is None or not identity.gallery.views else identity.gallery
