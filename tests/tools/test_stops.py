"""`track` and `render` ended from outside: by signals, a kill, a full disk. What was done is kept, and says so."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from places import ROOT

from tools.__main__ import stop_again
from tools.cli import main
from tools.run.interruption import Interruption, Stopped, stoppable
from tools.run.tracked_run import read_run
from tracker.results.mot_files import read_tracks
from tracker.results.writers import STOPPED, UNFINISHED
from tracker.video.video_reader import VideoReader
from tracker.video.video_writer import VideoWriter

FPS = 25
FRAMES = 1500
WIDTH, HEIGHT = 160, 90
DRAWN = 75_000
"""Bytes of about seventy frames of the film, drawn."""
BOX = "-1,50,0,37,70,0.9"
"""It touches the edge, so no floor is sought, which would import scipy.optimize in each process."""
TRACK = ("track", "film.mp4", "--detections", "boxes.txt", "--reid", "none", "--no-cuts", "--out", "out")
SHORT = ("track", "short.mp4", "--detections", "short.txt", *TRACK[4:-1])
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a minute of noise, which takes its time, and a box that stands still; and short ones of it."""
    home = tmp_path_factory.mktemp("home")
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    for video, boxes, frames in (("film.mp4", "boxes.txt", FRAMES), ("short.mp4", "short.txt", 10)):
        with VideoWriter(home / video, width=WIDTH, height=HEIGHT, fps=FPS, preset="ultrafast", crf=40) as writer:
            for index in range(frames):
                writer.write(np.roll(noise, index, axis=1), index / FPS)
        (home / boxes).write_text("".join(f"{index + 1},{BOX}\n" for index in range(frames)))
    return home


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    """The same in a folder of its own."""
    return beside(home, tmp_path)


def beside(home: Path, folder: Path) -> Path:
    for name in ("film.mp4", "boxes.txt", "short.mp4", "short.txt"):
        (folder / name).symlink_to(home / name)
    return folder


def until_tracked(out: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a second of video is in the results, and the video is being written."""
    while not ((out / "tracks.txt").is_file() and (out / "tracks.txt").stat().st_size > 40 * FPS):
        assert process.poll() is None, "it ended too early"
        time.sleep(0.02)
    while not ((video := out / "video.part.mp4").is_file() and video.stat().st_size > DRAWN):
        assert process.poll() is None, "it ended too early"
        time.sleep(0.02)


def ended_by(number: int, folder: Path) -> tuple[int, str]:
    """Exit code and output of `track` that gets the signal."""
    command = [sys.executable, "-m", "tools", *TRACK]
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until_tracked(folder / "out", process)
    process.send_signal(number)
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


@pytest.fixture(scope="module")
def stopped(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], tuple[Path, int, str]]:
    """By signal: the results of `track` that got it, which are read and never changed, its exit code and its output."""
    known: dict[int, tuple[Path, int, str]] = {}

    def stopped(number: int) -> tuple[Path, int, str]:
        if number not in known:
            folder = beside(home, tmp_path_factory.mktemp("stopped"))
            known[number] = (folder / "out", *ended_by(number, folder))
        return known[number]

    return stopped


def frames(video: Path) -> int:
    with VideoReader(video) as source:
        return sum(1 for _ in source)


def files(out: Path) -> set[str]:
    return {file.name for file in out.iterdir()}


WHOLE = {"video.mp4", "tracks.txt", "tracks.csv", "tracks.json", "report.html", "config.json", "unused.txt"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=lambda each: str(each))
def test_a_signal_finishes_the_files_so_far_which_say_that_they_are_not_all(
    number: int, code: int, stopped: Callable[[int], tuple[Path, int, str]]
):
    out, ended, said = stopped(number)
    assert ended == code
    assert STOPPED in said
    check_stopped(out)


def check_stopped(out: Path) -> None:
    """The files are whole, hold the frames until the stop, and say that it was one."""
    assert files(out) == WHOLE
    drawn = frames(out / "video.mp4")
    assert FPS < drawn < FRAMES
    assert len(read_tracks(out / "tracks.txt", fps=FPS)) == drawn
    facts = json.loads((out / "tracks.json").read_text())
    assert (facts["complete"], facts["notes"]) == (False, [STOPPED])
    assert len(facts["people"]) == 1
    assert STOPPED in (out / "report.html").read_text()


def test_a_terminal_that_is_closed_is_a_stop_and_not_an_error_of_printing(folder: Path):
    """By SIGHUP, which it sends."""
    terminal, side = pty.openpty()
    command = f"exec {sys.executable} -m tools {' '.join(TRACK)}"
    process = subprocess.Popen(
        [sys.executable, "-c", LEADER, command], cwd=folder, env=ENVIRONMENT, stdin=side, stdout=side, stderr=side
    )
    os.close(side)
    os.set_blocking(terminal, False)
    out = folder / "out"
    while not ((out / "tracks.txt").is_file() and (out / "tracks.txt").stat().st_size > 40 * FPS):
        assert process.poll() is None
        with contextlib.suppress(BlockingIOError):
            os.read(terminal, 65536)  # or it would wait for someone who reads what it prints
        time.sleep(0.02)
    os.close(terminal)
    assert process.wait(timeout=120) == 129
    check_stopped(out)


LEADER = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv("/bin/sh", ["sh", "-c", sys.argv[1]])
"""
"""Makes the terminal its own, as a shell does, and runs the command."""


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[Any]]:
    """Runs a command in the folder, in this process: gives what it ended with, 0 or else a number or a sentence, and
    what it printed."""
    monkeypatch.chdir(folder)

    def here(*words: str) -> list[Any]:
        monkeypatch.setattr(sys, "argv", ["followspot", *words])
        try:
            main()
        except SystemExit as ended:
            return [ended.code, capsys.readouterr().out]
        return [0, capsys.readouterr().out]

    return here


