"""A contact sheet of a data set: a row a person, the person's crops along time, landmarks where there are any."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import cv2
import numpy as np

from .crops import Crop, grouped, spread, without_distractors
from .images import read_image
from .joint_layouts import JOINT_LAYOUTS

TILE = (192, 96)  # height, width
GAP = 4
CAPTION = 132
PAPER, INK, FADED = (255, 255, 255), (30, 30, 30), (120, 120, 120)  # BGR
ABSENT = (225, 225, 225)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def contact_sheet(crops: Sequence[Crop], rows: int = 12, columns: int = 12) -> np.ndarray:
    """Up to `rows` people, spread over the labels, with up to `columns` crops each, spread over their time.

    Before them stand the label, the number of crops and the seconds they span. Returns (h, w, 3) uint8 BGR. An
    unreadable picture's tile is crossed out.
    """
    in_order = sorted(without_distractors(crops), key=lambda crop: (crop.person, crop.video, crop.frame, crop.path))
    people = list(grouped(in_order, lambda crop: crop.person).values())
    chosen = [people[index] for index in spread(len(people), rows)]
    widest = min(columns, max(map(len, chosen)))
    lines = [person_line(own, widest) for own in chosen]
    return np.vstack([np.vstack([line, np.full((GAP, line.shape[1], 3), PAPER, np.uint8)]) for line in lines])


def person_line(crops: Sequence[Crop], columns: int) -> np.ndarray:
    """One person's caption and crops, (TILE height, w, 3)."""
    tiles = [tile(crops[index]) for index in spread(len(crops), columns)]
    empty = np.full((TILE[0], TILE[1] + GAP, 3), PAPER, np.uint8)
    return np.hstack([caption(crops), *tiles, *[empty] * (columns - len(tiles))])


def caption(crops: Sequence[Crop]) -> np.ndarray:
    """Whose crops these are, and how many, from when to when."""
    panel = np.full((TILE[0], CAPTION, 3), PAPER, np.uint8)
    videos = sorted({crop.video for crop in crops})
    seen = [crop.time for crop in crops if crop.video == videos[0]]
    lines = [
        (f"person {crops[0].person}", INK),
        (f"crops: {len(crops)}", FADED),
        (videos[0][-16:] if len(videos) == 1 else f"{len(videos)} videos", FADED),
        *([(f"{min(seen):.1f} - {max(seen):.1f} s", FADED)] if len(videos) == 1 and max(seen) > min(seen) else []),
    ]
    for row, (text, colour) in enumerate(lines):
        cv2.putText(panel, text, (6, 24 + 20 * row), FONT, 0.42, colour, 1, cv2.LINE_AA)
    return panel


def tile(crop: Crop) -> np.ndarray:
    """The crop as large as fits, in its own proportions, with its landmarks: (TILE height, TILE width + GAP, 3)."""
    canvas = np.full((TILE[0], TILE[1] + GAP, 3), ABSENT, np.uint8)
    canvas[:, TILE[1] :] = PAPER
    image = read_image(crop.path)
    if image is None:
        cv2.line(canvas, (0, 0), (TILE[1], TILE[0]), FADED, 1, cv2.LINE_AA)
        cv2.line(canvas, (TILE[1], 0), (0, TILE[0]), FADED, 1, cv2.LINE_AA)
        return canvas
    scale = min(TILE[0] / image.shape[0], TILE[1] / image.shape[1])
    height, width = (max(1, round(scale * side)) for side in image.shape[:2])
    picture = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if crop.keypoints is not None:
        draw_landmarks(picture, crop.keypoints * scale)
    top, left = (TILE[0] - height) // 2, (TILE[1] - width) // 2
    canvas[top : top + height, left : left + width] = picture
    return canvas


def draw_landmarks(picture: np.ndarray, keypoints: np.ndarray) -> None:
    """Draw joints (P, 2) as dots and limbs in a colour each; joints that are nan are left out."""
    known = np.isfinite(keypoints).all(axis=1)
    points = [
        (round(float(x)), round(float(y))) if fine else (0, 0) for (x, y), fine in zip(keypoints, known, strict=True)
    ]
    limbs = JOINT_LAYOUTS[len(keypoints)].limbs if len(keypoints) in JOINT_LAYOUTS else ()
    for number, (start, end) in enumerate(limbs):
        if known[start] and known[end]:
            cv2.line(picture, points[start], points[end], colour_of(number, len(limbs)), 1, cv2.LINE_AA)
    for point, fine in zip(points, known, strict=True):
        if fine:
            cv2.circle(picture, point, 2, PAPER, -1, cv2.LINE_AA)


def colour_of(number: int, count: int) -> tuple[int, int, int]:
    """A hue of its own for each of `count` limbs, BGR."""
    red, green, blue = colorsys.hsv_to_rgb(number / count, 0.9, 1.0)
    return round(255 * blue), round(255 * green), round(255 * red)
