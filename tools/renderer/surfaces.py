"""Pictures of walls and floors."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Painter = Callable[[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
"""x and y in metres (h, w), a base colour (3,) and a generator to a picture (h, w, 3)."""


def tint(random: np.random.Generator, low: float, high: float, saturation: float) -> np.ndarray:
    """A colour (3,) float32 of any hue, with a value of `low` to `high`; all shares."""
    hue = np.array([[[random.uniform(0, 180), 255 * saturation, 255 * random.uniform(low, high)]]], np.uint8)
    return cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32)


def noise(shape: tuple[int, ...], sigma: tuple[float, float], random: np.random.Generator) -> np.ndarray:
    """Smooth noise of standard deviation 1, `shape` (h, w), blurred by `sigma` texels across and down."""
    coarse = max(1, int(min(sigma) / 2))
    small = random.standard_normal((shape[0] // coarse + 1, shape[1] // coarse + 1)).astype(np.float32)
    smooth = cv2.GaussianBlur(small, (0, 0), sigma[0] / coarse, sigmaY=sigma[1] / coarse)
    return cv2.resize(smooth / smooth.std(), (shape[1], shape[0]))


def _curtain(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    wobble = 0.5 * noise(x.shape, (60, 400), random)
    pitch = random.uniform(0.3, 0.6)
    fold = 0.62 + 0.3 * np.sin(2 * np.pi * x / pitch + wobble) + 0.1 * np.sin(4.6 * np.pi * x / pitch - 2 * wobble)
    return fold[..., None] * colour


def _bricks(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    row = np.floor(y / 0.09)
    column = np.floor(x / 0.24 + 0.5 * (row % 2))
    shade = 0.75 + 0.35 * (np.sin(row * 12.9898 + column * 78.233) * 43758.5453 % 1)
    mortar = (np.mod(y, 0.09) < 0.012) | (np.mod(x / 0.24 + 0.5 * (row % 2), 1) < 0.05)
    shade = np.where(mortar, 0.55, shade) * (1 + 0.06 * noise(x.shape, (6, 6), random))
    return shade[..., None] * colour


def _plaster(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    shade = 0.9 + 0.06 * noise(x.shape, (90, 90), random) + 0.03 * noise(x.shape, (8, 8), random)
    return shade[..., None] * colour


def _panels(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    wide, tall = random.uniform(0.9, 1.8), random.uniform(1.2, 2.4)
    gap = (np.mod(x, wide) < 0.03) | (np.mod(y, tall) < 0.03)
    tone = 0.8 + 0.25 * (np.sin(np.floor(x / wide) * 5.1 + np.floor(y / tall) * 3.7) * 917.3 % 1)
    shade = np.where(gap, 0.35, tone) * (1 + 0.02 * noise(x.shape, (20, 20), random))
    return shade[..., None] * colour


def _screen(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    picture = np.full((*x.shape, 3), 14.0, np.float32)
    tints = [tint(random, 0.3, 0.75, 0.7) for _ in range(3)]
    for glow in tints:
        centre = random.uniform(-4, 4), random.uniform(1, 5)
        away = np.hypot(x - centre[0], y - centre[1])
        rings = 0.5 + 0.5 * np.sin(2 * np.pi * away / random.uniform(0.8, 2.0))
        picture += (rings * np.exp(-((away / random.uniform(2, 4)) ** 2)))[..., None] * glow
    picture *= np.where((np.mod(x, 0.5) < 0.015) | (np.mod(y, 0.5) < 0.015), 0.8, 1.0)[..., None]
    picture[(np.abs(x) > 5.5) | (y > 4.6) | (y < 0.5)] = 22
    return picture


def _planks(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    plank = np.floor(y / 0.12)
    board = np.floor(x / 1.6 + np.sin(plank * 3.3) * 7)
    shade = 0.8 + 0.25 * (np.sin(plank * 7.7 + board * 3.1) * 437.5 % 1) + 0.05 * noise(x.shape, (40, 2), random)
    shade = np.where((np.mod(y, 0.12) < 0.008), 0.55, shade)
    return shade[..., None] * colour


def _vinyl(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    shade = 0.92 + 0.05 * noise(x.shape, (40, 15), random) + 0.02 * noise(x.shape, (3, 3), random)
    shade = np.where(np.mod(y, 1.5) < 0.02, shade * 0.7, shade)
    return shade[..., None] * colour


def _tiles(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    size = random.uniform(0.5, 1.2)
    odd = (np.floor(x / size) + np.floor(y / size)) % 2
    gap = (np.mod(x, size) < 0.02) | (np.mod(y, size) < 0.02)
    shade = np.where(gap, 0.6, 0.85 + odd * random.uniform(-0.25, 0.15))
    shade = shade * (1 + 0.04 * noise(x.shape, (12, 12), random))
    return shade[..., None] * colour


WALLS: dict[str, Painter] = {
    "curtain": _curtain,
    "bricks": _bricks,
    "plaster": _plaster,
    "panels": _panels,
    "screen": _screen,
}
FLOORS: dict[str, Painter] = {"planks": _planks, "vinyl": _vinyl, "tiles": _tiles}


def _houses(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    picture = np.empty((*x.shape, 3), np.float32)
    edges = np.cumsum(random.uniform(3, 7, 12)) - 15
    for left, right in zip([-20.0, *edges], [*edges, 20.0], strict=True):
        house = (x >= left) & (x < right)
        wide, tall, sill = random.uniform(0.9, 1.8), random.uniform(1.4, 2.6), random.uniform(0.4, 1.0)
        pane = (np.mod(x - left, wide) > 0.35 * wide) & (np.mod(y - sill, tall) < 0.6 * tall) & (y > sill)
        glass = tint(random, 0.15, 0.7, 0.2)
        picture[house] = tint(random, 0.35, 0.95, random.uniform(0.05, 0.45))
        picture[house & pane] = glass
    return picture * (1 + 0.06 * noise(x.shape, (5, 5), random))[..., None]


def _hedge(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    top = random.uniform(1.0, 4.0) + 0.25 * noise(x.shape, (30, 300), random)
    leaves = 0.6 + 0.25 * noise(x.shape, (9, 9), random) + 0.15 * noise(x.shape, (3, 3), random)
    green = np.array([random.uniform(30, 70), random.uniform(85, 130), random.uniform(50, 100)])
    sky = np.array([225, 205, 190]) * random.uniform(0.75, 1.05)
    return np.where((y < top)[..., None], leaves[..., None] * green, sky)


def _mural(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    picture = np.broadcast_to(colour, (*x.shape, 3)).copy()
    for _ in range(40):
        away = np.hypot((x - random.uniform(-9, 9)) / random.uniform(0.5, 2), y - random.uniform(0, 4))
        picture[away < random.uniform(0.2, 1.1)] = tint(random, 0.2, 1.0, random.uniform(0.1, 0.9))
    return picture * (1 + 0.05 * noise(x.shape, (6, 6), random))[..., None]


def _shutters(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    pitch, wide = random.uniform(0.06, 0.25), random.uniform(1.5, 4.0)
    shade = 0.75 + 0.2 * np.sin(2 * np.pi * y / pitch)
    shade = np.where(np.mod(x, wide) < 0.25, 0.45, shade) * (1 + 0.05 * noise(x.shape, (20, 20), random))
    return shade[..., None] * colour


def _asphalt(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    shade = 0.9 + 0.07 * noise(x.shape, (2, 2), random) + 0.06 * noise(x.shape, (50, 30), random)
    line = np.abs(y - random.uniform(-3, 4)) < 0.06
    return np.where(line[..., None], 200.0, shade[..., None] * (0.25 * colour + 75))


def _grass(x: np.ndarray, y: np.ndarray, colour: np.ndarray, random: np.random.Generator) -> np.ndarray:
    shade = 0.8 + 0.14 * noise(x.shape, (2, 3), random) + 0.1 * noise(x.shape, (40, 40), random)
    return shade[..., None] * np.array([random.uniform(35, 70), random.uniform(95, 140), random.uniform(70, 120)])


STREET_WALLS: dict[str, Painter] = {"houses": _houses, "hedge": _hedge, "mural": _mural, "shutters": _shutters}
STREET_FLOORS: dict[str, Painter] = {"asphalt": _asphalt, "grass": _grass, "paving": _tiles}
"""What is seen by day. An entry more in `FLOORS` changes the bytes of old seeds, one here only those of streets."""
