"""Frames of a webcam."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np

from ..types import Frame, InputError
from .containers import DEFAULT_FPS, MAX_FPS
from .source import Source


class Webcam(Source):
    """Frames of webcam number `index`, without end, with the times at which they were taken from it.

    Raises InputError where there is no such webcam or it gives no picture. A webcam that stops says so in `warning`.
    """

    live = True

    def __init__(self, index: int, *, vid_stride: int = 1) -> None:
        super().__init__(vid_stride)
        self.name = f"webcam{index}"
        self._lock = threading.Lock()
        self._capture = _open_quietly(index)
        if not self._capture.isOpened() or not self._capture.grab():
            self._capture.release()
            raise InputError(f"webcam {index} cannot be opened; is it plugged in, and free of other programs?")
        self.width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        rate = self._capture.get(cv2.CAP_PROP_FPS)  # 0 or -1 where the driver does not know
        self.fps = (rate if 0 < rate <= MAX_FPS else DEFAULT_FPS) / vid_stride

    def __iter__(self) -> Iterator[Frame]:
        index, start = 0, None
        while (taken := self._next(wanted=index % self.stride == 0)) is not None:
            now, image = taken
            start = now if start is None else start
            if image is not None:
                yield Frame(index, now - start, image, now)
            index += 1

    def _next(self, *, wanted: bool) -> tuple[float, np.ndarray | None] | None:
        """When the next picture was taken, and the picture if it is `wanted` and whole; None when there are no more."""
        with self._lock:  # a thread may be reading while the `with` block ends: OpenCV must not let go of it then
            if not self._capture.isOpened():
                return None
            if not self._capture.grab():
                self._warning = f"{self.name} gives no more pictures"
                return None
            now = time.monotonic()
            whole, image = self._capture.retrieve() if wanted else (False, None)
            return now, image if whole else None

    def close(self) -> None:
        with self._lock:
            self._capture.release()


def _open_quietly(index: int) -> cv2.VideoCapture:
    """Opens the webcam without the lines OpenCV prints where there is none."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(index)
    finally:
        cv2.utils.logging.setLogLevel(level)
