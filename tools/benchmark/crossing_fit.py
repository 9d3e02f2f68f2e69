"""Fits the weights of `tracker.crossing` to crossings of which the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from tracker.crossing import EVIDENCE, PRIOR
from tracker.types import InputError

from .crossings import JudgedCrossing

ALWAYS = "always"
NOW = {ALWAYS: PRIOR[ALWAYS], **EVIDENCE, **{name: weight for name, weight in PRIOR.items() if name != ALWAYS}}
"""The tracker's weights by name: the one that always counts, then those of the evidence in its order."""
RIDGE = 1.0
"""Half of it, times the squared weights of columns of unit deviation, is added to the loss."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Crossings of one set of detections, and what exchanges by weights of other sequences do to their links."""

    crossings: int
    judged: int
    """Those of which the truth tells who is who."""
    exchanged: int
    """Those of them in which the two were exchanged, so that an exchange puts links right."""
    put_right: int
    """Links that become right, two of a crossing at most."""
    put_wrong: int


def tally(crossings: Sequence[JudgedCrossing], log_odds: np.ndarray, min_log_odds: float) -> Tally:
    """Exchange where the log odds, (N,), are above the least."""
    gains = np.array([each.gain or 0 for each in crossings], int)
    done = gains[log_odds > min_log_odds]
    return Tally(
        len(crossings),
        judged=sum(each.gain is not None for each in crossings),
        exchanged=int((gains > 0).sum()),
        put_right=int(done[done > 0].sum()),
        put_wrong=-int(done[done < 0].sum()),
    )


def held_out_log_odds(crossings: Sequence[JudgedCrossing]) -> np.ndarray:
    """Log odds of an exchange in each, (N,), by weights that were fitted on all other sequences.

    Raises InputError where these have too few crossings.
    """
    evidence = np.array([each.evidence for each in crossings])
    sequences = np.array([each.sequence for each in crossings])
    log_odds = np.zeros(len(crossings))
    for sequence in dict.fromkeys(sequences.tolist()):
        weights = fit_crossings([each for each in crossings if each.sequence != sequence], f" without {sequence}")
        mine = sequences == sequence
        log_odds[mine] = weights[0] + evidence[mine] @ weights[1:]
    return log_odds


def fit_crossings(crossings: Sequence[JudgedCrossing], of: str = "") -> np.ndarray:
    """The weights in the order of `NOW`, (10,); a crossing counts as much as an exchange would gain or lose.

    Raises InputError where no two were exchanged or all were; `of` tells which crossings these are.
    """
    told = [(each.evidence, each.gain) for each in crossings if each.gain]
    gains = np.array([gain for _, gain in told])
    exchanged = int((gains > 0).sum())
    if exchanged in (0, len(told)):
        counts = f"{exchanged} of {len(told)} ended in an exchange, but it takes some of both"
        raise InputError(f"there is nothing to learn from the crossings{of}: {counts}; give --on more sequences")
    return fit(np.array([evidence for evidence, _ in told]), gains > 0, np.abs(gains) / 2)


def fit(evidence: np.ndarray, exchanged: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Logistic regression of `exchanged`, (N,) bool, on `evidence`, (N, K); an event counts `counts`, (N,), times.

    Returns (1 + K,): the intercept, which is not penalised, and the weights, which are as if every column had unit
    standard deviation.
    """
    varies = np.ptp(evidence, axis=0) > 0  # rounding gives even a constant a deviation
    scale = np.insert(np.where(varies, evidence.std(axis=0), 1.0), 0, 1.0)
    design = np.insert(evidence, 0, 1.0, axis=1) / scale
    penalty = np.full(len(scale), RIDGE)
    penalty[0] = 0.0

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        """The loss and its gradient, (1 + K,)."""
        log_odds = design @ weights
        misfit = counts @ (np.logaddexp(0, log_odds) - exchanged * log_odds) + penalty @ weights**2 / 2
        return misfit, design.T @ (counts * (expit(log_odds) - exchanged)) + penalty * weights

    return minimize(loss, np.zeros(len(scale)), jac=True, method="BFGS").x / scale
