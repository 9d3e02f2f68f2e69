"""Which newborn is a lost person come back: appearance, time and place weighed as odds, decided jointly.

For a newborn track and a lost one the log odds of being the same person are a sum of

- appearance: the encoder's calibrated log odds of the similarity of their galleries, stricter with time away;
- place: how likely the lost person got from where she vanished to where the newborn appeared, a Gaussian that widens
  with the time away, against a newcomer who may appear anywhere in the picture. It never forbids a pair: whoever has
  been away long enough may come back anywhere;
- size: how alike the body heights are;
- a prior: on a stage most people who appear have been there before, but they come in at the edge of the picture.

All newborns and all lost tracks are settled by one assignment, so two newborns never become the same person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .association import match
from .boxes import xyxy_to_cxcywh
from .gallery import Gallery, embed_all
from .track import Track
from .types import Embedder


@dataclass(frozen=True, slots=True)
class RecoveryOptions:
    """When a newcomer is taken for a lost person."""

    least_log_odds: float = 0.0
    """Log odds of being the same person from which a newborn is taken for a lost one."""
    least_log_odds_cast_full: float = -12.0
    """The same once as many people are known as the cast has: an unknown person is then not to be expected."""
    prior_log_odds: float = 3.0
    """Log odds, before looking, that somebody who appears inside the picture is somebody lost: she was hidden."""
    edge_log_odds: float = 0.0
    """The same for somebody who appears at the left or right edge, where newcomers enter."""
    edge: float = 0.02
    """How near that is, in picture widths."""
    appearance_weight: float = 1.0
    """Weight of the appearance's log odds: views of one track are not independent looks."""
    appearance_limit: float = 6.0
    """Most that appearance may say either way: a lighting change fools any encoder."""
    place_noise: float = 0.5
    """Standard deviation of a person's place right after vanishing, body heights."""
    wander: float = 1.0
    """How fast that grows: people on a stage wander about, so in body heights per square root of a second."""
    size_noise: float = 0.15
    """Standard deviation of the logarithm of the ratio of two body heights of one person: people bend."""
    size_noise_rate: float = 0.1
    """How fast that grows, per square root of a second."""
    place_horizon: float = 10.0
    """Seconds after which place and size no longer say more than they did."""


IMPOSSIBLE = -1e6
UNKNOWN_PICTURE = np.array([4.0, 2.0])
"""Width and height in body heights that a picture of unknown size is taken to have."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A newborn (index) is a lost person (index), and how sure that is. The similarity is None without an encoder."""

    newborn: int
    lost: int
    log_odds: float
    similarity: float | None
    margin: float | None


class Recovery:
    """Compares newborn tracks with lost ones. `embedded` counts the crops that had to be embedded so far."""

    def __init__(self, options: RecoveryOptions, embedder: Embedder | None) -> None:
        self.options = options
        self.embedder = embedder
        self.embedded = 0

    def settle(
        self, newborns: Sequence[Track], lost: Sequence[Track], picture: tuple[int, int] | None, least: float
    ) -> list[Verdict]:
        """Pair newborns and lost tracks; `least` is the log odds a pair needs.

        `picture` is (width, height) in pixels, or None where it is not known: then nobody comes in at its edges.
        """
        if not newborns or not lost:
            return []
        place = place_log_odds(newborns, lost, picture, self.options)  # (B, L)
        log_odds = prior_log_odds(newborns, picture, self.options)[:, None] + place
        similarity = self._similarity(newborns, lost)
        if similarity is not None:
            log_odds = log_odds + self._appearance_log_odds(similarity, newborns, lost)
        log_odds[_seconds_away(newborns, lost) <= 0] = IMPOSSIBLE  # both were seen in one frame
        verdicts = []
        for newborn, found in zip(*match(log_odds, least), strict=True):
            here, margin = None, None
            if similarity is not None and np.isfinite(similarity[newborn, found]):
                here = float(similarity[newborn, found])
                others = np.delete(similarity[newborn], found)
                others = others[np.isfinite(others)]
                margin = here - float(others.max()) if len(others) else None
            verdicts.append(Verdict(int(newborn), int(found), float(log_odds[newborn, found]), here, margin))
        return verdicts

    def _similarity(self, newborns: Sequence[Track], lost: Sequence[Track]) -> np.ndarray | None:
        """Cosine similarity of the galleries, (B, L); NaN where one of the two has no clear view yet."""
        if self.embedder is None:
            return None
        self.embedded += embed_all([track.gallery for track in (*newborns, *lost)], self.embedder)
        similarity = np.full((len(newborns), len(lost)), np.nan)
        for row, newborn in enumerate(newborns):
            for column, other in enumerate(lost):
                if newborn.gallery.views and other.gallery.views:
                    similarity[row, column] = gallery_similarity(newborn.gallery, other.gallery)
        return similarity

    def _appearance_log_odds(
        self, similarity: np.ndarray, newborns: Sequence[Track], lost: Sequence[Track]
    ) -> np.ndarray:
        """(B, L); 0 where there is nothing to compare."""
        assert self.embedder is not None
        odds = self.embedder.calibration.log_odds(np.nan_to_num(similarity), _seconds_away(newborns, lost).clip(0))
        limit = self.options.appearance_limit
        return np.where(np.isnan(similarity), 0.0, (self.options.appearance_weight * odds).clip(-limit, limit))


