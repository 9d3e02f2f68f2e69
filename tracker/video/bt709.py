"""Pictures in the colours of HD video: ITU-R BT.709 in its limited range, with a quarter of the colour samples."""

from __future__ import annotations

import cv2
import numpy as np
from av.video.frame import VideoFrame

BLUE, RED = 0.0722, 0.2126
"""Their shares of the luma (BT.709, 3.2); the rest is green's."""
LUMA = np.array([BLUE, 1 - BLUE - RED, RED])
CODED = np.array(
    [
        [*LUMA * 219 / 255, 16],
        [*(np.array([1, 0, 0]) - LUMA) / (2 * (1 - BLUE)) * 224 / 255, 128],
        [*(np.array([0, 0, 1]) - LUMA) / (2 * (1 - RED)) * 224 / 255, 128],
    ]
)
"""BGR and 1 to luma, blue and red difference (BT.709, 3.4), each 0..255."""


def yuv420p(image: np.ndarray) -> VideoFrame:
    """A picture (H, W, 3) uint8 BGR, H and W even, as a frame to encode; each four pixels share their mean colour.

    By OpenCV: as exact as FFmpeg's conversion with rounding, in less than half its time.
    """
    height, width = image.shape[:2]
    pixels, quarter = height * width, height * width // 4
    coded = cv2.transform(image, CODED)  # (H, W, 3)
    halved = cv2.resize(coded, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    planes = np.empty(pixels + 2 * quarter, np.uint8)
    cv2.extractChannel(coded, 0, planes[:pixels].reshape(height, width))
    for channel, plane in ((1, planes[pixels:-quarter]), (2, planes[-quarter:])):
        cv2.extractChannel(halved, channel, plane.reshape(height // 2, width // 2))
    return VideoFrame.from_numpy_buffer(planes.reshape(height * 3 // 2, width), format="yuv420p")
