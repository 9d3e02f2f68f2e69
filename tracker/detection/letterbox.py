"""A picture in a network's input: scaled, with a grey border, exactly as Ultralytics does it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

_GREY = (114, 114, 114)


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture of `size` pixels (width, height) fits: scaled to `inner`, then a border; all in pixels."""

    size: tuple[int, int]
    scale: float
    inner: tuple[int, int]
    left: int
    top: int
    right: int
    bottom: int

    @staticmethod
    def of(size: tuple[int, int], longest: int, stride: int) -> Letterbox:
        """The longer side becomes `longest`, raised to a multiple of `stride`; the shorter gets as much border as it
        needs to be one."""
        longest = max(math.ceil(longest / stride) * stride, stride)
        scale = min(longest / size[0], longest / size[1])
        inner = round(size[0] * scale), round(size[1] * scale)
        across, down = ((longest - side) % stride / 2 for side in inner)
        # Half a pixel of border goes to the right and the bottom.
        left, top = round(across - 0.1), round(down - 0.1)
        return Letterbox(size, scale, inner, left, top, round(across + 0.1), round(down + 0.1))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.top + self.inner[1] + self.bottom, self.left + self.inner[0] + self.right

    def put(self, image: np.ndarray) -> np.ndarray:
        """The network's input (h, w, 3) for a picture (H, W, 3) uint8 of this size."""
        if self.inner != self.size:
            image = cv2.resize(image, self.inner, interpolation=cv2.INTER_LINEAR)
        border = self.top, self.bottom, self.left, self.right
        return cv2.copyMakeBorder(image, *border, cv2.BORDER_CONSTANT, value=_GREY) if any(border) else image

    def back(self, xyxy: np.ndarray) -> np.ndarray:
        """Boxes (N, 4) in the network's input, in the picture, cut off at its edges."""
        inside = (xyxy - np.array([self.left, self.top] * 2, np.float32)) / np.float32(self.scale)
        return inside.clip(0, np.array([*self.size, *self.size], np.float32))
