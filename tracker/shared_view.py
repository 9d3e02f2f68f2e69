"""What two pictures share on both sides of a camera cut: a nearer or wider view, or one moved aside, of the same stage.

Corners of the pictures are matched (ORB, Rublee et al. 2011) and a similarity is fitted to them by RANSAC. Pictures of
two places agree on some ten corners by chance, those of one place on forty and more.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

WIDTH = 640
"""Pictures are compared at about this many pixels along the longer side."""
CORNERS = 1000
"""Corners that are looked for in a picture."""
MIN_AGREEING = 25
"""Corners that must agree on one similarity."""
MAX_ERROR = 4.0
"""Pixels of the small picture by which a corner that agrees may be off."""
MAX_ZOOM = 4.0
MAX_TURN = 0.35
"""Radians: cameras stand upright."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """Moves points of one picture to another: `matrix` (2, 3), in pixels of the pictures."""

    matrix: np.ndarray

    @property
    def zoom(self) -> float:
        """How much larger things are in the other picture."""
        return float(np.hypot(self.matrix[0, 0], self.matrix[1, 0]))

    def points(self, xy: np.ndarray) -> np.ndarray:
        """Points (N, 2) of the one picture in the other."""
        return xy @ self.matrix[:, :2].T + self.matrix[:, 2]

    def boxes(self, xyxy: np.ndarray) -> np.ndarray:
        """Boxes (N, 4) in the other picture: the centre moves, the size grows, upright as they were."""
        centre = self.points((xyxy[:, :2] + xyxy[:, 2:]) / 2)
        half = (xyxy[:, 2:] - xyxy[:, :2]) / 2 * self.zoom
        return np.concatenate([centre - half, centre + half], axis=1)


class LastPicture:
    """The last picture of a video, small and in one channel."""

    def __init__(self) -> None:
        self._green: np.ndarray | None = None
        self._step = 1

    def follow(self, image: np.ndarray) -> None:
        """Take a picture (H, W, 3) uint8 BGR, a part of its pixels, in place of the one before."""
        self._green, self._step = _small(image)

    def shared_with(self, image: np.ndarray) -> Similarity | None:
        """From the last picture to this one, (H, W, 3) uint8 BGR; None where they have too little in common."""
        if self._green is None:
            return None
        green, step = _small(image)
        orb = cv2.ORB.create(CORNERS)
        before, seen_before = orb.detectAndCompute(self._green, None)
        after, seen_after = orb.detectAndCompute(green, None)
        if seen_before is None or seen_after is None:
            return None
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(seen_before, seen_after)
        if len(pairs) < MIN_AGREEING:
            return None
        source = np.array([before[pair.queryIdx].pt for pair in pairs]) * self._step
        target = np.array([after[pair.trainIdx].pt for pair in pairs]) * step
        matrix, agreeing = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=MAX_ERROR * step)
        if matrix is None or np.count_nonzero(agreeing) < MIN_AGREEING:
            return None
        found = Similarity(matrix)
        turn = abs(np.arctan2(matrix[1, 0], matrix[0, 0]))
        return found if 1 / MAX_ZOOM < found.zoom < MAX_ZOOM and turn < MAX_TURN else None


def _small(image: np.ndarray) -> tuple[np.ndarray, int]:
    """One green pixel (h, w) in so many of a picture (H, W, 3) BGR, and how many: all would cost milliseconds."""
    step = max(1, round(max(image.shape[:2]) / WIDTH))
    return np.ascontiguousarray(image[::step, ::step, 1]), step
