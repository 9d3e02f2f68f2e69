"""What a real camera does to a picture: exposure, colour, defocus, noise, compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .options import StageOptions

_FULL_WIDTH = 1280
_SHIFTS = 64


@dataclass(frozen=True)
class _Sensor:
    """How one camera differs from an ideal one."""

    curve: np.ndarray  # (256, 1, 3) uint8: brightness and colour
    saturation: float
    defocus: float
    noise: float
    quality: int


class Footage:
    """The faults of a scene's cameras, one set a shot; with `Realism.camera_faults` 0 there are none."""

    def __init__(self, options: StageOptions) -> None:
        self._seed, faults = options.seed, options.realism.camera_faults
        self._shot_frames = options.frame_count / (options.cuts + 1)
        scale = options.width / _FULL_WIDTH
        self._sensors = [
            _sensor(faults, scale, np.random.default_rng([options.seed, 15, shot])) for shot in range(options.cuts + 1)
        ]
        self._faulty = faults > 0
        self._size = options.height, options.width
        self._field: np.ndarray = np.zeros(0)
        if self._faulty:
            self._field = _noise_field(self._size, np.random.default_rng([options.seed, 16]))

    def filmed(self, image: np.ndarray, index: int) -> np.ndarray:
        """Frame `index`, (H, W, 3) uint8 BGR, as its camera records it."""
        if not self._faulty:
            return image
        sensor = self._sensors[min(int(index / self._shot_frames), len(self._sensors) - 1)]
        if sensor.defocus > 0.3:
            image = cv2.GaussianBlur(image, (0, 0), sensor.defocus)
        image = cv2.LUT(image, sensor.curve)
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        image = cv2.addWeighted(image, sensor.saturation, grey, 1 - sensor.saturation, 0)
        image = cv2.add(image, self._grain(index) * np.float32(sensor.noise), dtype=cv2.CV_8U)
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, sensor.quality])[1]
        recorded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        assert recorded is not None
        return recorded

    def _grain(self, index: int) -> np.ndarray:
        """The noise of a frame, (H, W, 3) float32: another part of the field for each."""
        top, left = np.random.default_rng([self._seed, 16, index]).integers(0, _SHIFTS, 2)
        height, width = self._size
        return self._field[top : top + height, left : left + width]


def _sensor(faults: float, scale: float, random: np.random.Generator) -> _Sensor:
    exposure = np.exp(faults * random.normal(0.2, 0.25))
    balance = 1 + faults * random.normal(0, 0.07, 3)
    gamma = np.exp(faults * random.normal(0, 0.18))
    lift = faults * random.uniform(0, 26)
    level = np.linspace(0, 1, 256)[:, None]
    curve = lift + (255 - lift) * np.clip(level * exposure * balance, 0, 1) ** gamma
    blurry = random.random() < 0.5
    return _Sensor(
        np.clip(curve, 0, 255).astype(np.uint8).reshape(256, 1, 3),
        float(1 + faults * random.uniform(-0.45, 0.25)),
        float(scale * faults * random.uniform(0.5, 2.6)) if blurry else 0.0,
        float(faults * random.uniform(1, 6.5)),
        round(95 - faults * random.uniform(5, 65)),
    )


def _noise_field(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Noise of standard deviation about 1, coarser than a pixel in colour, (H + 64, W + 64, 3) float32."""
    height, width = size[0] + _SHIFTS, size[1] + _SHIFTS
    fine = random.standard_normal((height, width), np.float32)[..., None]
    coarse = random.standard_normal((height // 2, width // 2, 3), np.float32)
    return 0.8 * fine + cv2.resize(coarse, (width, height))
