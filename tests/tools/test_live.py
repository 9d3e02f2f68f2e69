"""A live source while it is tracked: shown at once, how late, what was left out, and the recording."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from film import number, shoot

from tools.render import RenderCommand
from tools.run.live import Live
from tools.run.tracked_run import read_run
from tools.run.video_sinks import WindowSink
from tools.track import TrackCommand
from tracker.drawing.render import Renderer
from tracker.pipeline import track
from tracker.tracker import Tracker
from tracker.types import Detections, Frame, FrameTracks, InputError
from tracker.video.source import Source

PICTURE = np.zeros((48, 64, 3), np.uint8)


@contextmanager
def broadcast(film: Path) -> Iterator[str]:
    """The address of a stream that tells no length and sends a film to the one who calls."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send() -> None:
            with server.accept()[0] as connection:
                connection.sendall(film.read_bytes())

        threading.Thread(target=send, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def boxes_of(path: Path, frames: int) -> Path:
    path.write_text("".join(f"{frame},-1,20,10,40,80,0.9\n" for frame in range(1, frames + 1)))
    return path


class Camera(Source):
    name, fps, width, height, live = "camera", 10.0, 64, 48, True

    def __init__(self) -> None:
        super().__init__(1)


def test_how_late_frames_were_is_told_in_whole_milliseconds():
    """Taken at 0, 1, ..., 9 s and tracked 50 ms later, but for one after 200 ms."""
    camera = Camera()
    now = [0.0]
    live = Live(camera, _clock=lambda: now[0])
    for second in range(10):
        now[0] = second + (0.2 if second == 4 else 0.05)
        live(Frame(second, second, PICTURE, taken=second), FrameTracks.empty(second, second))
    camera.skipped = 30
    assert (live.delay(0.5), live.delay(0.9), live.delay(1.0)) == (50, 50, 200)
    assert live.facts == {"skipped_frames": 30, "delay_ms": {"median": 50, "95%": 200, "most": 200}}
    late, left_out = live.sentences
    assert late == "frames were tracked 50 ms after they came (median), 95% within 200 ms, all within 200 ms"
    assert left_out.startswith("30 frames of 40 left out, because a newer one was there")


def test_of_a_source_that_gave_no_frame_nothing_is_told():
    assert Live(Camera()).sentences == []


def test_what_is_watched_is_not_held_back():
    """Ten frames a second, held back for one second: when the first comes out, eleven later ones were seen."""

    class Nothing:
        def batch(self, frames):
            return [Detections.empty() for _ in frames]

    seen: list[int] = []
    frames = (Frame(index, index / 10, PICTURE) for index in range(30))
    tracked = track(frames, Nothing(), Tracker(), watch=lambda frame, tracks: seen.append(frame.index))
    first, tracks = next(tracked)
    assert (first.index, tracks.frame, seen) == (0, 0, list(range(12)))


def test_q_in_the_window_asks_for_a_stop_once(monkeypatch: pytest.MonkeyPatch):
    keys, shown, asked = [255, ord("q"), ord("q")], [], []
    monkeypatch.setattr(cv2, "namedWindow", lambda *_: None)
    monkeypatch.setattr(cv2, "destroyWindow", lambda *_: None)
    monkeypatch.setattr(cv2, "imshow", lambda name, image: shown.append(image.shape))
    monkeypatch.setattr(cv2, "waitKey", lambda _: keys.pop(0))
    with WindowSink("camera", Renderer(), lambda: asked.append(len(shown))) as window:
        for index in range(3):
            window.write(Frame(index, index / 10, PICTURE), FrameTracks.empty(index, index / 10))
    assert (shown, asked) == ([(48, 64, 3)] * 3, [2])


def test_a_recording_holds_the_frames_that_were_tracked_and_serves_render(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    film, boxes = shoot(tmp_path / "dance.ts", 40), boxes_of(tmp_path / "boxes.txt", 40)
    run = tmp_path / "run"
    with broadcast(film) as address:
        named = (f"{address}?token=secret",)
        TrackCommand(
            named, run, reid="none", detections=boxes, record=True, every_frame=True, reconnect=0, video=False
        ).run()
    assert "frames were tracked " in capsys.readouterr().out
    config = json.loads((run / "config.json").read_text())
    assert (config["frames"], config["skipped_frames"]) == (40, 0)
    assert config["opened"] == f"{address}?token=***"
    assert not any(b"secret" in file.read_bytes() for file in run.iterdir())
    read = read_run(run)
    with read.open() as recording:
        assert [number(frame.image) for frame in recording] == list(range(40))
    assert [len(tracks.ids) for tracks in read.tracks()] == [1] * 40
    RenderCommand(run, style="spotlight").run()
    assert (run / "spotlight.mp4").stat().st_size > 0


def test_every_frame_there_was_time_for_has_its_row_and_its_picture(tmp_path: Path):
    """However many of the forty there was time for: rows, recording and counts agree."""
    film, boxes = shoot(tmp_path / "dance.ts", 40), boxes_of(tmp_path / "boxes.txt", 40)
    run = tmp_path / "run"
    with broadcast(film) as address:
        TrackCommand((address,), run, reid="none", detections=boxes, record=True, reconnect=0, video=False).run()
    config = json.loads((run / "config.json").read_text())
    with read_run(run).open() as recording:
        numbers = [number(frame.image) for frame in recording]
    assert len(numbers) == config["frames"] >= 1
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 39
    assert config["frames"] + config["skipped_frames"] <= 40


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, r"^--record keeps the pictures of a live source, and .*dance\.ts is there already: leave it out$"),
        ({"vid_stride": 2}, "^--record keeps the frames that are tracked, all of them: leave out --vid-stride$"),
    ],
    ids=["a file", "a stride"],
)
def test_what_needs_no_recording_is_refused(options: dict[str, int], sentence: str, tmp_path: Path):
    film = shoot(tmp_path / "dance.ts", 5)
    with pytest.raises(InputError, match=sentence):
        TrackCommand((str(film),), tmp_path / "run", record=True, **options).run()
    assert not (tmp_path / "run").exists()
