"""Spotlight: the people drawn stand in the light, everything else is dark."""

from __future__ import annotations

import cv2
import numpy as np

from ..types import FrameTracks
from .light import MEMORY, Light, keep_lit

_DIM = 0.16
"""Share of the brightness that is left outside of the light."""


class Spotlight:
    """Darkens all but the people of the tracks, with a soft edge."""

    memory = MEMORY

    def __init__(self) -> None:
        self._light = Light()

    def draw(self, image: np.ndarray, tracks: FrameTracks, unit: float) -> None:
        """Darken a (H, W, 3) uint8 BGR image, in place."""
        mask = self._light.mask(tracks, (image.shape[1], image.shape[0]))
        keep_lit(image, cv2.convertScaleAbs(image, alpha=_DIM), mask)
