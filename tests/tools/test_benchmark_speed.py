"""`followspot benchmark speed`: whole commands that take turns, medians by hand, one that fails, and what is typed."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest

from tools.benchmark import processes, speed_commands
from tools.benchmark.peer_runs import peer_environment
from tools.benchmark.processes import Command, Spent, last_line, run_timed
from tools.benchmark.speed_commands import ROWS, Job, Kit, Row, count_ids
from tools.benchmark.speed_report import Timings, ratio, speed_table
from tools.benchmark_speed import BenchmarkSpeedCommand, count_frames, cut_short
from tools.run.output import show
from tracker.types import InputError
from tracker.video.video_reader import VideoReader
from tracker.video.video_writer import VideoWriter

RECORD = """
import pathlib, sys
name, log, video, out = sys.argv[1:]
with open(log, "a") as lines: print(name, pathlib.Path(video).stem, file=lines)
pathlib.Path(out).mkdir()
ids = [*range(3 if name == "followspot" else 5), -1]
pathlib.Path(out, "tracks.txt").write_text("".join(f"1,{id},0,0,9,9,1\\n" for id in ids))
print("chatter")
"""
FAIL = "import sys; print('│ ValueError: no such network │'); print('╰────╯'); sys.exit(4)"


def write_video(path: Path, frames: int) -> Path:
    with VideoWriter(path, width=64, height=48, fps=25) as writer:
        for index in range(frames):
            writer.write(np.full((48, 64, 3), 5 * index, np.uint8), index / 25)
    return path


def rows(log: Path, **scripts: str) -> dict[str, Row]:
    """Commands of tiny scripts, which note in `log` that they ran, and on which video."""

    def row(name: str, script: str) -> Row:
        words = [sys.executable, "-c", script, name, str(log)]
        return Row(lambda job: Command([*words, str(job.video), str(job.out)]))

    return {name.replace("_", "-"): row(name, script) for name, script in scripts.items()}


def use(monkeypatch: pytest.MonkeyPatch, made: dict[str, Row]) -> None:
    for module in ("tools.benchmark_speed", "tools.benchmark.speed_report"):
        monkeypatch.setattr(f"{module}.ROWS", made)


def spent(*seconds: float) -> list[Spent]:
    return [Spent(each, 2 * each, 100.0) for each in seconds]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "net.pt"
    path.write_bytes(b"weights")
    return path


def test_commands_take_turns_and_medians_count(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Each turn has the first ten frames, then all thirty; the turn before the first timed one has the ten alone.

    The clock is moved by hand: ours needs 1 s to start and 2, 9, 3 s for all (median 3), theirs 2 s and 6, 7, 60
    (median 7), so theirs / ours is 7 / 3, and once started ours does its 20 frames in 2 s.
    """
    log, written = tmp_path / "log.txt", tmp_path / "speed.json"
    use(monkeypatch, rows(log, followspot=RECORD, theirs=RECORD))
    took = [1, 2, *(1, 2, 2, 6), *(1, 9, 2, 7), *(1, 3, 2, 60)]
    clock = accumulate(step for seconds in took for step in (0, seconds))
    monkeypatch.setattr(processes, "perf_counter", lambda: float(next(clock)))
    video = write_video(tmp_path / "dance.mp4", 30)
    BenchmarkSpeedCommand((video,), detector=str(weights), runs=3, json=written).run()
    cut = "first_frames_of_dance"
    turn = [f"followspot {cut}", "followspot dance", f"theirs {cut}", "theirs dance"]
    assert log.read_text().splitlines() == [turn[0], turn[2], *turn, *turn, *turn]
    commands = json.loads(written.read_text())["videos"]["dance.mp4"]["commands"]
    ours, theirs = commands["followspot"], commands["theirs"]
    assert (ours["seconds"], theirs["seconds"]) == (3, 7)
    assert (ours["start_up_seconds"], theirs["start_up_seconds"]) == (1, 2)
    assert (ours["frames_per_second"], ours["running_frames_per_second"]) == (10, 10)
    assert theirs["ours_by_theirs"] == pytest.approx(7 / 3)
    assert [run["seconds"] for run in theirs["runs"]] == [6, 7, 60]
    assert (ours["ids"], theirs["ids"]) == (3, 5)
    shown = capsys.readouterr().out
    assert "6.0..60.0" in shown
    assert "chatter" not in shown


