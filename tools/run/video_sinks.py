"""Sinks of drawn frames: a video file, or a window."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tracker.drawing.lettering import unwritable
from tracker.drawing.render import Renderer, RenderOptions
from tracker.results.whole_files import replace_bytes
from tracker.types import Frame, FrameTracks, InputError
from tracker.video.sources import Source
from tracker.video.video_writer import DEFAULT_CRF, VideoWriter

from .output import first_names, note

PICTURES = {".jpg": (cv2.IMWRITE_JPEG_QUALITY, 88), ".png": (), ".webp": (cv2.IMWRITE_WEBP_QUALITY, 85)}
"""Endings of picture files, with the encoder's quality."""
OPEN_A_WINDOW = "import cv2; cv2.namedWindow('followspot')"
AHEAD = 2
"""Pictures that are being drawn, or wait to be, while the tracker works on the next."""


class VideoSink:
    """The annotated video, with the source's frame times and sound, from the first frame on that is written.

    Where the block ends by an error, the frames so far stay in NAME.part.mp4: what has its name is as it was meant.
    Frames without pictures are passed over. A thread draws, so that tracking goes on. `crf` is `VideoWriter`'s; of a
    `part` the sound ends with the pictures.
    """

    def __init__(
        self, path: Path, source: Source, renderer: Renderer, crf: int = DEFAULT_CRF, part: bool = False
    ) -> None:
        self._path, self._source, self._renderer, self._crf, self._part = path, source, renderer, crf, part
        self._writer: VideoWriter | None = None
        self._start = 0.0
        self._artist = ThreadPoolExecutor(1, thread_name_prefix="draw")
        self._drawn: deque[tuple[Future[np.ndarray], float]] = deque()

    def __enter__(self) -> VideoSink:
        return self

    def __exit__(self, kind: Any, *raised: Any) -> None:
        with self._artist:
            if self._writer is None:
                return
            try:
                self._hand_over(0)
            except BaseException as error:
                self._writer.__exit__(type(error), error, error.__traceback__)
                if kind is None:
                    raise
            else:
                self._writer.__exit__(kind, *raised)
            if self._writer.warning:
                note(self._writer.warning)

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Have one frame drawn; those that are go to the encoder. Raises InputError where that fails."""
        if frame.image is None:
            return
        if self._writer is None:
            height, width = frame.image.shape[:2]
            self._start = frame.time
            self._writer = VideoWriter(
                self._path,
                width=width,
                height=height,
                fps=self._source.fps,
                audio_from=self._source.audio_from,
                audio_offset=self._source.audio_offset + self._start,
                audio_part=self._part,
                crf=self._crf,
                whole_only=True,
            )
        self._drawn.append((self._artist.submit(self._renderer.draw, frame, tracks), frame.time - self._start))
        self._hand_over(AHEAD)

    def _hand_over(self, left: int) -> None:
        """Give the encoder all pictures but so many, which may not be drawn yet."""
        assert self._writer is not None
        while len(self._drawn) > left:
            picture, time = self._drawn.popleft()
            self._writer.write(picture.result(), time, given=True)


class PictureSink:
    """A drawn frame as a picture file, .jpg, .png or .webp. Raises InputError where it cannot be written."""

    def __init__(self, path: Path, renderer: Renderer) -> None:
        self._path, self._renderer = path, renderer

    def __enter__(self) -> PictureSink:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Draw the frame and write the file, over that of an earlier frame."""
        if frame.image is None:
            return
        ending = self._path.suffix.lower()
        _, code = cv2.imencode(ending, self._renderer.draw(frame, tracks), PICTURES[ending])
        replace_bytes(self._path, code.tobytes())


def tell_unwritable(draw: RenderOptions) -> None:
    """Print a note on names that cannot be drawn, because no font at hand has their letters."""
    if not draw.labels:
        return
    lacking = {id: letters for id, name in draw.names.items() if (letters := unwritable(name, draw.font))}
    if lacking:
        names = first_names([draw.names[id] for id in lacking])
        letters = "".join(dict.fromkeys("".join(lacking.values())))
        note(f"no font here has {letters}, so {names} are drawn by id: give one that has with --draw.font FILE.ttf")


def require_screen() -> None:
    """Raise InputError where no window can be opened. Another process tries it, because Qt ends the one that fails."""
    named = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform.startswith("linux") and not named:
        raise InputError("--show needs a screen, and neither DISPLAY nor WAYLAND_DISPLAY names one: leave it out")
    try:
        opened = subprocess.run([sys.executable, "-c", OPEN_A_WINDOW], capture_output=True, timeout=60).returncode == 0
    except subprocess.TimeoutExpired:
        opened = False
    if not opened:
        raise InputError("--show needs a screen, and OpenCV cannot open a window on this one: leave it out")


class WindowSink:
    """A window that shows the drawn frames; q or Esc calls `stop`, once. Raises InputError where there is no screen."""

    def __init__(self, name: str, renderer: Renderer, stop: Callable[[], None]) -> None:
        self._name, self._renderer, self._stop = name, renderer, stop
        self._stopped = False

    def __enter__(self) -> WindowSink:
        try:
            cv2.namedWindow(self._name, cv2.WINDOW_NORMAL)
        except cv2.error as error:
            raise InputError("--show needs a screen, and there is none: leave it out") from error
        return self

    def __exit__(self, *_: object) -> None:
        cv2.destroyWindow(self._name)

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Show one frame."""
        if frame.image is None:
            return
        cv2.imshow(self._name, self._renderer.draw(frame, tracks))
        if cv2.waitKey(1) & 0xFF in (ord("q"), 27) and not self._stopped:
            self._stopped = True
            self._stop()
