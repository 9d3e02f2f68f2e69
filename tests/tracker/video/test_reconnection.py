"""A live stream that goes away and comes back: read on where it is, and said."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from film import number, picture, shoot

from tracker.prefetch import prefetch
from tracker.video import reconnection
from tracker.video.frame_clock import FrameClock
from tracker.video.sources import open_source


@contextmanager
def stage(*parts: bytes) -> Iterator[str]:
    """The address of a stream that sends the first part to the one who calls first, the next to the next, and so on."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send() -> None:
            for part in parts:
                with server.accept()[0] as connection:
                    connection.sendall(part)
            server.close()

        threading.Thread(target=send, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(reconnection, "PAUSE", 0.01)
    return shoot(tmp_path / "stream.ts", 10).read_bytes()


def test_a_stream_that_comes_back_goes_on_with_the_next_frame_number(film: bytes):
    """Ten frames, none, and the same ten: nothing that was opened in between gave a picture."""
    said: list[str] = []
    with stage(film, b"no video", film) as address, open_source(address, reconnect=60) as source:
        source.tell = said.append
        frames = [frame for _, frame in zip(range(20), source, strict=False)]
    assert [number(frame.image) for frame in frames] == [*range(10), *range(10)]
    assert [frame.index for frame in frames] == list(range(20))
    assert all(step > 0 for step in np.diff([frame.time for frame in frames]))
    assert source.warning is not None
    assert "went away once, for " in source.warning
    away, back = said[:2]
    assert away.endswith("went away; waiting 60 s for it to come back")
    assert " is back after " in back


def test_a_stream_that_stays_away_ends_the_source_when_patience_does(film: bytes):
    said: list[str] = []
    with stage(film) as address, open_source(address, reconnect=0.05) as source:
        source.tell = said.append
        assert len(list(source)) == 10
    assert source.warning is None
    assert len(said) == 1


def test_without_patience_the_end_of_a_stream_is_its_end(film: bytes):
    said: list[str] = []
    with stage(film, film) as address, open_source(address, reconnect=0) as source:
        source.tell = said.append
        assert len(list(source)) == 10
    assert said == []


def test_a_stop_does_not_wait_for_a_stream(film: bytes):
    """The thread that reads ahead waits for a stream for an hour, until it is told not to."""
    with stage(film) as address, open_source(address, reconnect=3600) as source:
        gone = threading.Event()
        source.tell = lambda _: gone.set()
        ahead = prefetch(source)
        assert [number(next(ahead).image) for _ in range(10)] == list(range(10))
        assert gone.wait(60)
        source.stop_waiting()
        assert list(ahead) == []


def test_a_video_file_that_ends_is_not_waited_for(tmp_path: Path):
    with open_source(shoot(tmp_path / "dance.ts", 10), reconnect=3600) as source:
        assert len(list(source)) == 10


def test_the_time_a_source_is_away_passes_on_its_clock():
    """At 25 frames a second, 4 s away, and back with stamps that begin again at 100."""
    clock = FrameClock(0.04)
    assert [clock.time(stamp) for stamp in (7.0, 7.04)] == pytest.approx([0.0, 0.04])
    clock.pause(4.0)
    assert [clock.time(stamp) for stamp in (100.0, 100.04, 100.12)] == pytest.approx([4.04, 4.08, 4.16])
    clock.pause(1.0)
    assert [clock.time(stamp) for stamp in (None, None)] == pytest.approx([5.16, 5.2])


class MotionJpeg(BaseHTTPRequestHandler):
    """A camera that sends six pictures as parts of one answer, none of which says when it was taken."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        for index in range(6):
            code = cv2.imencode(".jpg", picture(index, 128, 96))[1].tobytes()
            head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(code)}\r\n\r\n"
            self.wfile.write(head.encode() + code + b"\r\n")

    def log_message(self, *_: object) -> None:
        pass


def test_frames_without_a_clock_have_the_times_at_which_they_came():
    with ThreadingHTTPServer(("127.0.0.1", 0), MotionJpeg) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with open_source(f"http://127.0.0.1:{server.server_port}/camera", reconnect=0) as source:
            assert source.live
            frames = list(source)
        server.shutdown()
    assert [number(frame.image) for frame in frames] == list(range(6))
    taken = [frame.taken - frames[0].taken for frame in frames]
    assert [frame.time for frame in frames] == pytest.approx(taken)


@contextmanager
def http_server(*answers: bytes) -> Iterator[str]:
    """The address of a file that is sent without its length: the first answer to who asks first, and so on; the last
    to all later ones."""
    left = list(answers)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(left.pop(0) if len(left) > 1 else left[0])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/film.ts"
        server.shutdown()


def test_a_file_without_a_length_that_begins_again_has_ended(film: bytes):
    said: list[str] = []
    with http_server(film) as address, open_source(address, reconnect=60) as source:
        assert source.live
        source.tell = said.append
        assert [number(frame.image) for frame in source] == list(range(10))
    assert source.warning is None
    assert len(said) == 2
    assert "film.ts begins again from its beginning: it is a file, and has ended; download it " in said[1]


def test_a_stream_over_http_that_is_further_on_is_back(film: bytes, tmp_path: Path):
    """Its second part is stamped 20 s later; then that one begins again, which the first did not begin with."""
    later = shoot(tmp_path / "later.ts", 10, ticks=range(12000, 12200, 20)).read_bytes()
    with http_server(film, later) as address, open_source(address, reconnect=60) as source:
        frames = [frame for _, frame in zip(range(20), source, strict=False)]
    assert [number(frame.image) for frame in frames] == [*range(10), *range(10)]
    assert source.warning is not None
    assert "went away once, for " in source.warning