def test_one_that_fails_is_told_once_and_the_others_go_on(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    log, written = tmp_path / "log.txt", tmp_path / "speed.json"
    use(monkeypatch, rows(log, followspot=RECORD, theirs=FAIL))
    BenchmarkSpeedCommand((write_video(tmp_path / "dance.mp4", 20),), detector=str(weights), runs=1, json=written).run()
    commands = json.loads(written.read_text())["videos"]["dance.mp4"]["commands"]
    assert commands["theirs"] == {"failure": "ValueError: no such network (exit code 4)", "ours_by_theirs": None}
    assert commands["followspot"]["ours_by_theirs"] == 1
    shown = capsys.readouterr().out
    assert shown.count("ValueError: no such network") == 1
    assert "failed" in shown


def test_a_command_runs_in_its_folder_with_its_environment_and_what_it_costs_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A process that holds 64 MB and counts for 0.2 s of processor; PYTHONPATH and the one thread for NumPy are ours
    alone, and compiled modules are kept."""
    ours = {"PYTHONPATH": "/ours", "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    script = (
        "import os, time; held = bytearray(os.urandom(1)) * 64_000_000\n"
        "while time.process_time() < 0.2: pass\n"
        f"seen = [os.environ.get(name) for name in (*{tuple(ours)}, 'GIVEN', 'YOLO_OFFLINE')]\n"
        "open('seen', 'w').write(str(seen))"
    )
    cost = run_timed(Command([sys.executable, "-c", script], {"GIVEN": "here"}), tmp_path)
    assert (tmp_path / "seen").read_text() == "[None, None, None, 'here', 'true']"
    assert cost.processor >= 0.2
    assert cost.megabytes >= 64


def test_a_program_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(InputError, match="/no/such/program cannot be run: No such file"):
        run_timed(Command(["/no/such/program"]), tmp_path)


def test_the_last_line_is_the_last_one_that_says_something():
    assert last_line("Traceback\n│ OSError: gone │\n╰─────╯\n\n") == "OSError: gone"
    assert last_line("\n--- 12 ---\n") == "it failed without a word"


def test_frames_once_started_are_those_after_the_first_ones():
    """110 frames in 12 s, the first 10 of them in 2: 100 in 10 s. Of a median start as long as all, nothing is told."""
    timings = Timings(110, 10, spent(12, 11, 30), spent(2, 2, 5))
    assert timings.frames_per_second == pytest.approx(110 / 12)
    assert timings.running_frames_per_second == pytest.approx(10)
    assert timings.numbers()["processor_ms_per_frame"] == pytest.approx(1e3 * 24 / 110)
    assert Timings(20, 10, spent(2), spent(3)).running_frames_per_second is None


def test_what_gets_its_boxes_is_measured_by_ours_that_gets_them_too(capsys: pytest.CaptureFixture[str]):
    timed = {
        "followspot": Timings(20, 10, spent(8), spent(1), 3),
        "followspot-boxes-given": Timings(20, 10, spent(2), spent(1), 3),
        "roboflow-bytetrack-boxes-given": Timings(20, 10, spent(3), spent(1), 4),
        "boxmot-bytetrack": Timings(20, 10, spent(32), spent(1), 4),
    }
    assert ratio("roboflow-bytetrack-boxes-given", timed) == 1.5
    assert ratio("boxmot-bytetrack", timed) == 4
    assert ratio("boxmot-bytetrack", {"boxmot-bytetrack": timed["boxmot-bytetrack"]}) is None
    show(speed_table(timed, "dance"))
    *_, last = (line.split() for line in capsys.readouterr().out.splitlines() if line.strip())
    assert last == ["boxmot-bytetrack", "32.0", "32.0..32.0", "1.0", "0.6", "0.3", "3200.0", "100", "4", "4.00"]


def test_ids_are_read_as_each_program_writes_them(tmp_path: Path):
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "tracks.txt").write_text("1,0,1,1,5,5,0.9,0,-1\n2,0,1,1,5,5,0.9,0,-1\n2,7,1,1,5,5,0.9,0,-1\n")
    assert count_ids(tmp_path) == 2
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "dance_1.txt").write_text("0 0.5 0.5 0.1 0.1 3\n0 0.2 0.5 0.1 0.1 4\n")
    (tmp_path / "labels" / "dance_2.txt").write_text("0 0.5 0.5 0.1 0.1\n0 0.2 0.5 0.1 0.1 4\n")
    assert count_ids(tmp_path / "labels" / "..") == 4


def typed(name: str, kit: Kit) -> str:
    return " ".join(ROWS[name].command(Job(Path("/v/dance.mp4"), Path("/o/out"), kit)).words)


def test_all_find_people_with_the_same_weights_at_the_same_size(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    reid = tmp_path / "osnet_x0_25_msmt17.pth"
    reid.write_bytes(b"osnet")
    kit = Kit(weights, 320, reid, tmp_path / "kit")
    monkeypatch.setattr(speed_commands, "peer_environment", lambda package: Path("/env") / package)
    monkeypatch.setattr(kit, "_boxes", {Path("/v/dance.mp4"): Path("/b/boxes.txt")})
    ours = typed("followspot-no-reid", kit)
    assert f"-m tools track /v/dance.mp4 --out /o/out --detector {weights} --imgsz 320 --reid none" in ours
    theirs = typed("ultralytics-botsort", kit)
    assert f"track model={weights} source=/v/dance.mp4 tracker=botsort.yaml" in theirs
    assert theirs.endswith("imgsz=320 classes=0 save_txt=True project=/o name=out")
    boxmot = typed("boxmot-botsort-reid", kit)
    assert boxmot.startswith("/env/boxmot/boxmot track --source /v/dance.mp4 --tracker botsort")
    assert f"--detector {weights} --imgsz 320 --classes 0" in boxmot
    assert f"--reid {tmp_path}/kit/osnet_x0_25_msmt17.pt" in boxmot
    assert (tmp_path / "kit" / "osnet_x0_25_msmt17.pt").read_bytes() == b"osnet"
    replayed = typed("roboflow-botsort-boxes-given", kit)
    assert replayed.startswith("/env/roboflow/trackers track --source /v/dance.mp4 --detections /b/boxes.txt")
    assert "--detections /b/boxes.txt --reid none" in typed("followspot-boxes-given", kit)


def test_without_their_weights_the_peers_with_appearance_say_what_is_missing(tmp_path: Path, weights: Path):
    with pytest.raises(InputError, match="--peer-reid"):
        _ = Kit(weights, 640, None, tmp_path).reid


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A uv that notes what it is asked for and cannot install trackers; returns its notes."""
    program, notes = tmp_path / "bin" / "uv", tmp_path / "asked.txt"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >> "{notes}"\ncase "$*" in *trackers==*) echo "no network" >&2; exit 2;; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return notes


