"""Trails: the path of people's feet in the last second or so, fading out."""

from __future__ import annotations

import math
from collections import deque

import cv2
import numpy as np

from ..types import FrameTracks, is_absence
from .colours import colour_of
from .strokes import FRACTION_BITS, MIN_LINE

_MAX_OPACITY = 0.85
_FASTEST = 8.0
"""Body heights a second: between points farther apart the id went to another person."""


class Trails:
    """Remembers feet points for so many seconds, its `memory`, and draws them as lines that fade with age."""

    def __init__(self, seconds: float) -> None:
        self.memory = seconds
        self._points: dict[int, deque[tuple[float, float, float]]] = {}
        self._time = -math.inf

    def _update(self, tracks: FrameTracks) -> None:
        """Add the feet of this frame, the middle of each box's lower edge.

        The trail of a recovered person starts again, and so does one that jumps; after a camera cut all do.
        """
        if tracks.cut:
            self._points.clear()
        feet = np.stack([tracks.xyxy[:, [0, 2]].mean(axis=1), tracks.xyxy[:, 3]], axis=1)
        heights = (tracks.xyxy[:, 3] - tracks.xyxy[:, 1]).tolist()
        rows = zip(tracks.ids.tolist(), feet.tolist(), heights, tracks.recovered, strict=True)
        before, self._time = self._time, tracks.time
        for identity, (x, y), height, recovered in rows:
            points = self._points.setdefault(identity, deque())
            if recovered or (points and _broken(points[-1], (tracks.time, x, y), height, before)):
                points.clear()
            points.append((tracks.time, x, y))
        for identity, points in list(self._points.items()):
            while points and not 0 <= tracks.time - points[0][0] < self.memory:
                points.popleft()
            if not points:
                del self._points[identity]

    def draw(self, image: np.ndarray, tracks: FrameTracks, unit: float) -> None:
        """Add this frame's feet and blend the trails into a (H, W, 3) uint8 BGR image, in place."""
        self._update(tracks)
        time, thickness = tracks.time, max(MIN_LINE, round(4 * unit))
        for identity, points in self._points.items():
            line = np.array(_thinned(points, step=thickness))
            if len(line) > 1:
                strength = _MAX_OPACITY * (1 - (time - line[:, 0]) / self.memory)
                _draw_fading(image, line[:, 1:], strength, colour_of(identity), thickness)


def _broken(last: tuple[float, float, float], new: tuple[float, float, float], height: float, before: float) -> bool:
    """Whether a person of this height in pixels was away between two points (time, x, y), or cannot have gone there.

    before: the time of the frame before the new point's, in seconds.
    """
    seconds = new[0] - last[0]
    far = math.hypot(new[1] - last[1], new[2] - last[2])
    frames = 1 + (last[0] < before)
    return bool(is_absence(frames, seconds)) or far > height * max(_FASTEST * seconds, 1.0)


def _thinned(points: deque[tuple[float, float, float]], step: float) -> list[tuple[float, float, float]]:
    """Without the points less than `step` pixels from the one kept before: ignores detector jitter."""
    kept: list[tuple[float, float, float]] = []
    for point in points:
        if not kept or (point[1] - kept[-1][1]) ** 2 + (point[2] - kept[-1][2]) ** 2 >= step**2:
            kept.append(point)
    return kept


def _draw_fading(
    image: np.ndarray, line: np.ndarray, strength: np.ndarray, colour: tuple[int, int, int], thickness: int
) -> None:
    """One line (K, 2) whose opacity at each point is `strength` (K,) in 0..1; the newest part lies on top."""
    height, width = image.shape[:2]
    left, top = np.maximum(np.floor(line.min(axis=0)).astype(int) - thickness - 1, 0)
    right, bottom = np.minimum(np.ceil(line.max(axis=0)).astype(int) + thickness + 2, (width, height))
    if left >= right or top >= bottom:
        return
    opacity = np.zeros((bottom - top, right - left), np.uint8)
    points = np.rint((line - (left, top)) * (1 << FRACTION_BITS)).astype(int).tolist()
    for start, end, level in zip(points, points[1:], (255 * strength[1:]).astype(int).tolist(), strict=False):
        cv2.line(opacity, start, end, level, thickness, cv2.LINE_AA, FRACTION_BITS)
    region = image[top:bottom, left:right]
    paint = np.full_like(region, colour)
    weight = opacity.astype(np.float32) / 255
    region[:] = cv2.blendLinear(paint, np.ascontiguousarray(region), weight, 1 - weight)
