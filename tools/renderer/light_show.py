"""Stage light that changes over time: dimming, coloured washes, follow spots, slow strobes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .camera import Camera
from .options import StageOptions

_FADE = 1.0
"""Seconds from one wash to the next."""
_BY_DAY = 0.3
_STROBE_EVERY, _STROBE_SECONDS = 14.0, 1.6


@dataclass(frozen=True)
class _Spot:
    colour: np.ndarray
    radius: float
    period: np.ndarray
    phase: np.ndarray

    def centre(self, time: float) -> np.ndarray:
        """x and z on the floor, (2,), at `time` seconds."""
        return np.array([3.4, 1.9]) * np.sin(2 * np.pi * time / self.period + self.phase)


class LightShow:
    """The light of a scene over time, less changing by day in a `street`; with a strength of 0 it never changes.

    Colours are BGR factors.
    """

    def __init__(self, options: StageOptions, street: bool) -> None:
        random = np.random.default_rng([options.seed, 14])
        self.strength = options.realism.changing_light * (_BY_DAY if street else 1)
        self._dim_period, self._dim_phase = random.uniform(5, 18), random.uniform(0, 2 * np.pi)
        self._wash_seconds = random.uniform(3, 9)
        count = int(options.seconds / self._wash_seconds) + 2
        self._washes = np.stack([_wash(random) for _ in range(count)])
        self._spots = [_spot(random) for _ in range(int(random.integers(0, 3)))]
        self._strobes = random.random() < 0.5
        self._strobe_rate, self._strobe_phase = random.uniform(1.5, 4), random.uniform(0, _STROBE_EVERY)

    def everywhere(self, time: float) -> np.ndarray:
        """Factors (3,) for the whole picture at `time` seconds."""
        if not self.strength:
            return np.ones(3)
        dim = 1 - 0.35 * self.strength * (0.5 + 0.5 * np.sin(2 * np.pi * time / self._dim_period + self._dim_phase))
        place = time / self._wash_seconds
        share = np.clip((place % 1) * self._wash_seconds / _FADE, 0, 1)
        before, now = self._washes[max(int(place) - 1, 0)], self._washes[int(place)]
        wash = (1 - share) * before + share * now
        return dim * self._strobe(time) * (1 + self.strength * (wash - 1))

    def at(self, time: float, x: float, z: float) -> np.ndarray:
        """Factors (3,) for a person who stands there: as `everywhere`, and brighter in a follow spot."""
        light = self.everywhere(time)
        for spot in self._spots if self.strength else ():
            away = np.linalg.norm(spot.centre(time) - np.array([x, z])) / spot.radius
            light = light + self.strength * 0.6 * spot.colour / (1 + np.exp(6 * (away - 1)))
        return light

    def lit(self, picture: np.ndarray, time: float, camera: Camera) -> np.ndarray:
        """The empty set (H, W, 3) uint8 in the light of this time, with the follow spots' pools on the floor."""
        if not self.strength:
            return picture
        light = self.everywhere(time)
        picture = cv2.multiply(picture, np.array([*light, 0.0]))
        if not self._spots:
            return picture
        small: np.ndarray = np.zeros((camera.height // 4, camera.width // 4, 3), np.float32)
        for spot in self._spots:
            mask = np.zeros(small.shape[:2], np.float32)
            cv2.fillConvexPoly(mask, _outline(spot, time, camera), 1.0, cv2.LINE_8, 4)
            small += mask[..., None] * (0.7 * self.strength * spot.colour).astype(np.float32)
        small = cv2.GaussianBlur(small, (0, 0), 0.006 * camera.width)
        gain = cv2.resize(small, (camera.width, camera.height))
        return np.clip(picture * (1 + gain), 0, 255).astype(np.uint8)

    def _strobe(self, time: float) -> float:
        since = (time + self._strobe_phase) % _STROBE_EVERY
        if not self._strobes or since > _STROBE_SECONDS:
            return 1.0
        flash = (since * self._strobe_rate) % 1 < 0.35
        return 1 + self.strength * (0.5 if flash else -0.35)


def _outline(spot: _Spot, time: float, camera: Camera) -> np.ndarray:
    """The pool's edge in a picture a fourth as large, (24, 2) int32 with 4 fractional bits."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    x, z = spot.centre(time)
    edge = np.stack([x + spot.radius * np.cos(angle), 0 * angle, z + spot.radius * np.sin(angle)], axis=1)
    return np.round(camera.project(edge)[0] / 4 * 16).astype(np.int32)


def _wash(random: np.random.Generator) -> np.ndarray:
    """White every third time; the brightest channel is 1.1."""
    saturation = 0.0 if random.random() < 1 / 3 else random.uniform(0.15, 0.7)
    pixel = np.array([[[random.uniform(0, 360), saturation, 1.0]]], np.float32)
    return 1.1 * cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].astype(float)


def _spot(random: np.random.Generator) -> _Spot:
    pixel = np.array([[[random.uniform(0, 360), random.uniform(0, 0.5), 1.0]]], np.float32)
    colour = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].astype(float)
    periods, phases = random.uniform(5, 14, 2), random.uniform(0, 2 * np.pi, 2)
    return _Spot(colour, float(random.uniform(0.8, 1.6)), periods, phases)
