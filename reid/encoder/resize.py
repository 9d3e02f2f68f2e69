"""Crops of any size to the size an encoder takes."""

from __future__ import annotations

import cv2
import numpy as np


def resize(crop: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize (h, w, 3) uint8 to (height, width, 3): by area where it shrinks, linearly where it grows."""
    shrinks = crop.shape[0] * crop.shape[1] > height * width
    return cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
