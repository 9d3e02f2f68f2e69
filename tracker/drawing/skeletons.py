"""Skeletons: the limbs of people, where a pose model gave their joints."""

from __future__ import annotations

import numpy as np

from ..types import FrameTracks
from . import strokes
from .colours import colour_of
from .label_layout import MIN_CONFIDENCE

LIMBS = ((5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16))
"""Pairs of COCO-17 joints that the skeleton connects; the face is left free."""


class Skeletons:
    """Limbs in the people's colours, the nearest person's on top."""

    memory = 0.0

    def draw(self, image: np.ndarray, tracks: FrameTracks, unit: float) -> None:
        """Draw into a (H, W, 3) uint8 BGR image, in place; nothing where the tracks have no keypoints."""
        if tracks.keypoints is None:
            return
        for row in np.argsort(tracks.xyxy[:, 3], kind="stable").tolist():
            strokes.draw_edged(image, _limbs(tracks.keypoints[row]), colour_of(int(tracks.ids[row])), 2, unit)


def _limbs(joints: np.ndarray) -> list[np.ndarray]:
    """The limbs (2, 2) between joints (17, 3) whose confidence is high enough."""
    return [joints[list(pair), :2] for pair in LIMBS if (joints[list(pair), 2] > MIN_CONFIDENCE).all()]
