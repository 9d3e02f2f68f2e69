"""What a detector's scores mean: measured against the scores it gives to people it sees clearly.

0.8 of one network is not 0.8 of another: the one gives a clearly seen person 0.97, the other 0.85. That score is learnt
while tracking, without truth, and all others are read as odds relative to it; so thresholds hold for every detector.
"""

from __future__ import annotations

import numpy as np

CLEAR = 0.885
"""Score of a person seen clearly on the common scale, which the tracker's thresholds are on."""
MIN_SCORE = 0.5
"""Boxes below this do not count: how many of them there are depends on how many the detector was asked for."""
CLEAR_SHARE = 0.25
"""The share of the others that is taken to show people clearly: the best of them."""
BINS = 1000
LIMIT = 0.999
"""Scores are cut off here, so that their odds are finite: exact boxes have a score of 1."""


class ScoreScale:
    """Learns the score of people seen clearly, and reads scores relative to it."""

    def __init__(self) -> None:
        self._counts = np.zeros(BINS, int)  # how many boxes had each score so far

    @property
    def clear_score(self) -> float:
        """Score that the best `CLEAR_SHARE` of the boxes so far reach; `CLEAR` before the first."""
        up_to = np.cumsum(self._counts)
        if not up_to[-1]:
            return CLEAR
        return (float(np.searchsorted(up_to, (1 - CLEAR_SHARE) * up_to[-1])) + 0.5) / BINS

    def read(self, score: np.ndarray) -> np.ndarray:
        """A frame's scores (N,) on the common scale, 0..1; they count themselves.

        They are never raised: where even the best boxes are weak, people are hard to see, and doubt is right.
        """
        counted = score[score >= MIN_SCORE].clip(0, LIMIT)
        np.add.at(self._counts, (counted * BINS).astype(int), 1)
        shift = min(_log_odds(np.array(CLEAR)) - _log_odds(np.array(self.clear_score)), 0.0)
        return 1 / (1 + np.exp(-_log_odds(score) - shift))


def _log_odds(score: np.ndarray) -> np.ndarray:
    bounded = np.clip(score.astype(float), 1 - LIMIT, LIMIT)
    return np.log(bounded / (1 - bounded))
