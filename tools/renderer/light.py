"""Light on the stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .rotation import unit


@dataclass(frozen=True)
class Lamp:
    """A far lamp: the direction (3,) towards it, its colour as BGR factors, how far its light wraps round (0..1)."""

    direction: tuple[float, float, float]
    colour: tuple[float, float, float]
    wrap: float = 0.2


@dataclass(frozen=True)
class Lighting:
    """All light of a set. Ambient colours are BGR factors, from above and from the floor."""

    lamps: tuple[Lamp, ...]
    sky: tuple[float, float, float]
    ground: tuple[float, float, float]

    def on(self, points: np.ndarray, normals: np.ndarray, eye: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Light (V, 3) to multiply colours with, and highlights (V,) 0..1, on points seen from `eye` (3,)."""
        up = 0.5 + 0.5 * normals[:, 1:2]
        light = up * np.array(self.sky) + (1 - up) * np.array(self.ground)
        view = unit(eye - points)
        highlight = np.zeros(len(points))
        for lamp in self.lamps:
            direction = unit(np.array(lamp.direction))
            facing = np.clip((normals @ direction + lamp.wrap) / (1 + lamp.wrap), 0, None)
            light += facing[:, None] * np.array(lamp.colour)
            half = unit(view + direction)
            highlight += np.clip((normals * half).sum(1), 0, 1) ** 24 * max(lamp.colour)
        return light, highlight
