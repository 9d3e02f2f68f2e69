"""Where the light falls: a soft mask around the people drawn, for the styles that leave the rest dark or blurred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..types import MAX_ABSENCE, FrameTracks

_GRID = 8
"""Pixels of the picture to one of the mask, which is soft anyway."""
_FADE = 0.25
"""Seconds in which a light comes on, or goes out where its person is gone."""
_JUMP = 2.0
"""Half axes beyond which a person is not followed: the id is another person's now, whose light is on at once."""
MEMORY = 1.0
"""Seconds after which nothing is seen of where a light was, or whether it was on: its person has been followed."""
_EDGE = 0.22
"""Width of the soft edge as a share of the half axes."""


@dataclass(frozen=True, slots=True)
class LightOptions:
    """How a pool of light lies around a person's box."""

    width: float = 0.68
    """Half axis across, as a share of the box's width."""
    height: float = 0.58
    """Half axis down, as a share of the box's height."""
    slim: float = 0.34
    """Least half axis across, as a share of the box's height."""
    settle: float = 0.12
    """Seconds in which a pool has gone most of the way to its person: boxes jitter, a light does not."""


@dataclass(frozen=True, slots=True)
class _Pool:
    """Centre and half axes (4,) in pixels, the light's strength in 0..1, when its person was last seen."""

    ellipse: np.ndarray
    strength: float
    seen: float


class Light:
    """Ellipses of light that follow people, given one frame after the other; they fade in and out."""

    def __init__(self, options: LightOptions | None = None) -> None:
        self._options = options or LightOptions()
        self._pools: dict[int, _Pool] = {}
        self._time: float | None = None

    def mask(self, tracks: FrameTracks, size: tuple[int, int]) -> np.ndarray:
        """(H, W) float32, 1 where the light is full and 0 where there is none; `size` is the picture's (W, H)."""
        seconds = 0.0 if self._time is None else max(tracks.time - self._time, 0.0)
        first, self._time = self._time is None or tracks.cut, tracks.time
        if first:
            self._pools.clear()
        self._fade(seconds)
        for identity, box in zip(tracks.ids.tolist(), tracks.xyxy.astype(float), strict=True):
            self._follow(identity, _ellipse(box, self._options), tracks.time, seconds, at_once=first)
        small = _falloff([pool for pool in self._pools.values() if pool.strength > 0], size)
        return cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)

    def _fade(self, seconds: float) -> None:
        """Dim the lights of people who are not seen; a seen person's gets it back twice over."""
        self._pools = {
            identity: _Pool(pool.ellipse, max(pool.strength - seconds / _FADE, 0.0), pool.seen)
            for identity, pool in self._pools.items()
            if self._time is not None and self._time - pool.seen <= MAX_ABSENCE
        }

    def _follow(self, identity: int, ellipse: np.ndarray, now: float, seconds: float, *, at_once: bool) -> None:
        pool = self._pools.get(identity)
        if pool is not None and np.hypot(*((ellipse - pool.ellipse)[:2] / ellipse[2:])) > _JUMP:
            pool, at_once = None, True
        if pool is None:
            self._pools[identity] = _Pool(ellipse, 1.0 if at_once else min(seconds / _FADE, 1.0), now)
            return
        share = 1 - np.exp(-seconds / self._options.settle)
        moved = pool.ellipse + share * (ellipse - pool.ellipse)
        self._pools[identity] = _Pool(moved, min(pool.strength + 2 * seconds / _FADE, 1.0), now)


def _ellipse(box: np.ndarray, options: LightOptions) -> np.ndarray:
    """Centre and half axes (4,) of the light on a person's box (4,)."""
    width, height = box[2] - box[0], box[3] - box[1]
    across, down = max(options.width * width, options.slim * height), options.height * height
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, max(across, 1.0), max(down, 1.0)])


def _falloff(pools: Sequence[_Pool], size: tuple[int, int]) -> np.ndarray:
    """The lights together on the coarse grid, (h, w) float32 in 0..1."""
    columns, rows = (max(1, -(-side // _GRID)) for side in size)
    x = (np.arange(columns, dtype=np.float32) + 0.5) * (size[0] / columns)
    y = (np.arange(rows, dtype=np.float32) + 0.5) * (size[1] / rows)
    lit = np.zeros((rows, columns), np.float32)
    for pool in pools:
        middle_x, middle_y, across, down = pool.ellipse
        away = np.hypot((x[None, :] - middle_x) / across, (y[:, None] - middle_y) / down)
        ramp = np.clip((1 + _EDGE - away) / (2 * _EDGE), 0, 1)
        np.maximum(lit, pool.strength * ramp * ramp * (3 - 2 * ramp), out=lit)
    return lit


def keep_lit(image: np.ndarray, rest: np.ndarray, mask: np.ndarray) -> None:
    """Put `rest` where the mask (H, W) float32 is dark, in place; both images are (H, W, 3) uint8 BGR."""
    image[:] = cv2.blendLinear(image, rest, mask, 1 - mask)
