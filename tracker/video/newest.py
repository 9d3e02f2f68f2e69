"""The newest frame of a camera, however long the work on the one before takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

from ..types import Frame
from .source import Source

WAIT = 0.1
"""Seconds after which one who waits for a frame looks for a request to stop."""


class NewestFrames(Source):
    """A live source, read by a thread of its own from now on, of which every frame is the newest there is.

    Those that came while the consumer was busy are left out, and counted in `skipped`: the delay does not grow where
    tracking is slower than the camera. `index` counts the frames that are given, as a recording of them would, in steps
    of the source's stride. An error of the source is raised in its place, after the frame before it.
    """

    live = True

    def __init__(self, source: Source) -> None:
        super().__init__(source.stride)
        self._source = source
        self.name, self.fps = source.name, source.fps
        self.width, self.height = source.width, source.height
        self.audio_from, self.audio_offset = source.audio_from, source.audio_offset
        self._change = threading.Condition()
        self._newest: Frame | None = None
        self._ended = self._given_up = self._begun = False
        self._failure: BaseException | None = None
        self._untold: list[str] = []
        source.tell = self._untold.append
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    @property
    def warning(self) -> str | None:
        return self._source.warning

    def _read(self) -> None:
        try:
            for frame in self._source:
                with self._change:
                    self.skipped += self._begun and self._newest is not None
                    self._newest = frame
                    self._change.notify_all()
                    if self._given_up:
                        return
        except BaseException as error:  # told to the consumer, whatever it is
            self._failure = error
        finally:
            with self._change:
                self._ended = True
                self._change.notify_all()

    def __iter__(self) -> Iterator[Frame]:
        self._source.tell = self.tell
        for sentence in self._untold:  # before there was anyone to hear it
            self.tell(sentence)
        index = 0
        while (frame := self._next()) is not None:
            yield replace(frame, index=index)
            index += self.stride
        if self._failure is not None:
            raise self._failure

    def _next(self) -> Frame | None:
        with self._change:
            self._begun = True  # what came before is no fault of the tracker's
            while self._newest is None and not self._ended and not self._given_up:
                self._change.wait(WAIT)  # with an end, so that signals are heard
            frame, self._newest = self._newest, None
            return frame

    def stop_waiting(self) -> None:
        self._given_up = True  # without the lock: a signal's handler may interrupt the one who holds it
        self._source.stop_waiting()

    def close(self) -> None:
        self.stop_waiting()
        self._source.close()
        self._thread.join()
