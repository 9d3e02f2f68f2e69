"""Decodes a picture file from anywhere, without the memory that a false size in its header asks for.

This file stands in `tracker/` and in `reid/data/`, since neither imports the other; a test holds the two alike.
"""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
from PIL.Image import DecompressionBombError
from PIL.Image import open as open_header  # Ultralytics replaces it in PIL by one that installs packages

MOST_PIXELS = 1 << 27
"""Of a picture: a file of some hundred bytes can promise more, and the decoder takes the memory first."""


def decoded(content: bytes) -> np.ndarray | None:
    """(H, W, 3) uint8 BGR of a picture's file, turned upright as its EXIF says.

    None where it is no picture, or says that it has more than `MOST_PIXELS`.
    """
    try:
        with open_header(BytesIO(content)) as picture:  # reads no more than the header
            width, height = picture.size
        if width * height > MOST_PIXELS:
            return None
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, ValueError, SyntaxError, ImportError, DecompressionBombError, cv2.error):
        return None
