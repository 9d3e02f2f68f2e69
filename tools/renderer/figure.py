"""A dressed dancer as one mesh of quads with one texture atlas."""

from __future__ import annotations

import numpy as np

from . import accessories, hair, head, limbs, torso
from .costume import Costume
from .figure_part import FigurePart, Sway
from .mesh import quads
from .skeleton import PosedSkeleton


class Figure:
    """faces (F, 4) vertex numbers, uv (V, 2) texel places in atlas (h, w, 3) float32 BGR, gloss (V,),
    two_sided (F,) bool, nearer (F,) metres to draw a quad closer by."""

    def __init__(self, costume: Costume) -> None:
        self.costume = costume
        parts = self._parts = [
            part for piece in (torso, limbs, head, hair, accessories) for part in piece.parts(costume)
        ]
        tops = np.cumsum([0, *(len(part.texture) for part in parts)])
        vertices = [len(part.rows) * part.columns for part in parts]
        grids = [quads(len(part.rows), part.columns) for part in parts]
        self.atlas = np.zeros((tops[-1], 256, 3), np.float32)
        for part, top in zip(parts, tops, strict=False):
            self.atlas[top : top + len(part.texture), : part.texture.shape[1]] = part.texture
        self.uv = np.concatenate([_texels(part, top) for part, top in zip(parts, tops, strict=False)])
        self.faces = np.concatenate([g + start for g, start in zip(grids, np.cumsum([0, *vertices]), strict=False)])
        self.gloss = np.repeat([part.gloss for part in parts], vertices)
        self.two_sided = np.repeat([part.two_sided for part in parts], list(map(len, grids)))
        self.nearer = np.concatenate([_nearer(part) for part in parts])

    def mesh(self, skeleton: PosedSkeleton, sway: Sway) -> tuple[np.ndarray, np.ndarray]:
        """Points in world metres and unit normals, (V, 3) each."""
        surfaces = [part.shape(skeleton, sway) for part in self._parts]
        points = np.concatenate([surface.points.reshape(-1, 3) for surface in surfaces])
        return points, np.concatenate([surface.normals.reshape(-1, 3) for surface in surfaces])


def _texels(part: FigurePart, top: int) -> np.ndarray:
    height, width = part.texture.shape[:2]
    u = np.linspace(0.5, width - 0.51, part.columns)
    v = top + 0.5 + part.rows * (height - 1.01)
    return np.stack(np.broadcast_arrays(u[None, :], v[:, None]), axis=-1).reshape(-1, 2)


def _nearer(part: FigurePart) -> np.ndarray:
    rows = np.broadcast_to(part.nearer, len(part.rows))
    return np.repeat((rows[1:] + rows[:-1]) / 2, part.columns - 1)
