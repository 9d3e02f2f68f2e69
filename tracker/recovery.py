"""Identities where motion is not enough: lost people who come back, and people who touched and came apart.

Tracks (tentative ones, and those in doubt) and identities (of lost tracks, and of those in doubt) are paired by one
assignment, so no identity is given twice. The score of a pair is the log odds of being the same person, a sum of

- appearance: the encoder's calibrated log odds of the similarity of their views, stricter with time;
- for tentative tracks, position: a Gaussian about where the lost track was last seen that widens with the time away,
  against a new person who may appear anywhere in the picture. It never forbids a pair: after a long absence a person
  may come back anywhere. The ratio of the body heights counts, too;
- for tentative tracks, a prior, shared among all lost tracks: a person who appears inside the picture was hidden
  before; new people come in at its edges;
- across a camera cut position says nothing. Where appearance has nothing to say either, the prior is that of being this
  one and none of the others: among several lost people none is taken at random;
- for tracks in doubt, a bonus on keeping their identity, so that only clear evidence exchanges identities.

People remembered from earlier videos are identities, too, for tentative tracks alone (`recollection`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from .association import match
from .boxes import xyxy_to_cxcywh
from .gallery import People, embed_all, similarities
from .holders import Holders
from .option_ranges import LARGEST_LOG_ODDS, require_above, require_at_most
from .recollection import NO_CANDIDATES, Candidates
from .shared_look import SharedLook
from .track import Identity, Track
from .types import Embedder, InputError, PictureSize


@dataclass(frozen=True, slots=True)
class RecoveryOptions:
    """When a tentative track is taken for a lost person, and when two tracks have exchanged their identities."""

    min_log_odds: float = 0.0
    """Minimum log odds at which a tentative track is taken for a lost person."""
    min_log_odds_cast_full: float = -12.0
    """The same once as many people are known as --cast says: no unknown person is expected then."""
    min_exchange_log_odds: float = 3.0
    """Minimum lead in log odds of another identity over the one a track in doubt has now."""
    prior_log_odds: float = 3.0
    """Prior log odds that a person who appears inside the picture is a lost one, hidden until now."""
    edge_log_odds: float = 1.0
    """The same where either track was at the left or right edge, where new people enter and others leave for good."""
    edge: float = 0.02
    """Width of the zone at the left and right edge, as a share of the picture's width."""
    appearance_weight: float = 1.0
    """Weight of the appearance's log odds: views of one track are not independent."""
    appearance_limit: float = 12.0
    """Limit of the appearance's log odds, either way: a lighting change can mislead any encoder."""
    max_double_time: float = 0.3
    """Maximum overlap in time of a lost and a tentative track of one person (duplicate boxes), seconds."""
    position_noise: float = 0.5
    """Standard deviation of a person's position right after the last observation, body heights."""
    position_spread_rate: float = 1.0
    """How fast the position noise grows, body heights per square root of a second (a random walk)."""
    size_noise: float = 0.15
    """Standard deviation of the logarithm of the ratio of two body heights of one person: people bend."""
    size_spread_rate: float = 0.1
    """How fast the size noise grows, per square root of a second."""
    new_person_size_noise: float = 0.6
    """Standard deviation of the logarithm of the ratio of the body heights of two different people in a picture."""
    position_horizon: float = 10.0
    """Seconds after which the noise of position and size grows no further."""
    steady_noise: float = 0.3
    """Factor of the position noise where people move steadily (`steadiness`) and re-ID is off: velocity then tells
    where they are."""
    steady_log_odds: float = 3.0
    """Log odds needed beyond `min_log_odds` where people move steadily, with re-ID, too: those who left are gone."""

    def __post_init__(self) -> None:
        noises = ("position_noise", "size_noise", "new_person_size_noise", "steady_noise")
        require_above(0.0, "recovery", self, *noises)
        require_at_most(LARGEST_LOG_ODDS, "recovery", self, "prior_log_odds", "edge_log_odds")

    def at(self, steadiness: float) -> RecoveryOptions:
        """These options in a video in which people move as steadily as that, 0..1."""
        if not steadiness:
            return self
        factor = 1 - steadiness * (1 - self.steady_noise)
        return replace(
            self,
            position_noise=factor * self.position_noise,
            position_spread_rate=factor * self.position_spread_rate,
            min_log_odds=self.min_log_odds + steadiness * self.steady_log_odds,
        )

    def position_spread(self, away: np.ndarray) -> np.ndarray:
        """Standard deviation of a person's position after seconds away, of any shape, in body heights."""
        return np.sqrt(self.position_noise**2 + self.position_spread_rate**2 * away.clip(0.0, self.position_horizon))


