"""One piece of a figure: a grid surface that follows the skeleton, and the texture stretched over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .mesh import Surface, normals_of
from .skeleton import PosedSkeleton


@dataclass(frozen=True)
class Sway:
    """What lags behind a moving body: `hair` (3,) metres by which loose ends trail the head, `spin` turns a second."""

    hair: np.ndarray
    spin: float


@dataclass(frozen=True)
class FigurePart:
    """`shape` gives the surface for a skeleton; its rows lie at `rows` (0..1) down the texture, its columns evenly
    across it. texture (h, w, 3) float32 BGR 0..255. `two_sided` parts are seen from inside too. `gloss` is 0..1.
    `nearer` metres, one for all rows or (rows,), draw it as if it were closer: what is worn over something else."""

    shape: Callable[[PosedSkeleton, Sway], Surface]
    rows: np.ndarray
    columns: int
    texture: np.ndarray
    gloss: float = 0.0
    two_sided: bool = False
    nearer: float | np.ndarray = 0.0


def rigid_part(
    points: np.ndarray,
    texture: np.ndarray,
    bone: Callable[[PosedSkeleton], tuple[np.ndarray, np.ndarray]],
    **drawn: Any,
) -> FigurePart:
    """A part fixed to a bone: points (rows, columns, 3) in metres in its frame; `bone` gives origin (3,) and frame."""
    normals = normals_of(points, points.mean(axis=1))

    def shape(skeleton: PosedSkeleton, sway: Sway) -> Surface:
        origin, frame = bone(skeleton)
        return Surface(origin + points @ frame.T, normals @ frame.T)

    return FigurePart(shape, np.linspace(0, 1, len(points)), points.shape[1], texture, **drawn)
