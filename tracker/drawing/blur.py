"""Blur: the people drawn stay sharp, everything and everyone else is blurred."""

from __future__ import annotations

import cv2
import numpy as np

from ..types import FrameTracks
from .light import Light, keep_lit

_REACH = 24
"""Units of the picture that are blurred into one: a face in a crowd is gone."""


class Blur:
    """Blurs all but the people of the tracks, with a soft edge; people whom the detector missed, too."""

    def __init__(self) -> None:
        self._light = Light()

    def draw(self, image: np.ndarray, tracks: FrameTracks, unit: float) -> None:
        """Blur a (H, W, 3) uint8 BGR image, in place; a `unit` is so many pixels."""
        size = (image.shape[1], image.shape[0])
        small = [max(1, round(side / (_REACH * unit))) for side in size]
        coarse = cv2.GaussianBlur(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (0, 0), 0.8)
        keep_lit(image, cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), self._light.mask(tracks, size))
