"""Commands ended at random moments, KILLS times in all: what is left is whole, or says that it is not.

A few in `make test`, hundreds in `make test-faults`.
"""

from __future__ import annotations

import json
import random
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from faults.ending import CODES, KILLS, Ended, ended, run

from tools.run.tracked_run import read_run
from tracker.results.mot_files import read_tracks
from tracker.video.video_reader import VideoReader
from tracker.video.video_writer import VideoWriter

FPS, FRAMES, ROUND = 25, 250, 8
TRACK = ("track", "film.mp4", "--detections", "boxes.txt", "--reid", "none", "--no-cuts", "--out", "out")
COMMANDS = {
    "track": TRACK,
    "refine": (*TRACK, "--refine"),
    "render": ("render", "run", "--out", "drawn.mp4", "--style", "boxes"),
    "convert": ("convert", "run", "--to", "coco", "cvat", "--overwrite"),
    "export": ("review", "run", "--export"),
}
RESULTS = {"video.mp4", "tracks.txt", "tracks.csv", "tracks.json", "report.html", "config.json", "unused.txt"}
PARTLY = {"video.part.mp4", "online", "refined.part"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of noise with one box that stands still, and a whole run of it."""
    home = tmp_path_factory.mktemp("home")
    noise = np.random.default_rng(0).integers(0, 255, (144, 256, 3), np.uint8)
    with VideoWriter(home / "film.mp4", width=256, height=144, fps=FPS, preset="ultrafast", crf=40) as writer:
        for index in range(FRAMES):
            writer.write(np.roll(noise, index, axis=1), index / FPS)
    # The box touches the edge, so no floor is sought, which would import scipy.optimize in each process.
    (home / "boxes.txt").write_text("".join(f"{index + 1},-1,80,0,50,100,0.9\n" for index in range(FRAMES)))
    assert run(home, *TRACK[:-1], "run").returncode == 0
    return home


def frames(video: Path) -> int:
    with VideoReader(video) as source:
        return sum(1 for _ in source)


def check_rows(folder: Path, end: Ended) -> None:
    """Rows are whole, and no more than there are frames."""
    for file in (path for name in ("tracks.txt", "tracks.csv", "unused.txt") for path in folder.rglob(name)):
        text = file.read_text()
        assert not text or text.endswith("\n"), (end, file)
    for file in folder.rglob("tracks.txt"):
        assert len(read_tracks(file, fps=FPS)) <= FRAMES


def check_tracked(folder: Path, end: Ended) -> None:
    out = folder / "out"
    if not out.exists():
        return
    check_rows(out, end)
    left = {path.name for path in out.iterdir()}
    assert left <= RESULTS | PARTLY or end.killed, (end, left)
    if (out / "video.mp4").exists():
        assert frames(out / "video.mp4") > 0
    if (out / "tracks.json").exists():
        facts = json.loads((out / "tracks.json").read_text())
        ended_before = end.by_itself and "results in " in end.said  # the signal came while the interpreter was ending
        assert facts["complete"] is (end.code == 0 or ended_before), end
        if not end.killed:
            assert facts["complete"] or facts["notes"], end
        assert read_run(out).frames <= FRAMES


def check_drawn(folder: Path, end: Ended) -> None:
    if (folder / "drawn.mp4").exists():
        assert frames(folder / "drawn.mp4") == FRAMES, end


def check_converted(folder: Path, end: Ended) -> None:
    for file in (folder / "run").rglob("coco.json"):
        assert len(json.loads(file.read_text())["annotations"]) == FRAMES, end
    for file in (folder / "run").rglob("cvat.xml"):
        assert ElementTree.parse(file).getroot().tag == "annotations", end


def check_exported(folder: Path, end: Ended) -> None:
    corrected = folder / "run" / "corrected"
    if corrected.exists():
        assert len(read_tracks(corrected / "tracks.txt", fps=FPS)) == FRAMES, end
        assert json.loads((corrected / "tracks.json").read_text())


CHECKS = {
    "track": check_tracked,
    "refine": check_tracked,
    "render": check_drawn,
    "convert": check_converted,
    "export": check_exported,
}


@pytest.mark.parametrize("turn", range(-(-KILLS // ROUND)))
def test_what_is_left_of_commands_ended_at_any_moment_is_whole_or_says_that_it_is_not(
    turn: int, home: Path, tmp_path: Path
):
    draw = random.Random(turn)
    own = {path.name: path.read_bytes() for path in (home / "run").iterdir()}
    for count in range(min(ROUND, KILLS - turn * ROUND)):
        folder = tmp_path / str(count)
        shutil.copytree(home, folder)
        name, by = draw.choice(list(COMMANDS)), draw.choice(list(CODES))
        end = ended(name, COMMANDS[name], by, draw.uniform(0.3, 4.0), folder)
        end.check_code()
        CHECKS[name](folder, end)
        assert {each: (folder / "run" / each).read_bytes() for each in own} == own, end
        if name == "track" and end.code:
            again = run(folder, *TRACK)
            assert again.returncode == 0 or "already holds files" in again.stderr, (end, again.stderr)
        shutil.rmtree(folder)
