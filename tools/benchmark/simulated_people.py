"""Simulated people as a tracker sees them: boxes, pictures whose colours tell who is who, an encoder for these.

They cost next to nothing, so that hours of them, or hundreds at once, show what the tracker itself costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.encoder.calibration import Calibration

DIMENSION = 1304
"""Length of the bundled encoder's vectors."""
SPREAD = 0.3
"""Standard deviation of one person's views, in each dimension; people differ by 1."""

Seen = tuple[np.ndarray, np.ndarray]
"""Boxes (N, 4) of the people to be seen, and their numbers (N,)."""


@dataclass(frozen=True, slots=True)
class Street:
    """So many `newcomers` a second walk into a picture of 480x270 times `scale`, and cross it in `stay` seconds.

    Nobody comes back, except where a `cast` of so many people goes round and round.
    """

    newcomers: float = 2.0
    stay: float = 12.0
    scale: float = 1.0
    cast: int | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        return round(480 * self.scale), round(270 * self.scale)

    @property
    def people(self) -> int:
        """How many are there at once."""
        return int(self.newcomers * self.stay)

    def seen(self, seconds: float) -> Seen:
        last = int(self.newcomers * seconds)
        number = np.arange(max(0, last - int(self.newcomers * self.stay) + 1), last + 1)
        draw = [np.random.default_rng(each).uniform(0, 1, 2) for each in number]
        depth, way = np.array([each[0] for each in draw]), np.array([each[1] < 0.5 for each in draw])
        across = (seconds - number / self.newcomers) / self.stay
        x = self.size[0] * np.where(way, across, 1 - across)
        feet = self.scale * (100 + 150 * depth)
        height = 0.35 * feet
        xyxy = np.stack([x - 0.2 * height, feet - height, x + 0.2 * height, feet], axis=1)
        return xyxy, number if self.cast is None else number % self.cast


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many `people` sway on their places, some of them in front of others, in a picture of 3840x2160."""

    people: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        return 3840, 2160

    def seen(self, seconds: float) -> Seen:
        draw = np.random.default_rng(0)
        place = draw.uniform([0, 300], self.size, (self.people, 2))
        x, feet = (place + 40 * np.sin(seconds + draw.uniform(0, 6, (self.people, 2)))).T
        height = 0.12 * feet
        return np.stack([x - 0.2 * height, feet - height, x + 0.2 * height, feet], axis=1), np.arange(self.people)


def painted(xyxy: np.ndarray, number: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The `image` (H, W, 3) uint8, all of it painted: colours tell the numbers, the lowest feet are in front."""
    image[:] = 0
    for row in np.argsort(xyxy[:, 3]):
        left, top, right, bottom = xyxy[row].round().astype(int).clip(0)
        image[top:bottom, left:right] = number[row] % 256, number[row] // 256 % 256, 0
    return image


class NumberEmbedder:
    """Reads the person's number from the colour of the crop; one person's views differ a little, (B, DIMENSION)."""

    def __init__(self) -> None:
        self.calibration = Calibration((0.1, 600.0), ((0.9, 0.05), (0.85, 0.06)), ((0.5, 0.1), (0.5, 0.1)))
        self.calibration_centred = Calibration((0.1, 600.0), ((0.8, 0.07), (0.75, 0.08)), ((0.0, 0.1), (0.0, 0.1)))
        self._noise = np.random.default_rng(0)
        self._common = self._noise.normal(0, 1, DIMENSION)

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack([self.view(self._number(crop)) for crop in crops])

    def view(self, number: int) -> np.ndarray:
        """A view (DIMENSION,) float32 of that person, of length 1."""
        own = np.random.default_rng(number).normal(0, 1, DIMENSION)
        row = self._common + own + self._noise.normal(0, SPREAD, DIMENSION)
        return (row / np.linalg.norm(row)).astype(np.float32)

    @staticmethod
    def _number(crop: np.ndarray) -> int:
        low, high = (round(float(np.median(crop[..., channel]))) for channel in (0, 1))
        return low + 256 * high
