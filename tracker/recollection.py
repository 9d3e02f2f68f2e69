"""Newborns who may be somebody known from an earlier video: nothing but her looks speaks for or against that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .cast_memory import CastMemory
from .gallery import Gallery, GalleryOptions, likeness
from .track import Identity, Track
from .types import Calibration


@dataclass(frozen=True, slots=True)
class RecollectionOptions:
    """When a newborn is taken for somebody of the cast file."""

    prior_log_odds: float = 1.5
    """Log odds, before looking, that a newborn is somebody of the cast file whom this video has not shown yet: weighed
    against her being somebody who was lost."""
    least_log_odds: float = 2.5
    """Log odds that her looks alone must reach, unless --cast says that nobody else is expected: a wrong name is worse
    than none. With the bundled encoder that is a similarity of 0.68, which 94 of 100 views of the same person from
    another camera reach, and 0 of 930 of different people (people of Market-1501 it was not trained on)."""
    views: int = 4
    """Clear views of a newborn that it takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """Somebody known from earlier videos: who she is, and how she looked there, (V, D) float32 rows of length 1."""

    identity: Identity
    embeddings: np.ndarray


class Recollection:
    """The people of a cast file, and which of them this video has not shown yet (`absent`)."""

    def __init__(self, options: RecollectionOptions, memory: CastMemory | None, views: GalleryOptions) -> None:
        """`views` are the options of the galleries that the people get in this video; they start empty."""
        members = () if memory is None else memory.members
        self.options = options
        self.known = len(members)
        self.first_free_id = 1 if memory is None else memory.next_id
        self.absent = [Remembered(Identity(person.id, Gallery(views)), person.embeddings) for person in members]

    @property
    def seen(self) -> int:
        """How many of them this video has shown."""
        return self.known - len(self.absent)

    def appeared(self, identity: Identity) -> bool:
        """Note that somebody is in this video; returns whether she was waited for."""
        waiting = len(self.absent)
        self.absent = [person for person in self.absent if person.identity is not identity]
        return len(self.absent) < waiting


@dataclass(frozen=True, slots=True)
class Candidates:
    """Whom a newborn may turn out to be, the log odds that she is one of them, and those her looks must reach."""

    people: Sequence[Remembered] = ()
    prior_log_odds: float = 0.0
    least_log_odds: float = 0.0
    least_views: int = 1

    def similarity(self, bodies: Sequence[Track]) -> np.ndarray:
        """Cosine similarity of the bodies' fresh views, which must be embedded, and the people, (B, R); NaN without."""
        similarity = np.full((len(bodies), len(self.people)), np.nan)
        for row, body in enumerate(bodies):
            for column, person in enumerate(self.people):
                if body.fresh.views:
                    similarity[row, column] = likeness(body.fresh.embeddings(), person.embeddings)
        return similarity

    def log_odds(self, similarity: np.ndarray, calibration: Calibration, limit: float) -> np.ndarray:
        """Of newborns being these people, (B, R) to (B, R); -inf where looks say too little, or nothing was seen.

        The likeness is weighed as after the longest time apart that the encoder was calibrated for.
        """
        odds = calibration.log_odds(np.nan_to_num(similarity), np.full(similarity.shape, np.inf)).clip(-limit, limit)
        too_little = np.isnan(similarity) | (odds < self.least_log_odds)
        return np.where(too_little, -np.inf, odds + self.prior_log_odds - np.log(max(len(self.people), 1)))
