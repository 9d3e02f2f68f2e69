"""Rotation matrices, stacked: (...) angles in degrees give (..., 3, 3) matrices that act on column vectors."""

from __future__ import annotations

import numpy as np


def about_x(degrees: np.ndarray | float) -> np.ndarray:
    """Turns y towards z."""
    return _plane(degrees, 1, 2)


def about_y(degrees: np.ndarray | float) -> np.ndarray:
    """Turns z towards x."""
    return _plane(degrees, 2, 0)


def about_z(degrees: np.ndarray | float) -> np.ndarray:
    """Turns x towards y."""
    return _plane(degrees, 0, 1)


def _plane(degrees: np.ndarray | float, first: int, second: int) -> np.ndarray:
    angle = np.radians(np.asarray(degrees, float))
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., range(3), range(3)] = 1
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix[..., first, first] = matrix[..., second, second] = cosine
    matrix[..., second, first], matrix[..., first, second] = sine, -sine
    return matrix


def unit(vectors: np.ndarray) -> np.ndarray:
    """Each (..., 3) vector at length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def frame_along(axis: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """The frame whose y is `axis` and whose z is as near `forward` as that allows; (..., 3) each to (..., 3, 3)."""
    y = unit(axis)
    z = unit(forward - (forward * y).sum(-1, keepdims=True) * y)
    return np.stack([np.cross(y, z), y, z], axis=-1)
