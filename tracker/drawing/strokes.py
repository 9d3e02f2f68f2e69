"""Antialiased strokes in pixels with fractions: sub-pixel positions avoid jitter."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

FRACTION_BITS = 4
"""Bits of a coordinate after the point, as OpenCV draws."""
MIN_LINE = 2
_CORNER_STEPS = 7
_DASH_STEPS = 3
_SHADE = 0.2

Colour = tuple[int, int, int]


def rounded_box(box: np.ndarray, radius: float) -> np.ndarray:
    """Closed outline (K, 2) of a box (4,) with rounded corners, clockwise from its upper left, first point repeated."""
    left, top, right, bottom = box
    radius = max(0.0, min(radius, (right - left) / 2, (bottom - top) / 2))
    centres = [
        (left + radius, top + radius),
        (right - radius, top + radius),
        (right - radius, bottom - radius),
        (left + radius, bottom - radius),
    ]
    starts = np.pi * np.array([1.0, 1.5, 0.0, 0.5])
    angles = starts[:, None] + np.linspace(0, np.pi / 2, _CORNER_STEPS)  # (4, steps)
    arcs = np.stack([np.cos(angles), np.sin(angles)], axis=-1) * radius + np.array(centres)[:, None]
    outline = arcs.reshape(-1, 2)
    return np.concatenate([outline, outline[:1]])


def dashes(path: np.ndarray, period: float) -> list[np.ndarray]:
    """Cut a path (K, 2) into dashes, one about every `period` pixels, each a third of that long."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    count = max(1, round(along[-1] / period))
    starts = np.linspace(0, along[-1], count, endpoint=False)
    where = starts[:, None] + np.linspace(0, along[-1] / count / 3, _DASH_STEPS)  # (count, steps)
    points = np.stack([np.interp(where, along, path[:, axis]) for axis in (0, 1)], axis=-1)
    return list(points)


def draw(image: np.ndarray, paths: Sequence[np.ndarray], colour: Colour, thickness: int) -> None:
    """Draw open paths, each (K, 2) pixels, in place on a (H, W, 3) uint8 BGR (or single channel) image."""
    scaled = [np.rint(path * (1 << FRACTION_BITS)).astype(np.int32) for path in paths]
    cv2.polylines(image, scaled, False, colour, thickness, cv2.LINE_AA, FRACTION_BITS)


def draw_edged(image: np.ndarray, paths: Sequence[np.ndarray], colour: Colour, thickness: float, unit: float) -> None:
    """Draw paths with a dark edge around them, so that they stand out on any background; a `unit` is so many pixels."""
    blue, green, red = (int(_SHADE * channel) for channel in colour)
    line, edge = max(MIN_LINE, round(thickness * unit)), max(1, round(0.8 * unit))
    draw(image, paths, (blue, green, red), line + 2 * edge)
    draw(image, paths, colour, line)
