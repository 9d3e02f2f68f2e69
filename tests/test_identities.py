"""The gate on identities: what a fresh clone can measure, with nothing beside it, and how good it has to be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from tools.scoring.score_files import POOLED, evaluate
from tools.track import TrackCommand
from tracker.detection.detector import ReplayDetector
from tracker.pipeline import track
from tracker.results.mot_files import format_rows, read_detections
from tracker.tracker import Tracker
from tracker.types import Frame
from tracker.video.mot_folder import read_seqinfo

STAGE = ROOT / "tests" / "data" / "stage"


def test_motion_alone_keeps_six_dancers_apart_on_two_rendered_stages(tmp_path: Path):
    """Measured: HOTA 96.9 and 89.4 with 6 ids each. Without the last-box term it is 93.3 and 7 ids on the first,
    without recovery 83.1 and 9 ids on the second, with the occlusion cost's sign turned 84.1 on the first."""
    for folder in sorted(STAGE.glob("stage-*")):
        detector = ReplayDetector(read_detections(folder / "gt" / "gt.txt"))
        info = read_seqinfo(folder)
        tracker = Tracker(picture_size=(info.width, info.height))
        frames = (Frame(index, index / info.frame_rate, None) for index in range(info.length))
        rows = [format_rows(tracks) for _, tracks in track(frames, detector, tracker)]
        (tmp_path / f"{folder.name}.txt").write_text("".join(rows))
    scores = evaluate(STAGE, tmp_path)
    assert {name: score.ids for name, score in scores.items()} == {"stage-101": 6, "stage-102": 6, POOLED: 12}
    numbers = {name: score.numbers()["HOTA"] for name, score in scores.items()}
    assert numbers["stage-101"] >= 95.5
    assert numbers["stage-102"] >= 88.0


NO_NETWORK = """
import os, socket, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        with open(os.environ["ASKED_FOR"], "a") as file:
            print(event, arguments[-1] if event == "socket.connect" else arguments[0], file=file)
        raise OSError("the network is cut off")

sys.addaudithook(refuse)
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the real command with the bundled weights, which asked no other machine for anything."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "tools", "demo", "--out", str(folder / "demo")]
    (folder / "sitecustomize.py").write_text(NO_NETWORK)
    asked_for = folder / "asked"
    path = os.pathsep.join([str(folder), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "ASKED_FOR": str(asked_for)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert not asked_for.exists(), asked_for.read_text()
    return folder / "demo"


@pytest.mark.slow
def test_the_demo_finds_its_five_dancers_with_the_network_cut_off(demo: Path):
    """Measured: 5 ids, HOTA 85.8, IDF1 95.5; before short gaps were filled 85.4 and 95.1."""
    score = evaluate(ROOT / "assets" / "demo_gt.txt", demo / "tracks.txt")[POOLED]
    assert score.ids == 5
    assert score.numbers()["HOTA"] >= 82.0
    assert score.numbers()["IDF1"] >= 92.0


@pytest.mark.slow
@pytest.mark.parametrize("reid", ["none", "histogram"])
def test_without_the_encoder_the_demo_goes_wrong(reid: str, demo: Path, tmp_path: Path):
    """Appearance decides in it: IDF1 75.6 by motion alone, and a sixth id by colours (IDF1 92.8).

    On the detector's boxes of the demo's run: those that tracks took, and those that none did.
    """
    clip, boxes, out = str(ROOT / "assets" / "demo.mp4"), tmp_path / "boxes.txt", tmp_path / "run"
    rows = [row for name in ("tracks.txt", "unused.txt") for row in (demo / name).read_text().splitlines()]
    boxes.write_text("".join(",".join(row.split(",")[:7]) + "\n" for row in rows))
    TrackCommand((clip,), out, reid=reid, detections=boxes, video=False).run()
    score = evaluate(ROOT / "assets" / "demo_gt.txt", out / "tracks.txt")[POOLED]
    assert score.numbers()["IDF1"] < 86.5 or score.ids > 5
