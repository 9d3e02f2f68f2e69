"""Surfaces as grids of points: rows along a part, columns around it, and the quads between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Surface:
    """points and normals (rows, columns, 3) in metres."""

    points: np.ndarray
    normals: np.ndarray


def ring(columns: int, roundness: float = 2.0) -> np.ndarray:
    """Points (columns, 2) of a unit superellipse as (side, front), from the back round the body's right and left to
    the back again."""
    angle = np.linspace(1.5 * np.pi, -0.5 * np.pi, columns)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.sign(circle) * np.abs(circle) ** (2 / roundness)


def sweep(centres: np.ndarray, side: np.ndarray, front: np.ndarray, radii: np.ndarray, outline: np.ndarray) -> Surface:
    """A tube: centres, side and front directions (rows, 3), radii (rows, 2) along these, outline (columns, 2) or
    (rows, columns, 2)."""
    scaled = outline * radii[:, None, :]
    points = centres[:, None] + side[:, None] * scaled[..., :1] + front[:, None] * scaled[..., 1:]
    return Surface(points, normals_of(points, centres))


def normals_of(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Unit normals (rows, columns, 3) of a closed grid, pointing away from the rows' centres (rows, 3)."""
    along = np.empty_like(points)
    along[1:-1] = points[2:] - points[:-2]
    along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
    around = np.empty_like(points)
    around[:, 1:-1] = points[:, 2:] - points[:, :-2]
    around[:, 0] = around[:, -1] = points[:, 1] - points[:, -2]
    normals = np.cross(around, along)
    outwards = np.einsum("rck,rck->rc", normals, points - centres[:, None])
    normals *= np.where(outwards < 0, -1.0, 1.0)[..., None]
    length = np.sqrt(np.einsum("rck,rck->rc", normals, normals))[..., None]
    return normals / np.maximum(length, 1e-12)


def ball(radii: tuple[float, float, float], rows: int, columns: int) -> np.ndarray:
    """Points (rows, columns, 3) of an ellipsoid about the origin, from its top down, columns starting at the back."""
    down = np.linspace(0.02, np.pi - 0.02, rows)
    outline = ring(columns)
    points = np.empty((rows, columns, 3))
    points[..., 0] = np.sin(down)[:, None] * outline[:, 0] * radii[0]
    points[..., 1] = np.cos(down)[:, None] * radii[1]
    points[..., 2] = np.sin(down)[:, None] * outline[:, 1] * radii[2]
    return points


def quads(rows: int, columns: int) -> np.ndarray:
    """Vertex numbers (faces, 4) of a grid's quads: corner, next column, next column and row, next row."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1)
    return np.stack([corner, corner + 1, corner + columns + 1, corner + columns], axis=1)