IMPOSSIBLE = -1e6
LEAST_SIZE_LOG_ODDS = -8.0
"""Limit of what different heights say against a pair: who kneels or lies down is far smaller than before."""
MUST_BE_MATCHED = 1e3
UNKNOWN_SIZE = np.array([4.0, 2.0])
"""Width and height in body heights that a picture of unknown size is taken to have."""


@dataclass(frozen=True, slots=True)
class IdentityMatch:
    """A track is a person, and how sure that is: the similarity and its lead over the next best, where known."""

    track: Track
    identity: Identity
    similarity: float | None
    margin: float | None


@dataclass(frozen=True)
class Unresolved:
    """The tracks of a frame whose identity is open: `tentative`, `doubtful` (confirmed, in doubt) and `lost` ones.

    `asleep` are lost tracks, too, those that stay as they are from frame to frame. `steadiness` is that of the video.
    """

    tentative: Sequence[Track]
    doubtful: Sequence[Track]
    lost: Sequence[Track]
    asleep: Holders = field(default_factory=Holders)
    steadiness: float = 0.0

    @property
    def tracks(self) -> list[Track]:
        """The T tracks in sight, which need an identity."""
        return [*self.tentative, *self.doubtful]

    @cached_property
    def awake(self) -> Holders:
        """The holders of identities but for those asleep, the doubtful first."""
        return Holders([*self.doubtful, *self.lost])

    @cached_property
    def holders(self) -> Holders:
        """The H tracks that hold the identities which may be given: those awake, then those asleep."""
        return self.awake.and_asleep(self.asleep)


class IdentityMatcher:
    """Pairs tracks with identities. `embedded` counts the crops that had to be embedded so far."""

    def __init__(self, options: RecoveryOptions, embedder: Embedder | None, look: SharedLook | None = None) -> None:
        """`look` is what the people of the video share, as far as it is known elsewhere, too."""
        self.options = options
        self.embedder = embedder
        self.look = look or (SharedLook(embedder) if embedder is not None else None)
        self.embedded = 0

    def match(
        self, unresolved: Unresolved, size: PictureSize, min_log_odds: float, candidates: Candidates = NO_CANDIDATES
    ) -> list[IdentityMatch]:
        """A match for every doubtful track, and for each tentative one that is a known person.

        `min_log_odds` is what a tentative track needs. `candidates` are people remembered from earlier videos that this
        one has not shown yet.
        """
        tracks, holders = unresolved.tracks, unresolved.holders
        if not tracks or not (len(holders) or candidates.people):
            return []
        similarity = self._similarity(unresolved)  # (T, H); NaN where there is nothing to compare
        score = self._score(similarity, unresolved, size, min_log_odds)
        if candidates.people:
            recalled = similarity_to(People([person.appearance for person in candidates.people]), tracks)  # (T, R)
            similarity = np.concatenate([similarity, recalled], axis=1)  # (T, H + R)
            assert self.embedder is not None
            calibration, limit = self.embedder.calibration, self.options.appearance_limit
            odds = candidates.log_odds(recalled, calibration, limit) - min_log_odds
            odds[len(unresolved.tentative) :] = IMPOSSIBLE  # a track in doubt is a person already seen in this video
            score = np.concatenate([score, odds.clip(IMPOSSIBLE)], axis=1)
        identities = [holder.identity for holder in holders.tracks]
        identities += [person.identity for person in candidates.people]
        # Who looks like a remembered person after a few views waits for more; a gate in the odds would make that track
        # the next best of the lost people at once.
        return [
            _identity_match(tracks[row], identities[column], column, similarity[row], len(holders))
            for row, column in zip(*match(score, 0.0), strict=True)
            if column < len(holders) or len(tracks[row].fresh.views) >= candidates.min_views
        ]

    def _score(
        self, similarity: np.ndarray, unresolved: Unresolved, size: PictureSize, min_log_odds: float
    ) -> np.ndarray:
        """Log odds beyond what is needed, (T, H)."""
        tentative, doubtful, holders = unresolved.tentative, unresolved.doubtful, unresolved.holders
        score = self._appearance_log_odds(similarity, unresolved.tracks, holders)
        count = len(tentative)
        if tentative and len(holders):
            position = position_log_odds(tentative, holders, size, self.options, unresolved.steadiness)
            prior = prior_log_odds(tentative, holders, size, self.options)
            unknown = holders.before_cut & np.isnan(similarity[:count])  # there is neither appearance nor position
            score[:count] += np.where(unknown, log_odds_of_one(prior, len(holders)), prior - np.log(len(holders)))
            score[:count] += np.where(holders.before_cut, 0.0, position)
            together = _seconds_away(tentative, holders) <= -self.options.max_double_time
            together[:, : len(doubtful)] = False  # a track in doubt may have been another person while both were seen
            score[:count][together] = IMPOSSIBLE
            score[:count] -= min_log_odds
        if doubtful:
            wanted = MUST_BE_MATCHED + self.options.min_exchange_log_odds * np.eye(len(doubtful), len(holders))
            same = holders.groups[: len(doubtful), None] == holders.groups
            score[count:] = np.where(same, score[count:] + wanted, IMPOSSIBLE)
        return score

    def _similarity(self, unresolved: Unresolved) -> np.ndarray:
        """Similarity of the tracks' fresh views and the identities' galleries, (T, H): the awake, then the asleep.

        A tentative track may be anybody, one in doubt only somebody of its group: others are not compared with it.
        """
        tracks, tentative, holders = unresolved.tracks, unresolved.tentative, unresolved.holders
        parts = (unresolved.awake, unresolved.asleep)
        similarity = np.full((len(tracks), len(holders)), np.nan)
        if self.embedder is None or self.look is None:
            return similarity
        galleries = [track.fresh for track in tracks] + [gallery for part in parts for gallery in part.pop_galleries()]
        self.embedded += embed_all(galleries, self.embedder)
        self.look.learn(holders.identity(column) for column in range(len(holders)))
        shared = self.look.vector
        if tentative:
            compared = [similarity_to(part.people, tentative, shared) for part in parts]
            similarity[: len(tentative)] = np.concatenate(compared, axis=1)
        for row, track in enumerate(unresolved.doubtful, start=len(tentative)):
            group = np.flatnonzero(holders.groups == id(track.group))
            appearances = [holders.identity(column).gallery.appearance() for column in group.tolist()]
            similarity[row, group] = similarity_to(People(appearances), [track], shared)
        return similarity

    def _appearance_log_odds(self, similarity: np.ndarray, tracks: Sequence[Track], holders: Holders) -> np.ndarray:
        """(T, H); 0 where there is nothing to compare."""
        if self.look is None:
            return np.zeros(similarity.shape)
        odds = self.look.calibration.log_odds(np.nan_to_num(similarity), _seconds_apart(tracks, holders))
        limit = self.options.appearance_limit
        return np.where(np.isnan(similarity), 0.0, (self.options.appearance_weight * odds).clip(-limit, limit))