def gallery_similarity(a: Gallery, b: Gallery) -> float:
    """Mean over the views of `a` of the cosine similarity to the most alike view of `b`."""
    return float((a.embeddings() @ b.embeddings().T).max(axis=1).mean())


def prior_log_odds(
    newborns: Sequence[Track], picture: tuple[int, int] | None, options: RecoveryOptions
) -> np.ndarray:
    """Log odds before any comparison, (B,): higher for those who appear where nobody can have come in."""
    if picture is None:
        return np.full(len(newborns), options.prior_log_odds)
    first = np.stack([track.unreported[0].detection.xyxy[0] for track in newborns])
    margin = options.edge * picture[0]
    at_edge = (first[:, 0] <= margin) | (first[:, 2] >= picture[0] - margin)
    return np.where(at_edge, options.edge_log_odds, options.prior_log_odds)


def place_log_odds(
    newborns: Sequence[Track], lost: Sequence[Track], picture: tuple[int, int] | None, options: RecoveryOptions
) -> np.ndarray:
    """Log odds of place and size, (B, L): a Gaussian about where the lost person vanished, against anywhere at all."""
    born = xyxy_to_cxcywh(np.stack([track.unreported[0].detection.xyxy[0] for track in newborns]).astype(float))
    gone = xyxy_to_cxcywh(np.stack([track.last_xyxy for track in lost]).astype(float))
    height = np.sqrt(born[:, None, 3] * gone[None, :, 3])  # (B, L)
    away = _seconds_away(newborns, lost).clip(0.0, options.place_horizon)
    spread = np.sqrt(options.place_noise**2 + options.wander**2 * away)  # body heights
    distance = np.linalg.norm(born[:, None, :2] - gone[None, :, :2], axis=-1) / height
    width, depth = picture or UNKNOWN_PICTURE * height.max()
    room = width * depth / height**2  # square body heights
    place = -0.5 * (distance / spread) ** 2 - np.log(2 * np.pi * spread**2) + np.log(room)
    size_spread = options.size_noise + options.size_noise_rate * np.sqrt(away)
    ratio = np.log(born[:, None, 3] / gone[None, :, 3])
    newcomer_spread = 0.6  # body heights of unrelated people in one picture differ by about this factor's logarithm
    size = -0.5 * (ratio / size_spread) ** 2 - np.log(size_spread)
    newcomer = -0.5 * (ratio / newcomer_spread) ** 2 - np.log(newcomer_spread)
    return place + np.maximum(size - newcomer, -8.0)


def _seconds_away(newborns: Sequence[Track], lost: Sequence[Track]) -> np.ndarray:
    """From the lost track's last sighting to the newborn's first, (B, L)."""
    born = np.array([track.first_time for track in newborns])
    gone = np.array([track.last_time for track in lost])
    return born[:, None] - gone[None, :]