def test_a_kill_leaves_a_video_that_plays_and_tracks_that_are_drawn_and_the_folder_can_be_used_again(
    folder: Path, here: Callable[..., list[Any]]
):
    ended_by(signal.SIGKILL, folder)
    out = folder / "out"
    assert files(out) == WHOLE - {"video.mp4", "report.html"} | {"video.part.mp4"}
    assert frames(out / "video.part.mp4") >= FPS
    overview = json.loads((out / "tracks.json").read_text())
    assert (overview["complete"], overview["notes"]) == (False, [UNFINISHED])
    tracked = read_run(out)
    assert (tracked.complete, tracked.notes) == (False, (UNFINISHED,))
    rows = (out / "tracks.txt").read_text()
    assert rows.endswith("\n")
    assert tracked.frames >= rows.count("\n") > FPS
    code, told = here("render", "out", "--height", "64")
    assert code == 3
    assert UNFINISHED in told
    assert frames(out / "boxes.mp4") == len(tracked.tracks())
    code, told = here(*SHORT, "out", "--no-video")
    assert code == 0
    assert "out held a run that was not finished; that is now out-unfinished" in told
    assert json.loads((out / "tracks.json").read_text())["complete"] is True
    assert (folder / "out-unfinished" / "tracks.txt").read_text() == rows
    refused, _ = here(*SHORT, "out", "--no-video")
    assert "already holds files" in refused


def test_a_run_that_is_being_written_does_not_give_way(folder: Path, here: Callable[..., list[Any]]):
    command = [sys.executable, "-m", "tools", *TRACK]
    process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    until_tracked(folder / "out", process)
    process.send_signal(signal.SIGSTOP)  # or a fast one would be done before the other has begun
    refused, _ = here(*TRACK)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=120)
    assert "already holds files" in refused
    assert not (folder / "out-unfinished").exists()


LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
runpy.run_module("tools", run_name="__main__", alter_sys=True)
"""
"""A limit on the size of a file, which stands in for a full disk: writing fails with another number."""


def on_a_full_disk(folder: Path, size: int, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LIMITED, str(size), *words]
    # Python would keep half of a compiled module as if it were whole, and every later start would fail on it.
    environment = {**ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def said(ended: subprocess.CompletedProcess[str]) -> str:
    """The one sentence, without the bar of the progress."""
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("followspot: ")]
    return line


def test_a_full_disk_is_one_sentence_and_keeps_the_video_that_was_written(folder: Path):
    ended = on_a_full_disk(folder, 150_000, *TRACK)
    assert ended.returncode == 1
    assert said(ended).startswith("followspot: out/video.mp4 could not be written because the disk is full")
    out = folder / "out"
    assert files(out) == WHOLE - {"video.mp4"} | {"video.part.mp4"}
    with VideoReader(out / "video.part.mp4") as video:
        assert sum(1 for _ in video) >= FPS
        assert video.warning is None, "no half frame is left in it"
    facts = json.loads((out / "tracks.json").read_text())
    assert facts["complete"] is False
    assert "the disk is full" in facts["notes"][0]
    assert "the disk is full" in (out / "report.html").read_text()
    assert (out / "tracks.csv").read_text().endswith("\n")


def test_rows_are_whole_where_the_disk_is_full_in_the_midst_of_one(folder: Path):
    ended = on_a_full_disk(folder, 6_011, *TRACK, "--no-video")
    assert ended.returncode == 1
    assert said(ended).startswith("followspot: out/tracks.")
    assert f"({os.strerror(errno.EFBIG)})" in said(ended)
    rows = (folder / "out" / "tracks.csv").read_text().splitlines(keepends=True)
    assert len(rows) > FPS
    assert {row.count(",") for row in rows} == {9}
    assert rows[-1].endswith("\n")
    assert len(read_tracks(folder / "out" / "tracks.txt")) > FPS
    facts = json.loads((folder / "out" / "tracks.json").read_text())
    assert facts["complete"] is False
    (note,) = facts["notes"]
    assert note.startswith("ended early (out/tracks.")


def test_where_only_the_page_has_no_room_nothing_else_is_said_to_be_missing(folder: Path):
    """The page takes about 119 kB, all else 25 kB a file at most."""
    ended = on_a_full_disk(folder, 10_000, *SHORT, "out", "--no-video")
    assert ended.returncode == 1
    assert said(ended).startswith("followspot: out/report.html cannot be written")
    facts = json.loads((folder / "out" / "tracks.json").read_text())
    assert (facts["complete"], facts["summary"]["frames"]) == (False, 10)
    (note,) = facts["notes"]
    assert note.startswith("out/report.html cannot be written")
    assert json.loads((folder / "out" / "config.json").read_text())["ended"] is False


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_drawing_that_is_stopped_does_not_pass_for_whole(
    number: int, code: int, folder: Path, stopped: Callable[[int], tuple[Path, int, str]]
):
    shutil.copytree(stopped(signal.SIGINT)[0], folder / "out")
    command = [sys.executable, "-m", "tools", "render", "film.mp4", "out/tracks.txt", "--out", "drawn.mp4"]
    process = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    part = folder / "drawn.part.mp4"
    while not (part.is_file() and part.stat().st_size > DRAWN):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    told, _ = process.communicate(timeout=120)
    assert process.returncode == code
    assert ("drawn.part.mp4" in told) == (number == signal.SIGINT)
    assert files(folder) == {"film.mp4", "boxes.txt", "short.mp4", "short.txt", "out", "drawn.part.mp4"}
    assert FPS <= frames(part) < FRAMES


@pytest.fixture
def quiet() -> Iterator[None]:
    """Signals as they are, also where the tests run in a background that ignores them."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    yield
    assert all(signal.getsignal(number) == signal.SIG_DFL for number in numbers), "they are given back"
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_block_that_was_asked_to_stop_ends_by_that_signal(quiet: None):
    def three() -> Iterator[int]:
        yield 1
        yield 2
        signal.raise_signal(signal.SIGTERM)
        yield 3

    seen: list[int] = []
    with pytest.raises(Stopped) as stop, Interruption() as interruption:
        seen.extend(interruption.until(three()))
    assert interruption.cut_short
    assert (seen, stop.value.exit_code) == ([1, 2], 143)


