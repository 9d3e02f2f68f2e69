"""The newest frame of a live source, and what becomes of those that nobody had time for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from tracker.prefetch import prefetch
from tracker.types import Frame, InputError
from tracker.video import webcam
from tracker.video.newest import NewestFrames
from tracker.video.source import Source
from tracker.video.sources import open_source

PICTURE = np.zeros((4, 4, 3), np.uint8)


class Camera(Source):
    """Gives frames when the test says so, and ends after them, by `failure` if there is one."""

    name, fps, width, height, live = "camera", 25.0, 4, 4, True

    def __init__(self, vid_stride: int = 1, failure: Exception | None = None) -> None:
        super().__init__(vid_stride)
        self._frames = threading.Semaphore(0)
        self._failure = failure
        self._over = self.closed = False
        self.read = 0
        self.taken = threading.Condition()

    def take(self, frames: int) -> None:
        """That many more are taken; returns when they have arrived."""
        until = self.read + frames
        self._frames.release(frames)
        with self.taken:
            assert self.taken.wait_for(lambda: self.read >= until, 60)

    def end(self) -> None:
        self._over = True
        self._frames.release()

    def __iter__(self) -> Iterator[Frame]:
        for index in range(0, 10**6, self.stride):
            with self.taken:
                self.read = index // self.stride  # the one before has gone where it goes to
                self.taken.notify_all()
            self._frames.acquire()
            if self._over:
                break
            yield Frame(index, index / 25, PICTURE, taken=0.0)
        if self._failure is not None:
            raise self._failure

    def stop_waiting(self) -> None:
        self.end()

    def close(self) -> None:
        self.closed = True


def test_who_is_slow_gets_the_newest_and_the_rest_is_counted():
    """Of frames 0 to 8 the first is looked at until 3 are there, then until 8 are: 1, 2 and 4 to 7 are left out."""
    camera = Camera()
    with NewestFrames(camera) as newest:
        frames = iter(newest)
        camera.take(1)
        seen = [next(frames).time]
        camera.take(3)
        seen.append(next(frames).time)
        camera.take(5)
        seen.append(next(frames).time)
        assert seen == [0.0, 3 / 25, 8 / 25]
        assert newest.skipped == 2 + 4
        camera.end()
        assert list(frames) == []


def test_who_is_fast_gets_all():
    camera = Camera()
    with NewestFrames(camera) as newest:
        frames, seen = iter(newest), []
        for _ in range(5):
            camera.take(1)
            seen.append(next(frames).index)
        assert (seen, newest.skipped) == ([0, 1, 2, 3, 4], 0)


def test_what_came_before_anyone_looked_is_not_counted():
    """The models are loaded while the camera runs: frame 6 is the first one looked at."""
    camera = Camera()
    with NewestFrames(camera) as newest:
        camera.take(7)
        assert next(iter(newest)).time == 6 / 25
        assert newest.skipped == 0


def test_indices_are_those_of_a_recording_of_the_frames_that_were_given():
    camera = Camera(vid_stride=2)
    with NewestFrames(camera) as newest:
        frames, given = iter(newest), []
        for arrived in (1, 3, 1):
            camera.take(arrived)
            given.append(next(frames))
    assert [frame.index for frame in given] == [0, 2, 4]
    assert [frame.time for frame in given] == pytest.approx([0 / 25, 6 / 25, 8 / 25])


def test_the_last_frame_is_given_before_the_end():
    camera = Camera()
    with NewestFrames(camera) as newest:
        camera.take(2)
        camera.end()
        assert [frame.time for frame in newest] == [1 / 25]


def test_an_error_of_the_source_comes_after_the_frame_before_it():
    camera = Camera(failure=InputError("the cable is out"))
    with NewestFrames(camera) as newest:
        camera.take(1)
        camera.end()
        frames = iter(newest)
        assert next(frames).index == 0
        with pytest.raises(InputError, match="the cable is out"):
            next(frames)


def test_a_stop_ends_who_waits_for_a_frame():
    camera = Camera()
    with NewestFrames(camera) as newest:
        ahead = prefetch(newest, 1)
        camera.take(1)
        assert next(ahead).index == 0
        newest.stop_waiting()
        assert list(ahead) == []
    assert camera.closed


def test_what_the_source_says_before_anyone_listens_is_not_lost():
    camera, said = Camera(), []
    with NewestFrames(camera) as newest:
        camera.tell("went away")
        newest.tell = said.append
        camera.take(1)
        frames = iter(newest)
        next(frames)
        camera.tell("is back")
    assert said == ["went away", "is back"]


class Capture:
    """OpenCV's of a webcam, which must not be released while a picture is grabbed from it."""

    def __init__(self, fps: float = 25.0) -> None:
        self.fps = fps
        self.grabs = 0
        self.inside, self.released = threading.Event(), threading.Event()
        self.released_in_use = False

    def isOpened(self) -> bool:  # noqa: N802
        return not self.released.is_set()

    def get(self, field: int) -> float:
        return self.fps if field == cv2.CAP_PROP_FPS else 4.0

    def grab(self) -> bool:
        self.grabs += 1
        if self.grabs > 1:  # the first is that of the constructor
            self.inside.set()
            self.released_in_use |= self.released.wait(0.2)
        return True

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, PICTURE

    def release(self) -> None:
        self.released.set()


def test_a_webcam_is_let_go_of_between_two_pictures(monkeypatch: pytest.MonkeyPatch):
    """It is closed while the reader's thread waits for a picture: that one is taken first, and it is the last."""
    capture = Capture()
    monkeypatch.setattr(webcam, "_open_quietly", lambda index: capture)
    with NewestFrames(webcam.Webcam(0)) as newest:
        assert capture.inside.wait(60)
    assert capture.released.is_set()
    assert not capture.released_in_use
    assert newest.warning is None  # whoever closes it knows why no more pictures come


@pytest.mark.parametrize(("told", "fps"), [(25.0, 12.5), (0.0, 15.0), (-1.0, 15.0), (float("nan"), 15.0), (1e7, 15.0)])
def test_a_webcam_that_tells_no_frame_rate_has_30(monkeypatch: pytest.MonkeyPatch, told: float, fps: float):
    monkeypatch.setattr(webcam, "_open_quietly", lambda index: Capture(told))
    with webcam.Webcam(0, vid_stride=2) as camera:
        assert camera.fps == fps


def test_a_file_is_no_live_source_and_gives_every_frame(tmp_path):
    from film import shoot

    with open_source(shoot(tmp_path / "dance.mp4", 6), newest=True) as source:
        assert not source.live
        assert [frame.index for frame in source] == list(range(6))
