"""The display matrix of a video: how a decoded picture has to be turned to stand upright."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.frame import VideoFrame


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways a picture can stand: swap x and y first, then mirror left-right or top-bottom."""

    swapped: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @classmethod
    def of(cls, picture: VideoFrame) -> Orientation:
        """What the picture's display matrix asks for; turns that are no multiple of 90 degrees go to the nearest.

        The matrix is ISO 14496-12's {a, b, u, c, d, v, x, y, w}: it shows pixel (x, y) at (a x + c y, b x + d y).
        """
        # Not picture.side_data, which the picture would keep: it knows the picture, and so its decoder's threads would
        # stay until the garbage is collected.
        try:
            matrix = SideDataContainer(picture)[Type.DISPLAYMATRIX]  # type: ignore[call-arg]  # PyAV's stub has no init
        except KeyError:
            return cls()
        a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
        if abs(a) >= abs(b):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height once upright."""
        return (height, width) if self.swapped else (width, height)

    def apply(self, image: np.ndarray) -> np.ndarray:
        """The upright image, (H, W, 3) to (H', W', 3), contiguous."""
        if self.swapped:
            image = cv2.transpose(image)
        if self.mirror_x and self.mirror_y:
            return cv2.flip(image, -1)
        if self.mirror_x or self.mirror_y:
            return cv2.flip(image, 1 if self.mirror_x else 0)
        return image
