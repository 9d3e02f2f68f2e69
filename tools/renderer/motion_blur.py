"""Blur of what moves while the shutter is open."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from .raster import Sprite

_STILL = 0.7
"""Movements of fewer pixels are left sharp."""
_STEP = 3.0
"""Pixels between the copies that are averaged."""
_MOST_COPIES = 9


def blurred(sprite: Sprite, movement: np.ndarray) -> Sprite:
    """The sprite as its parts smear along their ways; box and depth stay those of the middle of the exposure.

    movement (h, w, 2) float32: pixels x and y by which what is seen at each pixel moves; any value where there is
    nothing.
    """
    inside: np.ndarray = (sprite.alpha > 0).astype(np.float32)
    reach = float(np.sqrt((movement**2).sum(axis=2) * inside).max())
    if reach < _STILL:
        return sprite
    pad = int(np.ceil(reach / 2)) + 1
    colour, alpha, moving, inside = (
        cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
        for image in (sprite.colour, sprite.alpha, movement * inside[..., None], inside)
    )
    spread = _spread(moving, inside, reach)
    height, width = alpha.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    copies = int(np.clip(np.ceil(reach / _STEP), 3, _MOST_COPIES))
    whole = np.dstack([colour, alpha])
    total = np.zeros(whole.shape, np.float32)
    for share in np.linspace(-0.5, 0.5, copies, dtype=np.float32):
        moved = cv2.remap(whole, x - share * spread[..., 0], y - share * spread[..., 1], cv2.INTER_LINEAR)
        cv2.accumulate(moved, total)
    mean = np.round(total / copies).astype(np.uint8)
    depth = cv2.copyMakeBorder(sprite.depth, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=float("inf"))
    return replace(
        sprite, left=sprite.left - pad, top=sprite.top - pad, colour=mean[..., :3], alpha=mean[..., 3], depth=depth
    )


def _spread(moving: np.ndarray, inside: np.ndarray, reach: float) -> np.ndarray:
    """Movements (h, w, 2) carried on around the silhouette, where a fast part will smear."""
    size = (2 * int(np.ceil(reach / 2)) + 1,) * 2
    speed = np.sqrt((moving**2).sum(axis=2)) + 0.05  # the faster parts decide
    weight = cv2.blur(speed * inside, size)[..., None]
    around = cv2.blur(moving * speed[..., None], size) / np.maximum(weight, 1e-3)
    own = cv2.blur(inside, (3, 3))[..., None]
    return (own * cv2.blur(moving, (3, 3)) + (1 - own) * around).astype(np.float32)