def test_the_environment_of_a_peer_is_kept_by_what_is_in_it(uv: Path, tmp_path: Path):
    """BoxMOT has the Ultralytics that runs here, so its place tells both releases."""
    programs = peer_environment("boxmot")
    assert programs.parent.parent == tmp_path / "cache" / "followspot" / "peers"
    assert programs.parent.name.startswith(f"boxmot-25.0.0-ultralytics-{version('ultralytics')}-python-3.")
    made, installed = uv.read_text().splitlines()
    assert made.startswith("venv")
    assert made.endswith(str(programs.parent))
    assert installed.endswith(f"{programs}/python boxmot==25.0.0 ultralytics=={version('ultralytics')}")


@pytest.mark.usefixtures("uv")
def test_an_environment_that_cannot_be_made_is_told():
    with pytest.raises(InputError, match=r"the environment of trackers==\S+ cannot be made: no network"):
        peer_environment("roboflow")


def test_an_export_is_made_once_beside_a_copy_of_the_weights(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    made: list[list[str]] = []
    monkeypatch.setattr(speed_commands, "run_timed", lambda command, folder: made.append(list(command.words)))
    kit = Kit(weights, 640, None, tmp_path / "kit")
    assert kit.openvino == kit.openvino == tmp_path / "kit" / "openvino" / "net_openvino_model"
    assert kit.openvino_dynamic == tmp_path / "kit" / "openvino-dynamic" / "net_openvino_model"
    assert [words[-1] for words in made] == ["imgsz=640", "dynamic=True"]
    assert f"model={tmp_path}/kit/openvino/net.pt" in made[0]


def test_boxes_to_replay_are_those_of_tracks_and_those_that_none_took(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    def track(command: Command, folder: Path) -> None:
        out = Path(command.words[command.words.index("--out") + 1])
        out.mkdir()
        (out / "tracks.txt").write_text("1,2,10,20,30,40,0.9,-1,-1,-1\n")
        (out / "unused.txt").write_text("1,-1,50,20,30,40,0.4\n")

    monkeypatch.setattr(speed_commands, "run_timed", track)
    boxes = Kit(weights, 640, None, tmp_path / "kit").boxes(Path("dance.mp4"))
    assert boxes.read_text() == "1,-1,10,20,30,40,0.9\n1,-1,50,20,30,40,0.4\n"


def test_the_cut_has_the_first_ten_frames(tmp_path: Path):
    cut = cut_short(write_video(tmp_path / "dance.mp4", 25), tmp_path / "cut.mp4")
    with VideoReader(cut) as reader:
        brightness = [float(frame.image.mean()) for frame in reader if frame.image is not None]
    assert brightness == pytest.approx([5 * index for index in range(10)], abs=4)


def test_without_weights_for_them_the_peers_with_appearance_are_left_out(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    log, written = tmp_path / "log.txt", tmp_path / "speed.json"
    made = rows(log, followspot=RECORD, followspot_no_reid=RECORD, boxmot_botsort_reid=FAIL)
    use(monkeypatch, {**made, "boxmot-botsort-reid": made["boxmot-botsort-reid"]._replace(wants_reid=True)})
    BenchmarkSpeedCommand((write_video(tmp_path / "dance.mp4", 20),), detector=str(weights), runs=1, json=written).run()
    assert list(json.loads(written.read_text())["videos"]["dance.mp4"]["commands"]) == [
        "followspot",
        "followspot-no-reid",
    ]
    assert [name for name, row in speed_commands.ROWS.items() if row.wants_reid] == ["boxmot-botsort-reid"]


def test_mistakes_are_refused_before_anything_runs(tmp_path: Path, weights: Path):
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(InputError, match=r"text\.mp4"):
        BenchmarkSpeedCommand((tmp_path / "text.mp4",), detector=str(weights)).run()
    with pytest.raises(InputError, match="has 19 frames: name a video of 20 or more"):
        count_frames(write_video(tmp_path / "short.mp4", 19))
    video = (write_video(tmp_path / "dance.mp4", 20),)
    for options, refused in (
        ({"runs": 0}, "--runs must be at least 1"),
        ({"rows": ("yolo",)}, "no command is called yolo"),
        ({"detector": "/no/net.pt"}, r"there are no weights /no/net\.pt for --detector"),
        ({"rows": ("boxmot-botsort-reid",)}, "boxmot-botsort-reid needs weights: give them with --peer-reid"),
        ({"videos": ()}, "name at least one video"),
    ):
        with pytest.raises(InputError, match=refused):
            BenchmarkSpeedCommand(**{"videos": video, **options}).run()
