"""Positions and movements of the cameras."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .camera import Camera
from .options import StageOptions

_STAGE_MIDDLE = 0.9
"""Height in metres the cameras are aimed at."""


class Camerawork:
    """The camera at any time. A cut goes to another camera; movement is a slow pan and zoom from where it stands.

    `shots` are the cameras at rest, in their order.
    """

    def __init__(self, options: StageOptions, random: np.random.Generator) -> None:
        self.shots = [_shot(options, random) for _ in range(options.cuts + 1)]
        if options.realism.variety:
            wide = np.random.default_rng([options.seed, 18])
            self.shots = [_shot(options, wide, (0.9, 5.0), (6.5, 14.0), 3.0) for _ in self.shots]
        self._shot_seconds = options.seconds / (options.cuts + 1)
        self._pan, self._zoom = (3.0, 0.06) if options.moving_camera else (0.0, 0.0)
        self._phase = random.uniform(0, 2 * np.pi, 2)

    def at(self, time: float) -> Camera:
        """The camera `time` seconds into the scene."""
        shot = self.shots[self.shot(time)]
        if not self._pan:
            return shot
        swing = np.sin(2 * np.pi * time / np.array([9.0, 13.0]) + self._phase)
        return replace(shot, pan=shot.pan + self._pan * swing[0], focal=shot.focal * (1 + self._zoom * swing[1]))

    def shot(self, time: float) -> int:
        """Which of the cameras it is."""
        return min(int(time / self._shot_seconds), len(self.shots) - 1)


def _shot(
    options: StageOptions,
    random: np.random.Generator,
    heights: tuple[float, float] = (1.2, 3.0),
    distances: tuple[float, float] = (7.5, 10.0),
    most_across: float = 0.8,
) -> Camera:
    height, distance = float(random.uniform(*heights)), float(random.uniform(*distances))
    across = float(random.uniform(-most_across, most_across))
    stage_wide = (5.2 + 0.35 * options.dancers) * float(random.uniform(0.9, 1.15))
    focal = min(options.width * distance / stage_wide, options.height * distance / 3.3)
    tilt = float(np.degrees(np.arctan2(height - _STAGE_MIDDLE, distance)))
    pan = float(np.degrees(np.arctan2(-across, distance)))
    return Camera((across, height, distance), pan, tilt, focal, options.width, options.height)
