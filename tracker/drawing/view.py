"""A part of the picture, enlarged or reduced to a size: what a virtual camera sees, or a smaller copy of everything."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from .. import boxes
from ..types import FrameTracks

_IN_SIGHT = 0.3
"""Share of a person's box that must be in the view for the person to be drawn in it."""


@dataclass(frozen=True, slots=True)
class View:
    """The rectangle `xyxy` (4,) of a picture, in pixels, shown in `size` (width, height)."""

    xyxy: np.ndarray
    size: tuple[int, int]

    @property
    def _scale(self) -> np.ndarray:
        """Pixels of the view to one of the picture, (2,) across and down."""
        return np.array(self.size) / (self.xyxy[2:] - self.xyxy[:2])

    def picture(self, image: np.ndarray) -> np.ndarray:
        """(height, width, 3) uint8: that part of an image (H, W, 3); beyond its sides its border goes on."""
        scale = self._scale
        if not self.xyxy[:2].any() and self.xyxy[2:].tolist() == [image.shape[1], image.shape[0]]:
            return cv2.resize(image, self.size, interpolation=cv2.INTER_AREA if scale.min() < 1 else cv2.INTER_CUBIC)
        finer = math.ceil(1 / scale.min())  # a reduced view is taken finer, and averaged, so that nothing flickers
        across, down = scale * finer
        matrix = np.array(
            [
                [across, 0, (across - 1) / 2 - across * self.xyxy[0]],
                [0, down, (down - 1) / 2 - down * self.xyxy[1]],
            ]
        )
        size = (self.size[0] * finer, self.size[1] * finer)
        kind = cv2.INTER_LINEAR if finer > 1 else cv2.INTER_CUBIC
        seen = cv2.warpAffine(image, matrix, size, flags=kind, borderMode=cv2.BORDER_REPLICATE)
        return seen if finer == 1 else cv2.resize(seen, self.size, interpolation=cv2.INTER_AREA)

    def tracks(self, rows: FrameTracks) -> FrameTracks:
        """The people in the view, with their boxes and keypoints in its pixels."""
        inside = boxes.intersection(rows.xyxy, self.xyxy[None].astype(np.float32))[:, 0]
        rows = rows[inside >= _IN_SIGHT * np.maximum(boxes.area(rows.xyxy), 1e-6)]
        others = None if rows.others is None else self._boxes(rows.others)
        keypoints = rows.keypoints
        if keypoints is not None:
            keypoints = keypoints.copy()
            keypoints[..., :2] = (keypoints[..., :2] - self.xyxy[:2]) * self._scale
        return replace(rows, xyxy=self._boxes(rows.xyxy), keypoints=keypoints, others=others)

    def _boxes(self, xyxy: np.ndarray) -> np.ndarray:
        """Boxes (N, 4) of the picture in pixels of the view."""
        return (xyxy - np.tile(self.xyxy[:2], 2)) * np.tile(self._scale, 2)
