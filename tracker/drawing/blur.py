"""Blur: the people drawn stay sharp, everything and everyone else is blurred."""

from __future__ import annotations

import cv2
import numpy as np

from ..types import FrameTracks
from .label_layout import head_regions
from .light import MEMORY, Light, LightOptions, keep_lit

_REACH = 24
"""Units of the picture that are blurred into one: a face in a crowd is gone."""
_TIGHT = LightOptions(width=0.46, height=0.54, slim=0.0, settle=0.04)
"""What lies outside the boxes of those drawn is not theirs."""
_ROUND_HEAD = 0.15
"""Share of a head's box that is blurred on each side of it, too."""


class Blur:
    """Blurs all but the people of the tracks, with a soft edge; of others in their boxes (`FrameTracks.others`) those
    who are nearer to the camera, and the heads of all.

    Who was not detected is blurred outside the boxes of those drawn.
    """

    memory = MEMORY

    def __init__(self) -> None:
        self._light = Light(_TIGHT)

    def draw(self, image: np.ndarray, tracks: FrameTracks, unit: float) -> None:
        """Blur a (H, W, 3) uint8 BGR image, in place; a `unit` is so many pixels."""
        size = (image.shape[1], image.shape[0])
        small = [max(1, round(side / (_REACH * unit))) for side in size]
        coarse = cv2.GaussianBlur(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (0, 0), 0.8)
        mask = self._light.mask(tracks, size)
        if tracks.others is not None:
            _hide(mask, tracks, tracks.others)
        keep_lit(image, cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), mask)


def _hide(mask: np.ndarray, tracks: FrameTracks, others: np.ndarray) -> None:
    """Take the light (H, W) from others (M, 4), in place, but not from the head of a nearer person who is drawn."""
    lit, own = mask.copy(), head_regions(tracks.xyxy, tracks.keypoints)
    others = others[np.argsort(others[:, 3])]  # the nearest last: their feet are lowest
    for box, head in zip(others, head_regions(others), strict=True):
        around = _ROUND_HEAD * (head[2:] - head[:2])
        _part(mask, np.concatenate([head[:2] - around, head[2:] + around]))[:] = 0
        nearer = tracks.xyxy[:, 3] >= box[3]  # (T,)
        if not nearer.all():
            _part(mask, box)[:] = 0
        for kept in own[nearer]:
            _part(mask, kept)[:] = _part(lit, kept)


def _part(mask: np.ndarray, xyxy: np.ndarray) -> np.ndarray:
    """The view of a mask (H, W) inside a box (4,)."""
    left, top, right, bottom = np.rint(np.maximum(xyxy, 0)).astype(int)
    return mask[top:bottom, left:right]
