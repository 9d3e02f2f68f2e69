"""Head with a face, and ears."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from .costume import Costume
from .figure_part import FigurePart, rigid_part
from .mesh import ball
from .texture import skin

WIDTH, TALL, DEPTH = 0.0445, 0.0675, 0.0555
"""Half sizes of the skull as shares of the body's height."""
EYE, NOSE, EAR = (0.018, 0.004, 0.048), (0.0, -0.012, 0.062), (0.046, -0.004, -0.003)
"""Places on the head (left side), as shares of the body's height, in the head's frame."""


def on_head(points: np.ndarray, texture: np.ndarray, **drawn: Any) -> FigurePart:
    """A part fixed to the head: points (rows, columns, 3) in the head's frame, metres."""
    return rigid_part(points, texture, lambda skeleton: (skeleton.head, skeleton.head_frame), **drawn)


def _skull(height: float) -> np.ndarray:
    points = ball((WIDTH * height, TALL * height, DEPTH * height), 15, 21)
    low = np.clip(-points[..., 1] / (TALL * height), 0, 1)
    points[..., 0] *= 1 - 0.28 * low**1.5
    points[..., 2] *= np.where(points[..., 2] < 0, 1 - 0.4 * low, 1 - 0.05 * low)
    across = points[..., 0] / height
    up = points[..., 1] / height
    nose = np.exp(-((across / 0.008) ** 2) - ((up + 0.01) / 0.012) ** 2) * (points[..., 2] > 0)
    points[..., 2] += 0.011 * height * nose
    return points


def _face(costume: Costume) -> np.ndarray:
    random = np.random.default_rng(costume.seed + 40)
    rows, columns = 160, 256
    picture = skin(costume.skin, rows, columns, random).clip(0, 255).astype(np.uint8)
    tone = np.array(costume.skin)
    dark, middle = tuple(tone * 0.45), columns // 2
    lips = tuple(tone * (0.72, 0.62, 0.88))
    for side in (-1, 1):
        eye = (middle + side * 14, 76)
        cv2.ellipse(picture, eye, (9, 7), 0, 0, 360, tuple(tone * 0.82), -1, cv2.LINE_AA)
        cv2.ellipse(picture, eye, (7, 3), 0, 0, 360, (225, 228, 230), -1, cv2.LINE_AA)
        cv2.circle(picture, eye, 3, (35, 40, 50), -1, cv2.LINE_AA)
        cv2.ellipse(picture, eye, (7, 4), 0, 180, 360, (25, 25, 30), 1, cv2.LINE_AA)
        brow = np.array(costume.hair) * 0.6 + tone * 0.1
        cv2.ellipse(picture, (eye[0], 69), (8, 3), 0, 190, 350, tuple(brow), 2, cv2.LINE_AA)
        cv2.ellipse(picture, (middle + side * 3, 95), (2, 1), 0, 0, 360, dark, -1, cv2.LINE_AA)
        cv2.line(picture, (middle + side * 5, 80), (middle + side * 5, 94), tuple(tone * 0.9), 2, cv2.LINE_AA)
    cv2.ellipse(picture, (middle, 107), (12, 3), 0, 0, 360, lips, -1, cv2.LINE_AA)
    cv2.line(picture, (middle - 11, 107), (middle + 11, 107), dark, 1, cv2.LINE_AA)
    cv2.ellipse(picture, (middle, 121), (14, 4), 0, 0, 360, tuple(tone * 0.9), -1, cv2.LINE_AA)
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.8).astype(np.float32)
    smooth[135:] *= np.float32(0.8)
    return smooth


def parts(costume: Costume) -> list[FigurePart]:
    """Head and both ears."""
    height = costume.build.height
    texture = skin(costume.skin, 16, 16, np.random.default_rng(0))
    ear = ball((0.006 * height, 0.019 * height, 0.011 * height), 6, 7)
    ears = [on_head(ear + np.array(EAR) * (side * height, height, height), texture) for side in (1, -1)]
    return [on_head(_skull(height), _face(costume)), *ears]
