"""The floor under a shot's people, from the feet and heights of their boxes: who stands where, in body heights.

For a camera without roll that looks down on a flat floor no more than moderately, the height h in pixels of a standing
person grows linearly with the row v of the feet, `h = slope * (v - horizon)`, and `1 / slope` is the height of the
camera in body heights (Hoiem et al. 2008, "Putting Objects in Perspective", equation 5). Body heights then are
`x = (u - centre) / h` to the right of the camera and `z = focal / h` away from it; h follows from the feet alone, so a
child is not taken for a person far away. Nothing says the focal length: it is assumed, and a wrong one only stretches
z.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from . import boxes
from .types import InputError

MIN_ROWS = 30
"""Boxes in clear view that a fit needs."""
_NOISE = 0.05
"""Relative error of the height of a box around a person who stands; soft L1 beyond it."""
_PEOPLE = 0.06
"""Relative standard deviation of the heights of people."""
_SLOPES = 10.0
"""Standard deviation of slopes: it decides nothing, but makes a slope unsure where all rows are the same."""
_MOST_ROWS, _MOST_PEOPLE = 1500, 40
_HIGHEST = 8.0
"""Body heights above the floor that a camera may be; above, it looks straight down or the boxes mean something else."""
_STEEPEST = 45.0
"""Degrees by which a camera may look down; heights are not linear in the row beyond."""
_UNSURE = 0.3
"""Relative standard error of the slope beyond which it counts as unknown."""
_SCATTER = 0.2
"""Relative scatter (median absolute) of the heights about the plane that is still a plane."""
_FARTHEST = 0.2
"""Share of the typical height in pixels that a person at least has; nearer to the horizon, depth means nothing."""
_EDGE, _COVERED = 0.01, 0.1


@dataclass(frozen=True)
class GroundPlaneOptions:
    """Raises InputError where the angle is none of a camera."""

    view: float = 55.0
    """The camera's angle of view in degrees, across the picture's longer side: 65 to 70 is a phone's main camera, 40
    one zoomed in. A wrong one only stretches depth, on the report's formation from above."""

    def __post_init__(self) -> None:
        if not 5 <= self.view <= 150:
            raise InputError(f"--floor.view, the angle of view, must be 5 to 150 degrees, not {self.view:g}")

    def focal(self, size: tuple[int, int]) -> float:
        """Focal length in pixels of a picture of (width, height) pixels."""
        return max(size) / 2 / math.tan(math.radians(self.view) / 2)


@dataclass(frozen=True)
class GroundPlane:
    """The floor of one shot; lengths in pixels.

    Where `slope` is 0 the people stood at one depth, or nearly: then nothing but left and right is measured.
    """

    slope: float
    horizon: float
    """Row at which feet would be infinitely far away."""
    typical: float
    """Height of a person in the middle of the people."""
    centre: float
    """Column of the camera's axis."""
    focal: float

    def heights(self, rows: np.ndarray) -> np.ndarray:
        """Height in pixels of a person whose feet are in these rows (N,); NaN at the horizon and beyond."""
        if not self.slope:
            return np.where(np.isfinite(rows), self.typical, np.nan)
        heights = self.slope * (np.asarray(rows, float) - self.horizon)
        return np.where(heights >= _FARTHEST * self.typical, heights, np.nan)

    def places(self, feet: np.ndarray) -> np.ndarray:
        """Feet (N, 2), column and row, to places (N, 2) in body heights: to the right of the camera, and away from it.

        NaN where the feet are no place on the floor.
        """
        height = self.heights(feet[:, 1])
        return np.stack([(feet[:, 0] - self.centre) / height, self.focal / height], axis=1)


