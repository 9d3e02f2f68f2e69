"""A dressed dancer as one mesh of quads with one texture atlas."""

from __future__ import annotations

import numpy as np

from . import hair, head, limbs, trunk
from .costume import Costume
from .figure_part import FigurePart, Sway
from .mesh import quads
from .skeleton import PosedSkeleton


class Figure:
    """faces (F, 4) vertex numbers, uv (V, 2) texel places in atlas (h, w, 3) float32 BGR, gloss (V,),
    two_sided (F,) bool, nearer (F,) metres to draw a quad closer by."""

    def __init__(self, costume: Costume) -> None:
        self.costume = costume
        self._parts = trunk.parts(costume) + limbs.parts(costume) + head.parts(costume) + hair.parts(costume)
        self.atlas = np.zeros((sum(len(part.texture) for part in self._parts), 256, 3), np.float32)
        uv, faces, gloss, two_sided, nearer = [], [], [], [], []
        top = vertices = 0
        for part in self._parts:
            uv.append(_texels(part, top))
            self.atlas[top : top + len(part.texture), : part.texture.shape[1]] = part.texture
            part_faces = quads(len(part.rows), part.columns)
            faces.append(part_faces + vertices)
            gloss.append(np.full(len(uv[-1]), part.gloss))
            two_sided.append(np.full(len(part_faces), part.two_sided))
            rows = np.broadcast_to(part.nearer, len(part.rows))
            nearer.append(np.repeat((rows[1:] + rows[:-1]) / 2, part.columns - 1))
            top += len(part.texture)
            vertices += len(uv[-1])
        self.uv, self.faces = np.concatenate(uv), np.concatenate(faces)
        self.gloss, self.two_sided = np.concatenate(gloss), np.concatenate(two_sided)
        self.nearer = np.concatenate(nearer)

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
