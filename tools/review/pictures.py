"""Small pictures of the crops, made when they are first looked at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tracker.picture_file import decoded
from tracker.types import InputError

from .enclosure import enclosed
from .labelled_people import Box

THUMBNAIL = (64, 128)
"""Width and height in pixels into which a thumbnail is fitted."""
JPEG_QUALITY = 80
LIKENESS = (84, 112)
"""Width and height in pixels of a person's picture with their surroundings."""
SURROUNDINGS = 1.35
"""Height of that picture in heights of the box."""


def thumbnail(folder: Path, image: str) -> bytes:
    """JPEG of a crop in a data folder's images/. Raises InputError where it is no readable picture there."""
    path = enclosed(folder, f"images/{image}")
    try:
        picture = decoded(path.read_bytes())
    except OSError:
        picture = None
    if picture is None:
        raise InputError(f"{image} cannot be read as a picture")
    height, width = picture.shape[:2]
    scale = min(THUMBNAIL[0] / width, THUMBNAIL[1] / height, 1.0)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return jpeg(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), JPEG_QUALITY)


def likeness(frame: bytes, xyxy: Box, width: int, colour: tuple[int, int, int]) -> bytes:
    """JPEG of a person with their surroundings, their box drawn in `colour` (BGR), not distorted.

    frame: JPEG of the whole picture, which is `width` pixels wide at its source; xyxy: the box in pixels of the source.
    """
    picture = cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    left, top, right, bottom = (value * picture.shape[1] / width for value in xyxy)
    tall = max(SURROUNDINGS * (bottom - top), SURROUNDINGS * (right - left) * LIKENESS[1] / LIKENESS[0], 24.0)
    scale = LIKENESS[1] / tall
    middle = (left + right) / 2, (top + bottom) / 2
    matrix = np.array(
        [[scale, 0, LIKENESS[0] / 2 - scale * middle[0]], [0, scale, LIKENESS[1] / 2 - scale * middle[1]]]
    )
    cut = cv2.warpAffine(picture, matrix, LIKENESS, flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    corners = matrix @ np.array([[left, right], [top, bottom], [1, 1]])
    (x0, x1), (y0, y1) = np.rint(corners).astype(int).tolist()
    cv2.rectangle(cut, (x0, y0), (x1, y1), (0, 0, 0), 4, cv2.LINE_AA)
    cv2.rectangle(cut, (x0, y0), (x1, y1), colour, 2, cv2.LINE_AA)
    return jpeg(cut, JPEG_QUALITY)


def jpeg(image: np.ndarray, quality: int) -> bytes:
    """An image (H, W, 3) uint8 BGR as JPEG, `quality` 1 to 100."""
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
