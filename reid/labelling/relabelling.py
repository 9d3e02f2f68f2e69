"""Assigns tracklets to the people a classifier finds in them; tracklets that share a frame are never one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

MIN_GAIN = 1e-6
SWEEPS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Evidence for an assignment of K tracklets to P people.

    score (K, P): log probability that the tracklet shows the person. link (K, K), symmetric: log odds that two
    tracklets are one person. exclusive (K, K) bool, symmetric: they can never be.
    """

    score: np.ndarray
    link: np.ndarray
    exclusive: np.ndarray


def relabel(evidence: Evidence, person: np.ndarray) -> np.ndarray:
    """Better people for the tracklets, (K,) int from `person` (K,): no single move or exchange of two improves them.

    The exclusion holds afterwards if it held before. Same in, same out.
    """
    moves = _Moves(evidence, person.copy())
    for _ in range(SWEEPS):
        moved = sum(moves.improve(tracklet) for tracklet in range(len(person)))
        if not moved:
            break
    return moves.person


class _Moves:
    def __init__(self, evidence: Evidence, person: np.ndarray) -> None:
        self.evidence, self.person = evidence, person

    def improve(self, tracklet: int) -> bool:
        """Move the tracklet to the best person, exchanging it with one that excludes it; False where it stays."""
        now = int(self.person[tracklet])
        scores = self._scores(tracklet)
        gain = scores - scores[now]
        for wanted in np.argsort(-gain, kind="stable").tolist():
            if gain[wanted] <= MIN_GAIN:
                return False
            if self._move(tracklet, now, wanted):
                return True
        return False

    def _move(self, tracklet: int, now: int, wanted: int) -> bool:
        excluding = self._excluding(tracklet, wanted)
        if len(excluding) == 0:
            self.person[tracklet] = wanted
            return True
        if len(excluding) > 1:
            return False
        other = int(excluding[0])
        if set(self._excluding(other, now).tolist()) - {tracklet}:
            return False
        before = self._energy(tracklet, other)
        self.person[tracklet], self.person[other] = wanted, now
        if self._energy(tracklet, other) > before + MIN_GAIN:
            return True
        self.person[tracklet], self.person[other] = now, wanted
        return False

    def _scores(self, tracklet: int) -> np.ndarray:
        """Score and links of each person for the tracklet, (P,)."""
        evidence = self.evidence
        linked = np.bincount(self.person, evidence.link[tracklet], minlength=evidence.score.shape[1])
        return evidence.score[tracklet] + linked

    def _excluding(self, tracklet: int, person: int) -> np.ndarray:
        return np.flatnonzero(self.evidence.exclusive[tracklet] & (self.person == person))

    def _energy(self, one: int, other: int) -> float:
        link = self.evidence.link
        both = sum(self._scores(tracklet)[self.person[tracklet]] for tracklet in (one, other))
        return float(both - link[one, other] * (self.person[one] == self.person[other]))


def change_point(log_probability: np.ndarray, min_gain: float, min_rows: int = 2) -> int | None:
    """Where a tracklet's rows (N, P) begin to show another person, or None where one person explains them well enough.

    Two people must explain the rows better than one by `min_gain`, each at least `min_rows` of them.
    """
    count = len(log_probability)
    if count < 2 * min_rows:
        return None
    until = np.cumsum(log_probability, axis=0)  # (N, P)
    whole = until[-1]
    gain = until.max(axis=1) + (whole - until).max(axis=1) - whole.max()
    candidates = np.arange(min_rows - 1, count - min_rows)
    best = int(candidates[gain[candidates].argmax()])
    return best + 1 if gain[best] > min_gain else None


def groups_apart(exclusive: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Which groups hold tracklets that exclude each other, (G, G) bool; group (K,) int, below 0 for none."""
    rows = group >= 0
    member = np.zeros((int(rows.sum()), groups))
    member[np.arange(len(member)), group[rows]] = 1.0
    return member.T @ exclusive[np.ix_(rows, rows)] @ member > 0


def consecutive(track: np.ndarray, first: np.ndarray, last: np.ndarray) -> Sequence[tuple[int, int, int]]:
    """Pairs of tracklets that follow each other in one track, each with the frames between them; columns are (K,)."""
    order = np.lexsort((first, track))
    return [
        (one, other, int(first[other] - last[one]))
        for one, other in pairwise(order.tolist())
        if track[one] == track[other]
    ]