def test_what_leaves_nothing_to_be_finished_is_stopped_at_once(quiet: None):
    with pytest.raises(Stopped), Interruption() as interruption, interruption.at_once():
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(Stopped) as stop, stoppable():
        signal.raise_signal(signal.SIGHUP)
    assert stop.value.exit_code == 129


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt(), 130), (Stopped(signal.SIGTERM), 143)])
def test_a_stop_that_falls_into_a_callback_is_not_lost(
    stop: BaseException, code: int, quiet: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Python prints what is raised there, as by a lock of its imports, and goes on."""

    class Dying:
        def __del__(self) -> None:
            raise error

    monkeypatch.setattr(sys, "unraisablehook", stop_again)
    error = stop

    def work() -> None:
        with Interruption() as interruption, interruption.at_once():
            Dying()
            threading.Event().wait(60)

    with pytest.raises(Stopped) as told:
        work()
    assert (told.value.exit_code, capsys.readouterr().err) == (code, "")
    error = ValueError("an error of the callback's own")
    Dying()
    assert "an error of the callback's own" in capsys.readouterr().err


@pytest.mark.parametrize(("stop", "code"), [(Stopped(signal.SIGTERM), 143), (KeyboardInterrupt(), 130)])
def test_a_stop_while_a_compiled_module_is_loaded_is_a_stop(
    stop: BaseException, code: int, monkeypatch: pytest.MonkeyPatch
):
    """pybind11 tells any error of a module's start as an ImportError."""

    def load(arguments: list[str]) -> None:
        raise ImportError("initialization failed") from stop

    monkeypatch.setattr("tools.cli.choose", load)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code


def test_ctrl_c_while_the_program_is_being_loaded_is_a_stop_too():
    interrupted = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'tools.run.output':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from tools.__main__ import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", interrupted], env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\nfollowspot: stopped\n")


def test_a_place_with_too_long_a_name_and_an_output_that_takes_nothing_are_told_in_a_sentence(
    here: Callable[..., list[Any]],
):
    refused, _ = here(*TRACK[:-1], "x" * 300)
    assert refused.startswith("followspot: xxx")
    command = [sys.executable, "-m", "tools", "--help"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "followspot: standard output cannot be written or read: No space left on device\n"


def test_a_standard_output_that_is_closed_or_knows_few_letters_is_no_fault(folder: Path):
    command = f"{sys.executable} -m tools {' '.join(SHORT)}"
    closed = subprocess.run(
        ["sh", "-c", f"{command} a --no-video >&-"], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert (closed.returncode, "Traceback" in closed.stderr) == (0, False)
    few = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        ["sh", "-c", f"{command} \u00e9 --no-video"], cwd=folder, env=few, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "results in \\xe9/" in done.stdout


def test_a_run_under_nohup_outlives_its_terminal(quiet: None):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stoppable(), Interruption() as interruption:
        signal.raise_signal(signal.SIGHUP)
        assert not interruption.asked
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