def feet(xyxy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The middle of the lower side of boxes (N, 4), (N, 2); NaN where the picture's lower edge cuts the box off.

    size: width and height of the picture.
    """
    xyxy = np.asarray(xyxy, float).reshape(-1, 4)
    points = np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]], axis=1)
    points[xyxy[:, 3] >= size[1] * (1 - _EDGE)] = np.nan
    return points


def in_clear_view(xyxy: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which boxes (N, 4) of a frame neither touch the picture's edge nor are covered by a tenth or more, (N,) bool."""
    xyxy = np.asarray(xyxy, float).reshape(-1, 4)
    margin = _EDGE * size[1]
    inside = (xyxy[:, :2] > margin).all(axis=1) & (xyxy[:, 2:] < np.array(size) - margin).all(axis=1)
    shared = boxes.intersection(xyxy, xyxy)
    np.fill_diagonal(shared, 0)
    return inside & (shared.max(axis=1, initial=0) <= _COVERED * boxes.area(xyxy))


def fit_plane(
    ids: np.ndarray,
    rows: np.ndarray,
    heights: np.ndarray,
    seconds: float,
    size: tuple[int, int],
    options: GroundPlaneOptions | None = None,
) -> GroundPlane | None:
    """The plane of one shot, or None where its boxes show none.

    ids, rows (of the feet) and heights (N,) are of boxes in clear view, in the order of time; `seconds` is the time of
    all frames that they are from together. size: width and height of the picture.

    A robust fit of log heights, with soft L1 (people crouch and raise their arms) and a factor a person, whose prior is
    the spread of people's heights: else one tall person in the front row would tilt the floor. Boxes within one second
    count as one, so that the slope's standard error means something.
    """
    chosen = _most_seen(ids) & (heights > 0)
    ids, rows, heights = ids[chosen], rows[chosen].astype(float), heights[chosen].astype(float)
    if len(ids) < MIN_ROWS:
        return None
    people = np.unique(ids, return_inverse=True)[1]
    middle, typical = float(np.median(rows)), float(np.median(heights))
    crowding = max(1.0, len(ids) / max(len(np.unique(people)) * seconds, 1.0))
    share = np.linspace(0, len(ids) - 1, min(len(ids), _MOST_ROWS)).astype(int)
    crowding *= len(share) / len(ids)
    fit = _Fit(rows[share] - middle, heights[share] / typical, people[share], max(crowding, 1.0), typical)
    scale, slope, error, scatter = fit.solve()
    focal = (options or GroundPlaneOptions()).focal(size)
    flat = GroundPlane(0.0, -math.inf, typical, size[0] / 2, focal)
    if scatter > _SCATTER or slope + 2 * error < 1 / _HIGHEST:
        return None
    if error > _UNSURE * slope:
        return flat if fit.even else None
    plane = GroundPlane(slope, middle - scale * typical / slope, typical, size[0] / 2, focal)
    tilt = math.degrees(math.atan2(size[1] / 2 - plane.horizon, focal))
    return plane if slope >= 1 / _HIGHEST and tilt <= _STEEPEST and _below_horizon(plane, rows) else None


def _most_seen(ids: np.ndarray) -> np.ndarray:
    """The rows of the people seen most often, (N,) bool."""
    people, count = np.unique(ids, return_counts=True)
    return np.isin(ids, people[np.argsort(-count, kind="stable")[:_MOST_PEOPLE]])


def _below_horizon(plane: GroundPlane, rows: np.ndarray) -> bool:
    """Whether all but a few feet are on the floor that the plane shows."""
    return bool(np.isnan(plane.heights(rows)).mean() < 0.05)


@dataclass(frozen=True)
class _Fit:
    """Rows from the middle one, heights by the typical one, people from 0; `crowding` boxes count as one."""

    rows: np.ndarray
    heights: np.ndarray
    people: np.ndarray
    crowding: float
    typical: float

    def solve(self) -> tuple[float, float, float, float]:
        """The height in the middle row by the typical one, the slope, its standard error, and the scatter."""
        from scipy.optimize import least_squares  # takes half a second: only where there are boxes enough

        start = np.zeros(2 + self.people.max() + 1)
        start[0] = 1.0
        found = least_squares(self._residuals, start, loss="soft_l1", x_scale="jac")
        error = math.sqrt(np.linalg.inv(found.jac.T @ found.jac)[1, 1])
        scatter = float(np.median(np.abs(np.log(self.heights) - self._expected(found.x))))
        return float(found.x[0]), float(found.x[1]), error, scatter

    @property
    def even(self) -> bool:
        """Whether people are about equally high wherever they stand."""
        typical = [np.median(self.heights[self.people == person]) for person in range(self.people.max() + 1)]
        return bool(np.std(np.log(typical)) < 2 * _PEOPLE)

    def _expected(self, values: np.ndarray) -> np.ndarray:
        height = values[0] + values[1] * self.rows / self.typical
        return np.log(np.maximum(height, _FARTHEST / 2)) + values[2:][self.people]

    def _residuals(self, values: np.ndarray) -> np.ndarray:
        misses = (np.log(self.heights) - self._expected(values)) / _NOISE / math.sqrt(self.crowding)
        return np.concatenate([misses, values[2:] / _PEOPLE, values[1:2] / _SLOPES])
