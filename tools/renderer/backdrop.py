"""The set: back wall, floor, light pools and beams, drawn for a camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .camera import Camera
from .light import Lamp, Lighting
from .surfaces import FLOORS, STREET_FLOORS, STREET_WALLS, WALLS, Painter, tint

_WALL_Z, _WALL_TALL, _HALF = -4.2, 7.0, 14.0
_FLOOR_FRONT = 7.0
_DENSITY = 90


@dataclass(frozen=True)
class Pool:
    """A spotlight's pool on the floor: centre and radius in metres, colour as BGR factors."""

    x: float
    z: float
    radius: float
    colour: np.ndarray


class Backdrop:
    """A stage, or a `street` by day, drawn from a generator, in `detail` times the texels that suit a picture 1280
    wide.

    `lighting` falls on the dancers, `gloss` is how much the floor mirrors them.
    """

    def __init__(self, random: np.random.Generator, detail: float, street: bool = False) -> None:
        self._density = _DENSITY * detail
        self.bright = random.random() < 0.35 or street
        indoors = (
            ["plaster", "panels", "bricks"] if self.bright else ["curtain", "curtain", "screen", "bricks", "panels"]
        )
        walls, floors = (WALLS | STREET_WALLS, STREET_FLOORS) if street else (WALLS, FLOORS)
        wall = walls[str(random.choice([*STREET_WALLS, "bricks"] if street else indoors))]
        floor = floors[str(random.choice(list(floors)))]
        self.gloss = float(random.uniform(0.05, 0.3))
        self.pools = [] if self.bright else [_pool(random) for _ in range(int(random.integers(2, 5)))]
        self.lighting = _lighting(random, self.bright)
        self._haze = float(random.uniform(0.06, 0.2)) if self.pools else 0.0
        self._wall = self._paint_wall(wall, random)
        self._floor = self._paint_floor(floor, random)

    def _paint_wall(self, paint: Painter, random: np.random.Generator) -> np.ndarray:
        density = self._density * 0.6
        y, x = np.meshgrid(
            np.linspace(_WALL_TALL, 0, int(_WALL_TALL * density)),
            np.linspace(-_HALF, _HALF, int(2 * _HALF * density)),
            indexing="ij",
        )
        colour = tint(random, 0.55, 0.85, 0.15) if self.bright else tint(random, 0.4, 0.75, 0.65)
        picture = paint(x, y, colour, random)
        light = np.full((*x.shape, 1), 0.85 if self.bright else 0.42) + np.zeros(3)
        strength = 0.15 if self.bright else 0.8
        for place in np.arange(-6, 7, 3.0):
            wash = np.exp(-(((x - place) / 1.3) ** 2) - ((y - random.uniform(1, 3)) / 2.2) ** 2)
            light = light + strength * wash[..., None] * (0.6 + 0.4 * tint(random, 1, 1, 0.3) / 255)
        skirting = np.where(y < 0.12, 0.6, 1.0)[..., None]
        return np.clip(picture * light * skirting, 0, 255).astype(np.uint8)

    def _paint_floor(self, paint: Painter, random: np.random.Generator) -> np.ndarray:
        deep = _FLOOR_FRONT - _WALL_Z
        z, x = np.meshgrid(
            np.linspace(_WALL_Z, _FLOOR_FRONT, int(deep * self._density)),
            np.linspace(-_HALF, _HALF, int(2 * _HALF * self._density)),
            indexing="ij",
        )
        colour = tint(random, 0.35, 0.75, 0.4) if self.bright else tint(random, 0.3, 0.6, 0.35)
        picture = paint(x, z, colour, random)
        light = np.full((*x.shape, 3), 0.9 if self.bright else 0.6)
        for pool in self.pools:
            away = np.hypot(x - pool.x, z - pool.z) / pool.radius
            light += (1 / (1 + np.exp(8 * (away - 1))))[..., None] * pool.colour
        light *= np.interp(z, [_WALL_Z, _WALL_Z + 0.8], [0.7, 1.0])[..., None]
        return np.clip(picture * light, 0, 255).astype(np.uint8)

    def brightness(self, x: float, z: float) -> np.ndarray:
        """Light factors (3,) BGR where a dancer stands."""
        light = np.full(3, 1.08 if self.bright else 0.98)
        for pool in self.pools:
            light = light + pool.colour * 0.45 / (1 + np.exp(6 * (np.hypot(x - pool.x, z - pool.z) / pool.radius - 1)))
        return light

    def picture(self, camera: Camera) -> np.ndarray:
        """The empty set, (H, W, 3) uint8."""
        size = (camera.width, camera.height)
        wall = camera.plane(np.array([-_HALF, _WALL_TALL, _WALL_Z]), np.array([1.0, 0, 0]), np.array([0, -1.0, 0]))
        floor = camera.plane(np.array([-_HALF, 0.0, _WALL_Z]), np.array([1.0, 0, 0]), np.array([0, 0, 1.0]))
        image = np.full((camera.height, camera.width, 3), 8, np.uint8)
        for plane, texture, length in ((wall, self._wall, _WALL_TALL), (floor, self._floor, _FLOOR_FRONT - _WALL_Z)):
            metres = np.diag([2 * _HALF / texture.shape[1], length / texture.shape[0], 1.0])
            cv2.warpPerspective(
                texture, plane @ metres, size, dst=image, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
            )
        return cv2.add(image, self._beams(camera)) if self._haze else image

    def _beams(self, camera: Camera) -> np.ndarray:
        """Light in the haze from the lamps above to their pools, (H, W, 3) uint8 to be added."""
        small = np.zeros((camera.height // 4, camera.width // 4, 3), np.float32)
        for pool in self.pools:
            lamp, floor = np.array([pool.x * 1.2, 6.5, pool.z - 1.5]), np.array([pool.x, 0.0, pool.z])
            across = np.array([pool.radius, 0.0, 0.0])
            corners = camera.project(np.stack([lamp, floor - across, floor + across]))[0] / 4
            beam = np.zeros(small.shape[:2], np.float32)
            cv2.fillConvexPoly(beam, np.round(corners * 16).astype(np.int32), 1.0, cv2.LINE_8, 4)
            small += cv2.GaussianBlur(beam, (0, 0), 0.012 * camera.width)[..., None] * pool.colour * 255 * self._haze
        wide = cv2.resize(np.clip(small, 0, 255), (camera.width, camera.height))
        return wide.astype(np.uint8)


def _pool(random: np.random.Generator) -> Pool:
    colour = 0.35 + 0.65 * tint(random, 0.9, 1.0, 0.45) / 255
    return Pool(float(random.uniform(-4, 4)), float(random.uniform(-2, 2)), float(random.uniform(0.9, 2.0)), colour)


def _lighting(random: np.random.Generator, bright: bool) -> Lighting:
    def colour(strength: float, saturation: float) -> tuple[float, float, float]:
        blue, green, red = (float(value) for value in strength * tint(random, 1, 1, saturation) / 255)
        return blue, green, red

    side = float(random.choice([-1, 1]))
    key = Lamp((side * random.uniform(0.3, 1.0), random.uniform(0.7, 1.3), 1.0), colour(0.62, 0.08), 0.25)
    fill = Lamp((-side * 0.9, 0.4, 0.6), colour(random.uniform(0.15, 0.35), 0.3), 0.4)
    rims = tuple(
        Lamp((rim * random.uniform(0.5, 1.2), 0.7, -1.0), colour(random.uniform(0.2, 0.5), 0.5), 0.0) for rim in (-1, 1)
    )
    ambient = 0.42 if bright else 0.3
    return Lighting((key, fill, *rims), colour(ambient, 0.1), colour(ambient * 0.5, 0.2))
