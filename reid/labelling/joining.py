"""Joins tracklets into groups that are one person: the most similar first, and never two that share a frame.

Average linkage under exclusion: two groups are joined while the mean log odds that they are one person, weighted by
crops, are above zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NEVER = -np.inf


def exclusions(frames: Sequence[np.ndarray]) -> np.ndarray:
    """Which tracklets share a frame, (K, K) bool, from the frames (F_k,) int that each is seen in."""
    owner = np.repeat(np.arange(len(frames)), [len(part) for part in frames])
    frame = np.concatenate([np.zeros(0, int), *frames])
    order = np.argsort(frame, kind="stable")
    exclusive = np.zeros((len(frames), len(frames)), bool)
    for together in np.split(owner[order], np.flatnonzero(np.diff(frame[order])) + 1):
        exclusive[np.ix_(together, together)] = True
    np.fill_diagonal(exclusive, False)
    return exclusive


def join_tracklets(
    log_odds: np.ndarray,
    bonus: np.ndarray,
    exclusive: np.ndarray,
    crops: np.ndarray,
    min_groups: int = 1,
    half: float = 0.0,
) -> np.ndarray:
    """The group of each tracklet, (K,) int, numbered by their first tracklet.

    log_odds (K, K) that two tracklets are one person by appearance, bonus (K, K) what the tracker's own continuity
    adds (a pair of groups gets its largest), exclusive (K, K) bool which can never be one, crops (K,) weights. No
    further than down to `min_groups`. Appearance counts half where the smaller of two groups has `half` crops, and the
    more the more it has: few crops say little against the bonus.
    """
    groups = _Groups(log_odds, bonus, exclusive, np.maximum(crops, 1).astype(float), half)
    group = np.arange(len(crops))
    for _ in range(len(crops) - min_groups):
        one, other, score = groups.most_similar()
        if score <= 0:
            break
        groups.join(one, other)
        group[group == other] = one
    return np.unique(group, return_inverse=True)[1].reshape(-1)


class _Groups:
    """Scores of all pairs of groups; a group is known by its first tracklet, and a pair stands at (lower, higher)."""

    def __init__(
        self, log_odds: np.ndarray, bonus: np.ndarray, exclusive: np.ndarray, crops: np.ndarray, half: float
    ) -> None:
        self.crops, self.half = crops.copy(), half
        self.total = log_odds * crops[:, None] * crops[None, :]
        self.bonus, self.exclusive = bonus.astype(float), exclusive.copy()
        self.gone = np.zeros(len(crops), bool)
        self.score = np.full(log_odds.shape, NEVER)
        for row in range(len(crops)):
            self._refresh(row)

    def most_similar(self) -> tuple[int, int, float]:
        """The pair with the highest score; of equal ones, the first."""
        one, other = divmod(int(self.score.argmax()), len(self.score))
        return one, other, float(self.score[one, other])

    def join(self, one: int, other: int) -> None:
        """`other` becomes part of `one`."""
        for table, joined in ((self.total, np.add), (self.bonus, np.maximum), (self.exclusive, np.logical_or)):
            table[one] = joined(table[one], table[other])
            table[:, one] = table[one]
        self.crops[one] += self.crops[other]
        self.gone[other] = True
        self.score[other] = self.score[:, other] = NEVER
        self._refresh(one)

    def _refresh(self, row: int) -> None:
        smaller = np.minimum(self.crops[row], self.crops)
        mean = self.total[row] / (self.crops[row] * self.crops) * smaller / (smaller + self.half) + self.bonus[row]
        mean[self.exclusive[row] | self.gone] = NEVER
        self.score[row, row + 1 :] = mean[row + 1 :]
        self.score[:row, row] = mean[:row]
