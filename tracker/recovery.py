"""Who is who, when it is not plain: newborns who may be lost people come back, and people who touched and came apart.

Bodies (newborns, and tracks in doubt) and identities (those lost, and those in doubt) are paired by one assignment, so
nobody is taken for two. The score of a pair is the log odds of being the same person, a sum of

- appearance: the encoder's calibrated log odds of the similarity of their views, stricter with time;
- for newborns, place: how likely the lost person got from where she vanished to where the newborn appeared, a Gaussian
  that widens with the time away, against a newcomer who may appear anywhere in the picture. It never forbids a pair:
  whoever has been away long enough may come back anywhere; and how alike the body heights are;
- for newborns, a prior, shared among all who are lost: whoever appears inside the picture was hidden before; newcomers
  come in at its edges;
- across a camera cut place says nothing. Where looks have nothing to say either, the prior is that of being this one
  and none of the others: of several who are lost, nobody is taken at random;
- for tracks in doubt, a bonus on staying who they are, so that only clear evidence exchanges identities.

People remembered from earlier videos are identities, too, for newborns alone (`recollection`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .association import match
from .boxes import xyxy_to_cxcywh
from .gallery import embed_all, likeness
from .recollection import Candidates
from .track import Identity, Track
from .types import Embedder


@dataclass(frozen=True, slots=True)
class RecoveryOptions:
    """When a newcomer is taken for a lost person, and when two people are found to be exchanged."""

    least_log_odds: float = 0.0
    """Log odds of being the same person from which a newborn is taken for a lost one."""
    least_log_odds_cast_full: float = -12.0
    """The same once as many people are known as the cast has: an unknown person is then not to be expected."""
    stay_log_odds: float = 3.0
    """Lead in log odds that another identity needs over the one a person in doubt has now."""
    prior_log_odds: float = 3.0
    """Log odds, before looking, that somebody who appears inside the picture is somebody lost: she was hidden."""
    edge_log_odds: float = 1.0
    """The same where either was at the left or right edge, where newcomers enter and others leave for good."""
    edge: float = 0.02
    """How near that is, in picture widths."""
    appearance_weight: float = 1.0
    """Weight of the appearance's log odds: views of one track are not independent looks."""
    appearance_limit: float = 12.0
    """Most that appearance may say either way: a lighting change fools any encoder."""
    double: float = 0.3
    """Seconds for which a newborn and a lost track may have been seen at once and yet be one person, boxed twice."""
    place_noise: float = 0.5
    """Standard deviation of a person's place right after vanishing, body heights."""
    wander: float = 1.0
    """How fast that grows: people on a stage wander about, so in body heights per square root of a second."""
    size_noise: float = 0.15
    """Standard deviation of the logarithm of the ratio of two body heights of one person: people bend."""
    size_noise_rate: float = 0.1
    """How fast that grows, per square root of a second."""
    newcomer_size_noise: float = 0.6
    """Standard deviation of the logarithm of the ratio of the body heights of two different people in a picture."""
    place_horizon: float = 10.0
    """Seconds after which place and size no longer say more than they did."""