def similarity_to(people: People, tracks: Sequence[Track], shared: np.ndarray | None = None) -> np.ndarray:
    """Similarity of the T tracks' fresh views, which must be embedded, and P people's, (T, P), less what is `shared`.

    NaN where either has no view. Raises InputError where vectors are of two lengths, as in a cast file made up by hand.
    """
    similarity = np.full((len(tracks), people.count), np.nan)
    seen = {row: track.fresh.appearance() for row, track in enumerate(tracks) if track.fresh.views}
    if seen and people.appearances:
        lengths = sorted({each.views.shape[1] for each in seen.values()} | people.lengths)
        if len(lengths) > 1:
            raise InputError(
                f"vectors of people have {' and '.join(map(str, lengths))} numbers: "
                "the cast file is not this re-ID encoder's"
            )
        similarity[np.ix_(list(seen), people.columns)] = similarities(list(seen.values()), people, shared)
    return similarity


def _identity_match(
    track: Track, identity: Identity | None, column: int, similarity: np.ndarray, holders: int
) -> IdentityMatch:
    """The track is the identity of this column of its similarities (identities,): to people of this video, so many, and
    behind them to remembered ones, whose similarities are on another scale."""
    assert identity is not None
    remembered = np.arange(len(similarity)) >= holders
    alike = remembered == remembered[column]
    alike[column] = False
    here, others = similarity[column], similarity[alike]
    if np.isnan(here):
        return IdentityMatch(track, identity, None, None)
    known = others[~np.isnan(others)]
    return IdentityMatch(track, identity, float(here), float(here - known.max()) if len(known) else None)


def prior_log_odds(
    tentative: Sequence[Track], lost: Holders, size: PictureSize, options: RecoveryOptions
) -> np.ndarray:
    """Log odds before any comparison, (T, L): higher inside the picture than at its edges.

    A person who left at an edge is as likely gone for good, and seldom reappears in the middle.
    """
    edge = at_edge(_first_boxes(tentative), size, options)[:, None] | at_edge(lost.last_xyxy, size, options)
    return np.where(edge, options.edge_log_odds, options.prior_log_odds)


