"""A smooth path through bands of time: what a virtual camera does in one coordinate.

The path is a uniform cubic B-spline (de Boor 1978). It leaves the bands as little as it can, and accelerates as little
and as seldom as it can: the sum of what sticks out of the bands and of the accelerations' sizes is least, which a
linear program finds (Grundmann, Kwatra, Essa: Auto-directed video stabilization with robust L1 optimal camera paths,
CVPR 2011). So it stands, or moves steadily, with soft passages in between. A cubic B-spline lies between its control
points, and its acceleration between their second differences: bounds on them hold everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import BSpline
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, csr_matrix, diags, hstack, vstack

SPACING = 0.2
"""Seconds between two control points."""
_DEGREE = 3
_SMOOTHNESS = 0.3
"""Weight of a second of acceleration 1, beside 1 for a second of distance 1 from a band of weight 1."""


@dataclass(frozen=True, slots=True)
class Band:
    """Where the path wants to be: between `low` and `high` (N,) at N times. To leave it by 1 for a second costs
    `weight` (N,)."""

    low: np.ndarray
    high: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Path:
    """A path from `start` seconds on, by its control points (K,)."""

    start: float
    points: np.ndarray

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """The path at these times (N,) in seconds."""
        return _basis(times - self.start, len(self.points)) @ self.points

    @cached_property
    def acceleration(self) -> float:
        """The largest there is, per second squared."""
        return float(np.abs(np.diff(self.points, 2)).max(initial=0.0)) / SPACING**2


def control_points(times: np.ndarray) -> int:
    """Number of control points K of a path over these times (N,), which grow."""
    return int(np.ceil((times[-1] - times[0]) / SPACING + 1e-6)) + _DEGREE


def smooth_path(
    times: np.ndarray, bands: Sequence[Band], least: np.ndarray | float, most: np.ndarray | float, acceleration: float
) -> Path:
    """The path over these times (N,) in seconds that leaves the bands least.

    It stays within `least` and `most`, each one number or one a control point (`control_points`), and its acceleration
    within `acceleration`, all in the same unit of length and in seconds.
    """
    count = control_points(times)
    basis = _basis(times - times[0], count)
    step = float(np.median(np.diff(times))) if len(times) > 1 else SPACING
    second = diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(count - 2, count)) / SPACING**2
    sides = [_beyond(basis, band) for band in bands] + [_beyond(second, _still(count - 2))]
    costs = [step * band.weight for band in bands] + [np.full(count - 2, _SMOOTHNESS * SPACING)]
    slacks = [np.inf] * (len(times) * len(bands)) + [acceleration] * (count - 2)
    low, high = (np.broadcast_to(np.asarray(bound, float), count) for bound in (least, most))
    solved = linprog(
        np.concatenate([np.zeros(count), *costs]),
        A_ub=_stacked([matrix for matrix, _ in sides], count),
        b_ub=np.concatenate([limit for _, limit in sides]),
        bounds=[*zip(low, np.maximum(low, high), strict=True), *((0.0, slack) for slack in slacks)],
        method="highs",
    )
    return Path(float(times[0]), np.asarray(solved.x[:count]))


def _basis(since: np.ndarray, count: int) -> csr_matrix:
    """(N, count) values of the B-splines at these seconds since the path's start."""
    knots = (np.arange(count + _DEGREE + 1) - _DEGREE) * SPACING
    inside = np.clip(since, 0.0, (count - _DEGREE) * SPACING)
    return BSpline.design_matrix(inside, knots, _DEGREE)


def _still(count: int) -> Band:
    return Band(np.zeros(count), np.zeros(count), np.ones(count))


def _beyond(matrix: csr_matrix, band: Band) -> tuple[csr_matrix, np.ndarray]:
    """The two inequalities, as one, by which `matrix @ points` stays in the band but for a slack."""
    return vstack([matrix, -matrix]), np.concatenate([band.high, -band.low])


def _stacked(matrices: Sequence[csr_matrix], count: int) -> csr_matrix:
    """All inequalities (2 R, K + R) below each other, each with its slack."""
    rows = [matrix.shape[0] // 2 for matrix in matrices]
    total, starts = sum(rows), np.concatenate([[0], np.cumsum(rows)])
    parts = []
    for matrix, start, own in zip(matrices, starts.tolist(), rows, strict=False):
        slack = coo_matrix((-np.ones(own), (np.arange(own), start + np.arange(own))), shape=(own, total))
        parts.append(hstack([matrix, vstack([slack, slack])]))
    return vstack(parts).tocsr()
