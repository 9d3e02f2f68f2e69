"""People known from earlier videos, as candidates for tentative tracks: they are compared by appearance only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .gallery import Appearance
from .track import Identity
from .types import Calibration


@dataclass(frozen=True, slots=True)
class RecollectionOptions:
    """When a tentative track is taken for a person of the cast file."""

    prior_log_odds: float = 1.5
    """Log odds, before any comparison, that a tentative track is a person of the cast file not yet seen in this
    video: weighed against being a lost person."""
    min_log_odds: float = 2.5
    """Log odds that appearance alone must reach, unless --cast says that no other person is expected: a wrong name is
    worse than none. With the bundled encoder that is a similarity of 0.68, which 94 of 100 views of the same person
    from another camera reach, and 0 of 930 of different people (people of Market-1501 it was not trained on)."""
    min_views: int = 4
    """Minimum number of clear views of the tentative track."""


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """A person known from earlier videos: the identity, and the appearance of then."""

    identity: Identity
    appearance: Appearance


@dataclass(frozen=True, slots=True)
class Candidates:
    """Remembered people a tentative track may be, the log odds that it is one of them, and what that takes."""

    people: Sequence[Remembered] = ()
    prior_log_odds: float = 0.0
    min_log_odds: float = 0.0
    min_views: int = 1

    def log_odds(self, similarity: np.ndarray, calibration: Calibration, limit: float) -> np.ndarray:
        """Log odds that the tracks are these people, (T, R) to (T, R); -inf below `min_log_odds` or without views.

        The similarity is weighed as after the longest time apart that the encoder was calibrated for.
        """
        odds = calibration.log_odds(np.nan_to_num(similarity), np.full(similarity.shape, np.inf)).clip(-limit, limit)
        too_little = np.isnan(similarity) | (odds < self.min_log_odds)
        return np.where(too_little, -np.inf, odds + self.prior_log_odds - np.log(max(len(self.people), 1)))


NO_CANDIDATES = Candidates()
