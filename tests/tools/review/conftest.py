"""A small data set of four people in a video, and the review of it in a browser."""

from __future__ import annotations

import csv
import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import uvicorn

from reid.data.crop_table import COLUMNS
from tools.dataset_review import DatasetReviewCommand
from tools.review_run import ReviewCommand

WIDTH, HEIGHT, FPS = 320, 180, 30.0
COLOURS = ((60, 60, 220), (60, 200, 60), (220, 90, 60), (60, 210, 220))
FRAMES = 30
RUN = {
    1: [(0, 0, 29)],
    2: [(1, 0, 9), (2, 10, 29)],  # from frame 10 on the ids 2 and 3 are exchanged
    3: [(2, 0, 9), (1, 10, 29)],
    4: [(3, 0, 9), (3, 20, 29)],  # a gap, which the detector can fill in part
    7: [(3, 12, 13)],  # the same dancer again, under a new id
}
"""The ids of a run: dancer, first frame, last frame of each piece."""
UNUSED = [(3, 14, 19)]


def box_of(person: int, frame: int) -> tuple[float, float, float, float]:
    """All walk two pixels a frame to the right, 70 pixels behind the next."""
    left = 10.0 + 70 * person + 2 * frame
    return left, 40.0, left + 30, 140.0


def write_video(path: Path, frames: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", int(FPS), options={"g": "12", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in range(frames):
            image = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
            for person, colour in enumerate(COLOURS):
                left, top, right, bottom = map(int, box_of(person, frame))
                cv2.rectangle(image, (left, top), (right, bottom), colour, -1)
            cv2.rectangle(image, (0, 0), (7 * frame, 10), (255, 255, 255), -1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        container.mux(stream.encode())


def write_data(folder: Path, people: int, frames: int, *, video: Path | None = None, size: int = 32) -> Path:
    """People 0, 1, ... in all frames of the video "dance"; each is two pieces of track, doubt grows with the number."""
    (folder / "images").mkdir(parents=True)
    (folder / "poses").mkdir()
    pictures = [cv2.imencode(".jpg", np.full((2 * size, size, 3), colour, np.uint8))[1].tobytes() for colour in COLOURS]
    names = [[f"{person:04d}_{frame:06d}.jpg" for frame in range(frames)] for person in range(people)]
    with (folder / "crops.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for person, own in enumerate(names):
            for frame, name in enumerate(own):
                (folder / "images" / name).write_bytes(pictures[person % len(COLOURS)])
                (folder / "poses" / name.replace(".jpg", ".txt")).write_text("1.0 2.0\nnan nan\n")
                box = [f"{value:.2f}" for value in box_of(person % 4, frame % FRAMES)]
                place = [f"{frame / FPS:.3f}", *box, "0.900", 2 * person + (frame >= frames // 2)]
                table.writerow([name, person, "dance", frame, *place, f"{min(0.2 * person, 1):.3f}"])
    (folder / "meta.json").write_text(json.dumps({"identities": names}) + "\n")
    (folder / "video.json").write_text(json.dumps({"dance": list(range(people))}) + "\n")
    split: dict[str, list[Any]] = {"trainval": [0, 1], "query": names[2][:2], "gallery": [*names[2][2:], *names[3]]}
    (folder / "splits.json").write_text(json.dumps([split]) + "\n")
    if video is not None:
        facts = {"path": str(video), "fps": FPS, "width": WIDTH, "height": HEIGHT, "frames": frames}
        (folder / "sources.json").write_text(json.dumps({"dance": facts}))
    return folder


def write_run(
    folder: Path, video: Path, people: dict[int, list[tuple[int, int, int]]], unused: Any = (), **more: Any
) -> Path:
    """A run of the video in which each id has (dancer, first frame, last frame) after the other; see `box_of`.

    `unused` are (dancer, first, last) whose boxes no track took; `more` goes into tracks.json's people by id.
    """
    folder.mkdir(parents=True)
    lines = {
        name: [
            f"{frame + 1},{id},{left},{top},{right - left},{bottom - top},0.9,-1,-1,-1\n"
            for id, pieces in owners.items()
            for dancer, first, last in pieces
            for frame in range(first, last + 1)
            for left, top, right, bottom in [box_of(dancer, frame)]
        ]
        for name, owners in {"tracks.txt": people, "unused.txt": {-1: list(unused)}}.items()
    }
    for name, text in lines.items():
        (folder / name).write_text("".join(text))
    facts = {"source": "dance", "fps": FPS, "width": WIDTH, "height": HEIGHT, "tracking": "online"}
    someone = [{"id": id, "name": None, "recoveries": [], **more.get(f"id{id}", {})} for id in people]
    overview = {"video": facts, "summary": {"frames": FRAMES}, "camera_cuts": [], "people": someone}
    (folder / "tracks.json").write_text(json.dumps(overview))
    (folder / "config.json").write_text(json.dumps({"options": {}, "opened": str(video), "tracking": "online"}))
    return folder


@pytest.fixture(scope="session")
def make_run(dance_video: Path) -> Callable[..., Path]:
    return lambda folder, people, unused=(), **more: write_run(folder, dance_video, people, unused, **more)


@pytest.fixture(scope="session")
def dance_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "dance.mp4"
    write_video(path, FRAMES)
    return path


@pytest.fixture
def folder(tmp_path: Path, dance_video: Path) -> Path:
    return write_data(tmp_path / "data", 4, FRAMES, video=dance_video)


@pytest.fixture(scope="session")
def make_data() -> Callable[..., Path]:
    return write_data


class Served:
    """`followspot dataset review`, or `review` of a run, in a thread: a process would import everything once more.

    `test_server.py` starts processes.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        kind = ReviewCommand if (folder / "tracks.json").exists() else DatasetReviewCommand
        begun: queue.Queue[uvicorn.Server | BaseException] = queue.Queue()

        class Watched(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                begun.put(self)

        def run() -> None:
            try:
                kind(folder, port=port, browser=False).run()
            except BaseException as error:
                begun.put(error)

        self.thread = threading.Thread(target=run, daemon=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tools.review.server.uvicorn.Server", Watched)
            self.thread.start()
            server = begun.get(timeout=60)
        if isinstance(server, BaseException):
            raise server
        self.server = server
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    def edits(self) -> list[dict[str, Any]]:
        path = self.folder / "edits.json"
        return json.loads(path.read_text())["edits"] if path.exists() else []

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=60)
        assert not self.thread.is_alive()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, dance_video: Path) -> Iterator[Served]:
    """One review for all tests of a file; `page` begins each of them without edits."""
    server = Served(write_data(tmp_path_factory.mktemp("served") / "data", 4, FRAMES, video=dance_video))
    yield server
    server.stop()


@pytest.fixture
def make_server() -> Iterator[Callable[..., Served]]:
    """Starts reviews that end with the test."""
    servers: list[Served] = []

    def start(folder: Path, port: int = 0) -> Served:
        servers.append(Served(folder, port))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


class Driven:
    """A page of Playwright's with what the stories about the review need besides."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)

    def press_keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def wait_for_words(self, words: str, where: str = "#message") -> None:
        self.wait_for_function(
            "([where, words]) => document.querySelector(where).textContent.includes(words)", [where, words]
        )

    def wait_for_function(self, holds: str, arg: Any = None) -> None:
        """Playwright alone would look whenever a picture is drawn, and so have as many drawn as a screen shows."""
        self.page.wait_for_function(holds, arg=arg, polling=50)

    def wait_for(self, selector: str) -> None:
        """Wait until there is such an element, by CSS alone."""
        self.wait_for_function("selector => document.querySelector(selector) !== null", selector)

    def people(self) -> list[int]:
        """Numbers of the rows, from above."""
        return [int(row.get_attribute("data-number")) for row in self.page.query_selector_all(".person")]

    def count(self, person: int) -> int:
        """Crops in a person's row, which may be out of sight: the browser then gives no inner text."""
        line = self.page.text_content(f'.person[data-number="{person}"] .facts p:nth-of-type(2)')
        return int(line.split(" crop")[0])

    def go_to(self, person: int) -> None:
        self.press_keys("g", str(person), "Enter")
        self.wait_for(f'.person.here[data-number="{person}"]')

    def choose(self, person: int) -> None:
        """On the page of a run."""
        self.page.click(f'.someone[data-number="{person}"] .who')
        self.wait_for(f'.someone.here[data-number="{person}"]')

    def go_to_frame(self, frame: int) -> None:
        """On the page of a run."""
        self.press_keys("g", *str(frame), "Enter")
        self.at_frame(frame)

    def at_frame(self, frame: int) -> None:
        """Wait until it is shown."""
        self.wait_for(f'#picture[data-frame="{frame}"]')


@pytest.fixture(scope="session")
def tab(chromium: Any) -> Any:
    """One page for all tests, since each costs the browser a process; `opened_page` leaves nothing in it."""
    return chromium.new_page()


@contextmanager
def opened_page(served: Served, tab: Any, width: int, height: int) -> Iterator[Driven]:
    """The open page without edits, its mistakes collected; there must be none at the end."""
    (served.folder / "edits.json").unlink(missing_ok=True)
    tab.set_viewport_size({"width": width, "height": height})
    tab.emulate_media(color_scheme="light")
    tab.mouse.move(0, 0)
    tab.set_default_timeout(120_000)  # a busy machine takes its time
    mistakes: list[str] = []

    def listen(error: Any) -> None:
        mistakes.append(str(error))

    tab.on("pageerror", listen)
    try:
        tab.goto(served.url)
        driven = Driven(tab)
        driven.wait_for("html[data-ready]")
        yield driven
    finally:
        tab.evaluate("() => sessionStorage.clear()")
        tab.goto("about:blank")
        tab.remove_listener("pageerror", listen)
    assert mistakes == []


@pytest.fixture
def open_page(tab: Any) -> Callable[[Served], AbstractContextManager[Driven]]:
    return lambda served: opened_page(served, tab, 1200, 820)


@pytest.fixture
def page(served: Served, open_page: Callable[[Served], AbstractContextManager[Driven]]) -> Iterator[Driven]:
    with open_page(served) as driven:
        yield driven


@pytest.fixture(scope="module")
def served_run(tmp_path_factory: pytest.TempPathFactory, dance_video: Path) -> Iterator[Served]:
    """The same for a run."""
    server = Served(write_run(tmp_path_factory.mktemp("served") / "evening", dance_video, RUN, UNUSED))
    yield server
    server.stop()


@pytest.fixture
def run(served_run: Served, tab: Any) -> Iterator[Driven]:
    with opened_page(served_run, tab, 1440, 900) as driven:
        driven.wait_for("#picture[data-frame]")
        yield driven
