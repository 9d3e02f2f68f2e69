"""Small pictures of the crops, made when they are first looked at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tracker.types import InputError

from .enclosure import enclosed

THUMBNAIL = (64, 128)
"""Width and height in pixels into which a thumbnail is fitted."""
JPEG_QUALITY = 80


def thumbnail(folder: Path, image: str) -> bytes:
    """JPEG of a crop in a data folder's images/. Raises InputError where it is no readable picture there."""
    path = enclosed(folder, f"images/{image}")
    try:
        picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        picture = None
    if picture is None:
        raise InputError(f"{image} cannot be read as a picture")
    height, width = picture.shape[:2]
    scale = min(THUMBNAIL[0] / width, THUMBNAIL[1] / height, 1.0)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return jpeg(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), JPEG_QUALITY)


def jpeg(image: np.ndarray, quality: int) -> bytes:
    """An image (H, W, 3) uint8 BGR as JPEG, `quality` 1 to 100."""
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
