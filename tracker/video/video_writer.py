"""Writing a video that plays everywhere: H.264 with the original frame times and the original sound."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import queue
import threading
from pathlib import Path

import av
import cv2
import numpy as np

from ..types import InputError
from .fragments import cut_to_whole_fragments, make_plain
from .video_file import FORMATS, VideoFile

QUEUED = 4
"""Pictures that may wait for the encoder; 25 MB at 1080p."""

DEFAULT_CRF, MAX_CRF = 21, 51
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
"""x264's."""
WITHOUT_LOOKAHEAD = {"superfast": {"x264-params": "b-adapt=0:scenecut=0"}}
"""What else x264 is told at a preset: not to compare each picture with the one before in advance, which took a fifth of
its time and made no video smaller or better (0.0 dB, sizes within 4%)."""


class VideoWriter:
    """Writes frames as H.264 in MP4 (.mov, .mkv by name), each shown at its own time, encoding in a thread.

    `audio_from` is a file whose sound is taken over: copied packet by packet where browsers play it in MP4, else coded
    anew as AAC; `audio_offset` is the time on that file's clock, in seconds, at which time 0 stands. Sound follows the
    pictures and ends with them; near the source's end all of it follows, unless the pictures are but a part of it
    (`audio_part`). H.264 wants even sizes: an odd picture gets its last row or column twice. `crf` is the
    quality (0 lossless to 51 worst, 18 looks like the source), `preset` x264's trade of speed for size.

    Use it in a `with` block. The file appears under its name only when it is complete; until then it is `NAME.part.mp4`
    beside it, which plays up to the last second or two: that is what a kill, a power cut or a full disk leaves. When
    the block ends early, by Ctrl-C or an error, the frames so far make a proper file; with `whole_only` they stay in
    `NAME.part.mp4`. Without any frame there is no file.

    Raises InputError where the file cannot be written (no permission, disk full, wrong kind of name or rate): on making
    it, or from the next `write` or `close`. `warning` is None or one sentence on sound that could not be taken over.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        width: int,
        height: int,
        fps: float,
        audio_from: Path | None = None,
        audio_offset: float = 0.0,
        audio_part: bool = False,
        crf: int = DEFAULT_CRF,
        preset: str = "superfast",
        whole_only: bool = False,
    ) -> None:
        self.path = Path(path)
        self._whole_only = whole_only
        self._size = (height, width)
        self._padding = (height % 2, width % 2)
        self._part = unfinished(self.path)
        self._container = FORMATS.get(self.path.suffix.lower(), "")
        if not self._container:
            raise InputError(f"{self.path} cannot be written as a video: name it {', '.join(FORMATS)}")
        if not 0 <= crf <= MAX_CRF or preset not in PRESETS:
            raise InputError(f"crf {crf} or preset {preset!r} is unknown; crf is 0 to {MAX_CRF}, preset {PRESETS}")
        if not 0 < fps < math.inf:
            raise InputError(f"fps must be above 0, not {fps}: it is the number of frames per second")
        if self.path.is_dir():
            raise InputError(f"{self.path} is a folder, so no video can be written there")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = VideoFile(
                self._part,
                container=self._container,
                width=width + width % 2,
                height=height + height % 2,
                fps=fps,
                audio_from=audio_from,
                audio_offset=audio_offset,
                audio_part=audio_part,
                options={"crf": str(crf), "preset": preset, **WITHOUT_LOOKAHEAD.get(preset, {})},
            )
        except (av.FFmpegError, OSError, InputError) as error:
            self._remove_part()
            raise error if isinstance(error, InputError) else self._refusal(error) from error
        self._written = 0
        self._closed = False
        self._failure: Exception | None = None
        self._queue: queue.Queue[tuple[np.ndarray, float] | None] = queue.Queue(QUEUED)
        self._ended = threading.Event()  # not the thread's own end, of which a join that Ctrl-C breaks off is no judge
        self._thread = threading.Thread(target=self._encode, name="encode", daemon=True)
        self._thread.start()

    @property
    def warning(self) -> str | None:
        """One sentence on sound that could not be taken over so far; None where all could."""
        return self._file.sound.warning if self._file.sound is not None else None

    def write(self, image: np.ndarray, time: float, *, given: bool = False) -> None:
        """Adds a picture, (height, width, 3) uint8 BGR, shown from `time` seconds on.

        The array may be reused at once; one that is `given` away is not copied, and must not change any more.
        Times should grow; one that does not is moved just behind the one before.
        """
        if image.shape != (*self._size, 3) or image.dtype != np.uint8:
            raise ValueError(f"the video is {self._size} uint8 BGR, not {image.dtype} {image.shape}")
        if self._closed:
            raise ValueError(f"{self.path} is closed")
        if self._failure is not None:
            raise self._refusal(self._failure) from self._failure
        if any(self._padding) or not (given and image.flags.c_contiguous):
            bottom, right = self._padding
            image = cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        self._queue.put((image, time))
        self._written += 1

    def _encode(self) -> None:
        ended = False
        try:
            while (item := self._queue.get()) is not None:
                self._file.add(*item)
            ended = True
            self._file.finish()
        except Exception as failure:
            try:
                self._file.give_up()
                self._keep_what_plays()
            finally:
                self._failure = failure  # which names what was kept
            while not ended:  # a caller waiting to put a picture must not wait for ever
                ended = self._queue.get() is None
        finally:
            self._ended.set()

    def close(self, early: bool = False) -> None:
        """Finishes the file and gives it its name, or removes it if it has no frame. Raises InputError on failure.

        `early` says that pictures are missing (see `whole_only`).
        """
        if self._closed:
            return
        self._closed = True
        try:
            self._finish()
        except KeyboardInterrupt:
            self._finish()  # only the tail is left to encode; a second Ctrl-C gives it up
            raise
        finally:
            self._publish(early)
        if self._failure is not None:
            raise self._refusal(self._failure) from self._failure

    def _finish(self) -> None:
        self._queue.put(None)
        self._ended.wait()
        self._thread.join()

    def _publish(self, early: bool) -> None:
        if not self._ended.is_set():
            return  # given up: what is on disk plays
        try:
            if not self._written:
                self._remove_part()
            elif self._failure is not None:
                self._keep_what_plays()
            elif not (early and self._whole_only):
                self._make_plain()
                os.replace(self._part, self.path)
        except OSError as failure:
            self._failure = failure

    def _make_plain(self) -> None:
        """Replace the fragments by a plain file; where that fails, they stay: they play as well."""
        if self._container == "matroska":
            return
        plain = self.path.with_name(f".{self.path.name}.part")
        try:
            make_plain(self._part, plain, self._container)
            os.replace(plain, self._part)
        except (av.FFmpegError, OSError):
            plain.unlink(missing_ok=True)
        except BaseException:  # Ctrl-C: the video has its name at once
            plain.unlink(missing_ok=True)
            os.replace(self._part, self.path)
            raise

    def _keep_what_plays(self) -> None:
        """At once and again at the end; a part of which nothing plays is removed."""
        if self._container == "matroska" or not self._part.exists():
            return
        with contextlib.suppress(OSError):
            if not cut_to_whole_fragments(self._part):
                self._remove_part()

    def _remove_part(self) -> None:
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _refusal(self, error: Exception) -> InputError:
        number = getattr(error, "errno", None)
        if number in (errno.EACCES, errno.EPERM, errno.EROFS):
            return InputError(f"{self.path} may not be written; check the permissions or choose another folder")
        if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            kept = f"; what was written until then is {self._part}" if self._part.exists() else ""
            return InputError(f"{self.path} could not be written because the disk is full{kept}")
        return InputError(f"{self.path} could not be written ({getattr(error, 'strerror', None) or error})")

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            self.close(early=error is not None)
        except InputError:
            if error is None:
                raise


def unfinished(path: Path) -> Path:
    """The name of a video that is being written, or was never finished."""
    return path.with_name(f"{path.stem}.part{path.suffix}")
