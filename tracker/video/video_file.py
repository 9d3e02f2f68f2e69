"""One H.264 file with sound, written frame by frame."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import Flags, OutputContainer
from av.video.reformatter import ColorRange

from .bt709 import yuv420p
from .fragments import FRAGMENTED
from .sound import Sound

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Container by the file name's ending."""

BT709 = 1
"""FFmpeg's number for the colours of HD video, as space, primaries and transfer; said in the file, players obey it."""

MIN_TICK_RATE = 90_000
"""Ticks per second at least: MPEG's clock, in which the common frame rates are whole numbers."""


def exact_rate(fps: float) -> Fraction:
    """The frame rate that is meant, such as 30000/1001; one every 1001 seconds at least."""
    return max(Fraction(fps).limit_denominator(1001), Fraction(1, 1001))


def time_base(fps: float) -> Fraction:
    """A clock at least as fine as MPEG's in which the frames of `fps`, 30000/1001 and its kin too, are whole ticks."""
    rate = exact_rate(fps)
    return 1 / Fraction(rate.numerator * math.ceil(MIN_TICK_RATE / rate.numerator))


class VideoFile:
    """An open H.264 file (yuv420p, BT.709) that takes pictures with their times, and the sound along.

    What it holds on disk plays at any time, as fragments of a second (Matroska is made like that), up to the last one.
    width and height must be even. Errors are FFmpeg's (`av.FFmpegError`, `OSError`). Not for several threads at once.
    """

    def __init__(
        self,
        path: Path,
        *,
        container: str,
        width: int,
        height: int,
        fps: float,
        audio_from: Path | None,
        audio_offset: float,
        audio_part: bool,
        options: dict[str, str],
    ) -> None:
        growing = {} if container == "matroska" else FRAGMENTED
        self._output: OutputContainer = av.open(str(path), "w", format=container, container_options=growing)
        rate = exact_rate(fps)
        self._stream = self._output.add_stream("libx264", rate=rate, options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        context = self._stream.codec_context
        context.time_base = self._tick = time_base(fps)
        context.thread_type = "FRAME"
        context.thread_count = cv2.getNumberOfCPUs()  # x264 would take half as many again, which only costs time
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = ColorRange.MPEG
        self._period = max(1, round(1 / rate / self._tick))
        self._last = -1
        self.sound: Sound | None = None
        try:
            if audio_from is not None:
                self.sound = Sound(audio_from, self._output, audio_offset, audio_part)
            self._output.start_encoding()
        except BaseException:
            self.give_up()
            raise
        # A fragment is on disk when it is whole. AAC out of a transport stream needs a filter, which FFmpeg turns off
        # for fragments, but the delayed description waits for what that finds.
        self._output.flags |= (Flags.flush_packets | Flags.auto_bsf).value  # type: ignore[operator]  # an int

    def add(self, image: np.ndarray, time: float) -> None:
        """Encodes one picture, (height, width, 3) uint8 BGR, shown from `time`, in seconds; times that do not grow do
        so by the clock's tick."""
        coded = yuv420p(image)
        coded.time_base = self._tick
        coded.pts = self._last = max(round(time / self._tick), self._last + 1)
        coded.duration = self._period
        self._output.mux(self._stream.encode(coded))
        if self.sound is not None:
            self.sound.write_until(time)

    def finish(self) -> None:
        """Writes what the encoder still holds, and the rest of the sound."""
        self._output.mux(self._stream.encode(None))
        if self.sound is not None:
            self.sound.finish(float((self._last + self._period) * self._tick))
        self._output.close()

    def give_up(self) -> None:
        """Lets go of the file after an error; what is on disk stays."""
        if self.sound is not None:
            self.sound.close()
        with contextlib.suppress(av.FFmpegError, OSError):
            self._output.close()