IMPOSSIBLE = -1e6
MUST_BE_SOMEBODY = 1e3
UNKNOWN_PICTURE = np.array([4.0, 2.0])
"""Width and height in body heights that a picture of unknown size is taken to have."""
NOBODY = Candidates()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A body is an identity, and how sure that is: the similarity and its lead over the next best, where known."""

    body: Track
    identity: Identity
    similarity: float | None
    margin: float | None


class Recovery:
    """Pairs bodies with identities. `embedded` counts the crops that had to be embedded so far."""

    def __init__(self, options: RecoveryOptions, embedder: Embedder | None) -> None:
        self.options = options
        self.embedder = embedder
        self.embedded = 0

    def settle(
        self,
        newborns: Sequence[Track],
        doubtful: Sequence[Track],
        lost: Sequence[Track],
        picture: tuple[int, int] | None,
        least: float,
        candidates: Candidates = NOBODY,
    ) -> list[Verdict]:
        """A verdict for every doubtful track, and for each newborn who is somebody known.

        `doubtful` are live tracks, `lost` ones whose identity is free; `least` is the log odds a newborn needs.
        `picture` is (width, height) in pixels, or None where it is not known: then nobody comes in at its edges.
        `candidates` are people remembered from earlier videos whom this one has not shown yet.
        """
        bodies, owners = [*newborns, *doubtful], [*doubtful, *lost]
        if not bodies or not (owners or candidates.people):
            return []
        similarity = self._similarity(bodies, owners)  # (bodies, owners); NaN where there is nothing to compare
        score = self._score(similarity, newborns, doubtful, lost, picture, least)
        if candidates.people:
            recalled = candidates.similarity(bodies)  # (bodies, remembered)
            similarity = np.concatenate([similarity, recalled], axis=1)
            score = np.concatenate(
                [score, self._recollection_score(recalled, len(newborns), candidates, least)], axis=1
            )
        identities = [owner.identity for owner in owners] + [person.identity for person in candidates.people]
        pairs = [
            (bodies[row], _verdict(bodies[row], identities[column], column, similarity[row]), column)
            for row, column in zip(*match(score, 0.0), strict=True)
        ]
        return [
            verdict
            for body, verdict, column in pairs
            if column < len(owners) or len(body.fresh.views) >= candidates.least_views
        ]

    def _score(
        self,
        similarity: np.ndarray,
        newborns: Sequence[Track],
        doubtful: Sequence[Track],
        lost: Sequence[Track],
        picture: tuple[int, int] | None,
        least: float,
    ) -> np.ndarray:
        """Log odds beyond what is needed, (bodies, owners)."""
        bodies, owners = [*newborns, *doubtful], [*doubtful, *lost]
        score = self._appearance_log_odds(similarity, bodies, owners)
        born = len(newborns)
        if newborns and owners:
            place = place_log_odds(newborns, owners, picture, self.options)
            prior = prior_log_odds(newborns, owners, picture, self.options)
            cut_off = np.array([owner.cut_off for owner in owners])
            unknown = cut_off & np.isnan(similarity[:born])  # neither looks nor place tell anything
            score[:born] += np.where(unknown, one_of(prior, len(owners)), prior - np.log(len(owners)))
            score[:born] += np.where(cut_off, 0.0, place)
            together = _seconds_away(newborns, owners) <= -self.options.double
            together[:, : len(doubtful)] = False  # a track in doubt may have been somebody else while both were seen
            score[:born][together] = IMPOSSIBLE
            score[:born] -= least
        for row, body in enumerate(doubtful):
            for column, owner in enumerate(owners):
                score[born + row, column] += MUST_BE_SOMEBODY + self.options.stay_log_odds * (owner is body)
                if owner.group is not body.group:
                    score[born + row, column] = IMPOSSIBLE
        return score

    def _recollection_score(
        self, similarity: np.ndarray, born: int, candidates: Candidates, least: float
    ) -> np.ndarray:
        """Log odds beyond what is needed, (bodies, remembered): whoever is in doubt is somebody seen in this video."""
        assert self.embedder is not None
        odds = candidates.log_odds(similarity, self.embedder.calibration, self.options.appearance_limit) - least
        odds[born:] = IMPOSSIBLE
        return odds.clip(IMPOSSIBLE)

    def _similarity(self, bodies: Sequence[Track], owners: Sequence[Track]) -> np.ndarray:
        """Cosine similarity of the bodies' fresh views and the identities' galleries, (B, I)."""
        similarity = np.full((len(bodies), len(owners)), np.nan)
        if self.embedder is None:
            return similarity
        galleries = [owner.identity.gallery for owner in owners if owner.identity is not None]
        self.embedded += embed_all([*(body.fresh for body in bodies), *galleries], self.embedder)
        for row, body in enumerate(bodies):
            for column, gallery in enumerate(galleries):
                if body.fresh.views and gallery.views:
                    similarity[row, column] = likeness(body.fresh.embeddings(), gallery.embeddings())
        return similarity

    def _appearance_log_odds(
        self, similarity: np.ndarray, bodies: Sequence[Track], owners: Sequence[Track]
    ) -> np.ndarray:
        """(B, I); 0 where there is nothing to compare."""
        if self.embedder is None:
            return np.zeros(similarity.shape)
        odds = self.embedder.calibration.log_odds(np.nan_to_num(similarity), _seconds_apart(bodies, owners))
        limit = self.options.appearance_limit
        return np.where(np.isnan(similarity), 0.0, (self.options.appearance_weight * odds).clip(-limit, limit))


def _verdict(body: Track, identity: Identity | None, column: int, similarity: np.ndarray) -> Verdict:
    """The body is the identity of this column of its similarities (identities,)."""
    assert identity is not None
    here, others = similarity[column], np.delete(similarity, column)
    if np.isnan(here):
        return Verdict(body, identity, None, None)
    known = others[~np.isnan(others)]
    return Verdict(body, identity, float(here), float(here - known.max()) if len(known) else None)


def prior_log_odds(
    newborns: Sequence[Track], lost: Sequence[Track], picture: tuple[int, int] | None, options: RecoveryOptions
) -> np.ndarray:
    """Log odds before any comparison, (B, L): higher for those who appear where nobody can have come in.

    Whoever left at an edge is as likely gone for good: she is not who steps out in the middle.
    """
    born = np.stack([track.unreported[0].detection.xyxy[0] for track in newborns])
    gone = np.stack([track.last_xyxy for track in lost])
    edge = at_edge(born, picture, options)[:, None] | at_edge(gone, picture, options)[None, :]
    return np.where(edge, options.edge_log_odds, options.prior_log_odds)


def one_of(log_odds: np.ndarray, people: int) -> np.ndarray:
    """Log odds of being one in particular, of so many people alike, given those of being any of them."""
    return log_odds - np.log(people + (people - 1) * np.exp(log_odds))


def at_edge(xyxy: np.ndarray, picture: tuple[int, int] | None, options: RecoveryOptions) -> np.ndarray:
    """Which boxes (N, 4) touch the left or right edge of the picture, (N,) bool; none where its size is not known."""
    if picture is None:
        return np.zeros(len(xyxy), bool)
    margin = options.edge * picture[0]
    return (xyxy[:, 0] <= margin) | (xyxy[:, 2] >= picture[0] - margin)


def place_log_odds(
    newborns: Sequence[Track], lost: Sequence[Track], picture: tuple[int, int] | None, options: RecoveryOptions
) -> np.ndarray:
    """Log odds of place and size, (B, L): a Gaussian about where the lost person vanished, against anywhere at all.

    Whoever went off at an edge may come in at the other: that place speaks no more against her than against a newcomer.
    """
    born_xyxy = np.stack([track.unreported[0].detection.xyxy[0] for track in newborns]).astype(float)
    gone_xyxy = np.stack([track.last_xyxy for track in lost]).astype(float)
    born, gone = xyxy_to_cxcywh(born_xyxy), xyxy_to_cxcywh(gone_xyxy)
    height = np.sqrt(born[:, None, 3] * gone[None, :, 3])  # (B, L)
    away = _seconds_away(newborns, lost).clip(0.0, options.place_horizon)
    spread = np.sqrt(options.place_noise**2 + options.wander**2 * away)  # body heights
    distance = np.linalg.norm(born[:, None, :2] - gone[None, :, :2], axis=-1) / height
    width, depth = picture or UNKNOWN_PICTURE * height.max()
    room = width * depth / height**2  # square body heights
    place = -0.5 * (distance / spread) ** 2 - np.log(2 * np.pi * spread**2) + np.log(room)
    off_stage = at_edge(born_xyxy, picture, options)[:, None] & at_edge(gone_xyxy, picture, options)[None, :]
    place = np.where(off_stage, np.maximum(place, 0.0), place)
    ratio = np.log(born[:, None, 3] / gone[None, :, 3])
    same = _log_gaussian(ratio, options.size_noise + options.size_noise_rate * np.sqrt(away))
    return place + np.maximum(same - _log_gaussian(ratio, np.array(options.newcomer_size_noise)), -8.0)


def _log_gaussian(deviation: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Logarithm of a Gaussian's density but for the constant."""
    return -0.5 * (deviation / spread) ** 2 - np.log(spread)


def _seconds_away(newborns: Sequence[Track], lost: Sequence[Track]) -> np.ndarray:
    """From the lost track's last sighting to the newborn's first, (B, L)."""
    born = np.array([track.first_time for track in newborns])
    gone = np.array([track.last_time for track in lost])
    return born[:, None] - gone[None, :]


def _seconds_apart(bodies: Sequence[Track], owners: Sequence[Track]) -> np.ndarray:
    """From the identities' latest to the bodies' first views, (B, I); 0 where there is no view."""
    first = [body.fresh.views[0].time if body.fresh.views else body.first_time for body in bodies]
    latest = [
        owner.identity.gallery.views[-1].time if owner.identity and owner.identity.gallery.views else owner.last_time
        for owner in owners
    ]
    return (np.array(first)[:, None] - np.array(latest)[None, :]).clip(0.0)