def log_odds_of_one(log_odds: np.ndarray, people: int) -> np.ndarray:
    """Log odds of being one in particular of so many equally likely people, given those of being any of them."""
    return log_odds - np.log(people + (people - 1) * np.exp(log_odds))


def at_edge(xyxy: np.ndarray, size: PictureSize, options: RecoveryOptions) -> np.ndarray:
    """Which boxes (N, 4) touch the left or right edge of the picture, (N,) bool; none where its size is not known."""
    if size is None:
        return np.zeros(len(xyxy), bool)
    margin = options.edge * size[0]
    return (xyxy[:, 0] <= margin) | (xyxy[:, 2] >= size[0] - margin)


def position_log_odds(
    tentative: Sequence[Track], lost: Holders, size: PictureSize, options: RecoveryOptions, steadiness: float = 0.0
) -> np.ndarray:
    """Log odds of position and size, (T, L): a Gaussian about the lost track's last box, against a uniform density.

    The steadier people move in the video, 0..1, the farther on from there they are expected, as they last moved.
    A person who left at an edge may come in at the other: there, position counts no more against that than against a
    new person.
    """
    first_xyxy, last_xyxy = _first_boxes(tentative).astype(float), lost.last_xyxy
    first, last = xyxy_to_cxcywh(first_xyxy), xyxy_to_cxcywh(last_xyxy)
    height = np.sqrt(first[:, None, 3] * last[None, :, 3])  # (T, L)
    away = _seconds_away(tentative, lost).clip(0.0, options.position_horizon)  # (T, L)
    spread = options.at(steadiness).position_spread(away)
    gone = steadiness * away[..., None] * lost.last_velocity  # (T, L, 2)
    distance = np.linalg.norm(first[:, None, :2] - last[None, :, :2] - gone, axis=-1) / height
    width, depth = size or UNKNOWN_SIZE * height.max()
    room = width * depth / height**2  # square body heights
    position = -0.5 * (distance / spread) ** 2 - np.log(2 * np.pi * spread**2) + np.log(room)
    off_stage = at_edge(first_xyxy, size, options)[:, None] & at_edge(last_xyxy, size, options)[None, :]
    position = np.where(off_stage, np.maximum(position, 0.0), position)
    ratio = np.log(first[:, None, 3] / last[None, :, 3])
    same = _log_gaussian(ratio, options.size_noise + options.size_spread_rate * np.sqrt(away))
    different = _log_gaussian(ratio, np.array(options.new_person_size_noise))
    return position + np.maximum(same - different, LEAST_SIZE_LOG_ODDS)


def near_lost(xyxy: np.ndarray, lost: Holders, now: float, options: RecoveryOptions) -> bool:
    """Whether one of the people lost since the last camera cut may stand in the box (4,): no farther than a standard
    deviation, and no more than twice as large or as small."""
    here, last = xyxy_to_cxcywh(xyxy[None].astype(float)), xyxy_to_cxcywh(lost.last_xyxy)  # (L, 4)
    away = now - lost.last_time
    distance = np.linalg.norm(last[:, :2] - here[:, :2], axis=1) / np.maximum(last[:, 3], here[:, 3])  # body heights
    alike = np.abs(np.log(here[:, 3] / last[:, 3])) < np.log(2)
    return bool((alike & ~lost.before_cut & (distance < options.position_spread(away))).any())


def _log_gaussian(deviation: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Logarithm of a Gaussian's density but for the constant."""
    return -0.5 * (deviation / spread) ** 2 - np.log(spread)


def _first_boxes(tentative: Sequence[Track]) -> np.ndarray:
    """Where the tracks were first seen, (T, 4)."""
    return np.array([track.unreported[0].xyxy for track in tentative])


def _seconds_away(tentative: Sequence[Track], lost: Holders) -> np.ndarray:
    """From the lost track's last observation to the tentative one's first, (T, L)."""
    first = np.array([track.first_time for track in tentative])
    return first[:, None] - lost.last_time


def _seconds_apart(tracks: Sequence[Track], holders: Holders) -> np.ndarray:
    """From the identities' latest to the tracks' first views, (T, H); 0 where there is no view."""
    first = [track.fresh.views[0].time if track.fresh.views else track.first_time for track in tracks]
    return (np.array(first)[:, None] - holders.viewed).clip(0.0)
