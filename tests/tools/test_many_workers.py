"""Several videos at the same time: `track --workers` on this machine, and what `--ray` asks of a cluster's machines.

Where a command is begun, Ray is real: a little cluster of two workers on this machine. `Stage` plays it for the rest.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from film import cut, shoot
from places import ROOT

from tools.run import cluster, worker
from tools.run.batch import Batch
from tools.run.cast_files import CastFiles
from tools.run.cluster import Machine, refuse_blind, refuse_deaf
from tools.run.crew import Crew, Video
from tools.run.folder import version_of
from tools.run.interruption import IncompleteError, Interruption, Stopped
from tools.run.worker import View, Worker, look, shared
from tools.track import TrackCommand
from tracker.types import InputError

FRAMES = 12
SAME = ("tracks.txt", "tracks.csv", "tracks.json", "unused.txt")
OPTIONS = ("--reid", "none", "--detections", "boxes.txt", "--no-video")
needs_ray = pytest.mark.skipif(version_of("ray") is None, reason="ray is not installed")
needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open files")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two videos of one person each in a folder, and their boxes beside it."""
    (tmp_path / "videos").mkdir()
    for name in ("one", "two"):
        shoot(tmp_path / "videos" / f"{name}.mp4", FRAMES)
    (tmp_path / "boxes.txt").write_text("".join(f"{frame},-1,10,20,30,60,0.9\n" for frame in range(1, FRAMES + 1)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begun(*words: str) -> subprocess.Popen[str]:
    """The command in a process of its own, which a terminal would give a group of its own, too."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tools", "track", *words, *OPTIONS]
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ended(command: subprocess.Popen[str], code: int) -> str:
    """What it said, without the bar and Ray; it ended with this code."""
    said, _ = command.communicate(timeout=120)
    assert command.returncode == code, said
    assert "Traceback" not in said
    assert "raylet" not in said
    return said


def rows(said: str) -> dict[str, list[str]]:
    """The table: each source's people, recoveries, frames, results."""
    table = said[said.index("source ") :].splitlines()[2:]
    return {line.split()[0]: line.split()[1:] for line in table if len(line.split()) > 1}


def sequence(folder: Path, frames: int) -> None:
    """One in MOTChallenge's layout, without the pictures: it takes as long as is wanted, and nobody has to make it."""
    folder.mkdir()
    facts = {"name": folder.name, "imDir": "img1", "frameRate": 30, "seqLength": frames}
    facts |= {"imWidth": 128, "imHeight": 96, "imExt": ".jpg"}
    (folder / "seqinfo.ini").write_text("[Sequence]\n" + "".join(f"{key}={value}\n" for key, value in facts.items()))


def begins(file: Path) -> None:
    """Wait until there is something in a file."""
    for _ in range(2400):
        if file.exists() and file.stat().st_size:
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody writes {file}")


def writer_of(file: Path) -> int:
    """The worker that is writing a file with something in it; waits for one."""
    begins(file)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            is_worker = (process / "comm").read_text().startswith("ray::")
            if is_worker and file.absolute() in {link.readlink() for link in (process / "fd").iterdir()}:
                return int(process.name)
    raise AssertionError(f"nobody writes {file}")


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] not in "ZX"
    except OSError:
        return False


def children(process: int) -> Iterator[int]:
    """All below it that run now."""
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        yield int(child)
        yield from children(int(child))


def track(*sources: str, **options) -> None:
    plain = {"reid": "none", "detections": Path("boxes.txt"), "video": False}
    TrackCommand(sources=sources, **{**plain, **options}).run()


@pytest.mark.slow
@needs_ray
@needs_proc
def test_the_video_of_a_killed_worker_begins_anew_and_all_files_are_those_of_one_worker(home: Path):
    sequence(home / "long", 6_000)
    cut(shoot(home / "whole.mp4", 60, options={"g": "5"}, faststart=True), 0.7, "cut.mp4").rename("videos/cut.mp4")
    sources = ("videos", "long")
    command = begun(*sources, "--workers", "2", "--out", "by-two")
    killed = writer_of(home / "by-two/long/tracks.txt")
    environment = Path(f"/proc/{killed}/environ").read_bytes().split(b"\0")
    assert b"RAY_AUTH_MODE=token" in environment  # so that nobody else on the network gets in
    os.kill(killed, signal.SIGKILL)
    said = ended(command, 3)  # by the video that is cut off, and not by the kill
    assert (
        "note: the worker that tracked long was killed, so that video begins anew; what there was of it is "
        "in by-two/long-unfinished\n"
    ) in said
    assert "cut.mp4 breaks off" in said
    with pytest.raises(IncompleteError):
        track(*sources, out=Path("by-one"))
    names = {path.name for path in (home / "by-one").iterdir()}
    assert {path.name for path in (home / "by-two").iterdir()} == names | {"long-unfinished"}
    for name in names:
        for file in SAME:
            assert (home / f"by-one/{name}/{file}").read_bytes() == (home / f"by-two/{name}/{file}").read_bytes()
    assert rows(said)["long"] == ["1", "0", "6000", "by-two/long"]
    for workers in (1, 2):  # what the one did, the other need not
        with pytest.raises(IncompleteError):
            track(*sources, workers=workers, out=Path("by-two"))
    assert len(list((home / "by-two").iterdir())) == 5


@pytest.mark.slow
@needs_ray
@needs_proc
def test_ctrl_c_ends_the_workers_and_their_files_say_so(home: Path):
    names = ("a", "b", "c")
    for name in names:
        sequence(home / name, 900_000)
    command = begun(*names, "--workers", "2", "--out", "all")
    begins(home / "all/a/tracks.txt")
    begins(home / "all/b/tracks.txt")
    processes = [process for process in children(command.pid) if alive(process)]
    os.killpg(command.pid, signal.SIGINT)  # as a terminal does
    said = ended(command, 130)
    assert said.count("note: stopped on request") == 2
    assert said.rstrip().endswith("followspot: stopped")
    for name in names[:2]:
        overview = json.loads((home / f"all/{name}/tracks.json").read_text())
        assert overview["complete"] is False
        assert rows(said)[name][2] == str(overview["summary"]["frames"])
        assert overview["summary"]["frames"] < 900_000
    assert rows(said)["c"][-2:] == ["not", "begun"]
    assert {path.name for path in (home / "all").iterdir()} == set(names[:2])
    for _ in range(200):
        if not any(map(alive, processes)):
            return
        time.sleep(0.05)
    raise AssertionError([Path(f"/proc/{process}/cmdline").read_text() for process in processes if alive(process)])


class RayError(Exception):
    """A worker was killed."""


class RayTaskError(RayError):
    """What a worker raised."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause


@dataclass
class Called:
    """A worker's method: to be called by `remote`, and done at once."""

    method: Callable
    killed: Callable[[str], bool]

    def remote(self, *words) -> Result:
        if words and self.killed(words[0]):
            return Result(error=RayError())
        try:
            return Result(self.method(*words))
        except InputError as error:
            return Result(error=RayTaskError(error))


@dataclass(eq=False)
class Result:
    """What a method returned or raised."""

    value: object = None
    error: Exception | None = None


@dataclass
class Stage:
    """Two machines, and Ray between them; workers are killed at the videos named in `deadly`, as often as they are.

    A machine is gone once a worker was killed on it, if there is to be `one_life`.
    """

    job: TrackCommand
    deadly: list[str] = field(default_factory=list)
    one_life: bool = False
    there: list[Machine] = field(default_factory=lambda: [Machine(name, name, 2, 0) for name in ("ada", "bea")])
    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    @property
    def ray(self) -> Stage:
        return self

    def machines(self) -> list[Machine]:
        return self.there

    def hire(self, machine: Machine, job: TrackCommand, share: tuple[int, int], gpu: bool) -> SimpleNamespace:
        def killed(name: str) -> bool:
            if name not in self.deadly:
                return False
            self.deadly.remove(name)
            self.there = [each for each in self.there if each != machine or not self.one_life]
            return True

        work = Worker(job, Path.cwd(), share)
        return SimpleNamespace(**{name: Called(getattr(work, name), killed) for name in ("prepare", "track", "frames")})

    def aside(self, method: Called) -> Result:
        return method.remote()

    def wait(
        self, results: list[Result], num_returns: int = 1, timeout: float = 0
    ) -> tuple[list[Result], list[Result]]:
        assert results
        return results, []

    def get(self, result: Result) -> object:
        if result.error is not None:
            raise result.error
        return result.value


def play(stage: Stage, *names: str) -> Batch:
    """The crew's work on these videos, two workers a machine."""
    with Interruption() as stop:
        batch = Batch([f"videos/{name}" for name in names])
        crew = Crew(stage, stage.job, 2, False, Path("all"), batch, stop)
        try:
            crew.track([Video(f"videos/{name}", Path(name).stem, FRAMES) for name in names])
        finally:
            batch.show()
    return batch


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> TrackCommand:
    monkeypatch.setattr(worker, "keep_to", lambda part, of: None)  # of the tests' own cores
    return TrackCommand(sources=(), reid="none", detections=Path("boxes.txt"), video=False)


def test_one_that_fails_is_counted_and_the_others_go_on(home: Path, job: TrackCommand, capsys):
    (home / "videos/pictures").mkdir()
    for index, width in enumerate([128] * 50 + [64]):
        cv2.imwrite(str(home / "videos/pictures" / f"{index}.png"), np.zeros((96, width, 3), np.uint8))
    (home / "videos/bad.mp4").write_text("just words\n" * 50)
    batch = play(Stage(job), "one.mp4", "bad.mp4", "pictures", "two.mp4")
    said = capsys.readouterr().out
    assert said.count("note: videos/bad.mp4 cannot be read") == 1
    assert said.count("what was tracked until then is in all/pictures/") == 1
    assert sorted(batch.failed) == ["videos/bad.mp4", "videos/pictures"]
    assert rows(said)["videos/pictures"] == ["-", "-", "-", "failed"]
    assert rows(said)["videos/two.mp4"] == ["1", "0", str(FRAMES), "all/two"]
    assert {path.name for path in Path("all").iterdir()} == {"one", "two", "pictures"}


def test_a_video_that_kills_its_workers_is_given_up(home: Path, job: TrackCommand, capsys):
    stage = Stage(job, deadly=["videos/one.mp4"] * 5)
    batch = play(stage, "one.mp4", "two.mp4")
    said = capsys.readouterr().out
    assert said.count("the worker that tracked videos/one.mp4 was killed, so that video begins anew\n") == 2
    assert said.count("note: videos/one.mp4 is given up, as 3 workers were killed at it: memory may have run out") == 1
    assert (batch.failed, len(stage.deadly)) == (["videos/one.mp4"], 2)
    assert {path.name for path in Path("all").iterdir()} == {"two"}


def test_the_video_of_a_lost_machine_goes_to_another_one(home: Path, job: TrackCommand, capsys):
    batch = play(Stage(job, deadly=["videos/one.mp4"], one_life=True), "one.mp4", "two.mp4")
    assert batch.failed == []
    assert rows(capsys.readouterr().out)["videos/one.mp4"] == ["1", "0", str(FRAMES), "all/one"]
    with pytest.raises(InputError, match=r"^no machine of the cluster is left; start again"):
        play(Stage(job, deadly=["videos/one.mp4"] * 2, one_life=True), "one.mp4", "two.mp4")
    assert "not begun" in capsys.readouterr().out


def test_what_keeps_a_worker_from_beginning_is_told_once_and_leaves_nothing(home: Path, job: TrackCommand):
    with pytest.raises(InputError, match=r"^there is no file nowhere\.txt to replay"):
        play(Stage(replace(job, detections=Path("nowhere.txt"))), "one.mp4", "two.mp4")
    assert not Path("all").exists()


def test_a_second_pass_in_a_worker_is_stopped_between_its_rounds():
    stop = Interruption()  # in a thread, no signal comes: another thread asks
    rounds = stop.checked(range(3))
    assert next(rounds) == 0
    stop.ask()
    with pytest.raises(Stopped):
        next(rounds)


@pytest.mark.parametrize(
    ("sources", "options", "said"),
    [
        (["videos"], {"workers": 0}, r"^--workers must be at least 1, not 0$"),
        (
            ["videos"],
            {"workers": 2, "people": CastFiles(save_cast=Path("us.cast"))},
            r"^--save-cast learns from one video for the next: leave ",
        ),
        (["videos", "0"], {"workers": 2}, r"^0 is live, and --workers and --ray are for files"),
        (["videos", "rtsp://stage/1"], {"ray": "here:1"}, r"^rtsp://stage/1 is live"),
        (["videos"], {"ray": "somewhere"}, r"^--ray somewhere is no HOST:PORT, such as "),
        (["videos"], {"ray": "ray://here:10001"}, r"^--ray ray://here:10001 is no HOST:PORT"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_starts(
    home: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str], options: dict, said: str
):
    monkeypatch.setattr(cluster, "version_of", lambda package: "1")
    with pytest.raises(InputError, match=said):
        track(*sources, **options)
    assert not Path("runs").exists()


def test_a_window_is_for_one_video_at_a_time(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tools.track.require_screen", lambda: None)
    with pytest.raises(InputError, match=r"^--show is for one video at a time: leave --workers and --ray out$"):
        track("videos", workers=2, show=True)


def test_without_ray_a_sentence_says_how_to_get_it(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "version_of", lambda package: None)
    with pytest.raises(InputError, match=r"pip install 'followspot\[cluster\]'"):
        track("videos", workers=2)
    track("videos", workers=1, out=Path("all"))  # needs none
    assert {path.name for path in Path("all").iterdir()} == {"one", "two"}


def test_one_video_is_tracked_as_always(home: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(cluster, "version_of", lambda package: None)
    track("videos/one.mp4", workers=2, out=Path("out"))
    assert "note: one video is not shared out among workers" in capsys.readouterr().out
    assert json.loads(Path("out/tracks.json").read_text())["complete"] is True


def test_a_head_that_does_not_answer_is_told_at_once():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        refuse_deaf(f"127.0.0.1:{port}")
    with pytest.raises(
        InputError, match=rf"no Ray cluster answers at --ray 127\.0\.0\.1:{port} \(Connection refused\)"
    ):
        refuse_deaf(f"127.0.0.1:{port}")


def test_a_machine_tells_what_it_sees(tmp_path: Path):
    (tmp_path / "dance.mp4").touch()
    token = tmp_path / "token"
    token.touch()
    seen = look(token, ["dance.mp4", Path("boxes.txt")], tmp_path)
    assert (seen.results, seen.missing) == (True, ("boxes.txt",))
    assert look(tmp_path / "gone", [], tmp_path / "nowhere").results is False


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (
            View("ada", "0.0", True, ()),
            "ada of the cluster has followspot 0.0, this machine .*: install the same version",
        ),
        (
            View("ada", version_of("followspot"), False, ()),
            "ada .* does not see /.*/runs: name a folder by --out on sto",
        ),
        (
            View("ada", version_of("followspot"), True, ("a.mp4",)),
            r"ada .* does not see a\.mp4: put it on storage that",
        ),
    ],
)
def test_a_machine_that_sees_less_is_refused(view: View, said: str):
    with pytest.raises(InputError, match=said):
        refuse_blind(view, Path("runs"))


def test_workers_share_the_cores():
    assert [shared(range(8), part, 3) for part in range(3)] == [range(2), range(2, 5), range(5, 8)]
    assert [list(shared([4, 6], part, 3)) for part in range(3)] == [[4], [4], [6]]


@pytest.mark.parametrize(
    ("machine", "workers", "gpu", "share"),
    [
        ((16, 0), 3, True, (5, 0)),
        ((2, 0), 4, True, (0.5, 0)),
        ((16, 2), 1, True, (16, 1)),
        ((16, 2), 3, True, (5, 0.5)),  # two on one GPU, the third on the other
        ((16, 2), 3, False, (5, 0)),
    ],
)
def test_a_worker_asks_for_its_share_of_a_machine(machine: tuple, workers: int, gpu: bool, share: tuple):
    asked = Machine("1", "ada", *machine).share(workers, gpu)
    assert asked == {"num_cpus": share[0], "num_gpus": share[1]}


def test_a_worker_told_to_stop_begins_no_other_video(home: Path, job: TrackCommand):
    one = Worker(job, home, (0, 2))
    one.prepare()
    Path("done").mkdir()
    done = one.track("videos/one.mp4", Path("done"))
    assert (done.summary.frames, one.frames(), done.whole) == (FRAMES, (Path("done"), FRAMES), True)
    assert done.said.endswith("results in done/\n")
    unseen = one.track("videos/one.mp4", Path("nowhere"))
    assert str(unseen.mistake).endswith(f"does not see {home}/nowhere, where the results belong")
    one.stop()
    Path("not").mkdir()
    stopped = one.track("videos/two.mp4", Path("not"))
    assert (stopped.summary, stopped.mistake) == (None, None)
    assert list(Path("not").iterdir()) == []
