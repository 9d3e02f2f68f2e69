"""`followspot benchmark tracks`: the simulated detector, how peers are run, and a whole benchmark of ours alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tools.benchmark import OURS, BenchmarkTracks, run_ours
from tools.evaluate import POOLED, evaluate
from tools.labelled_boxes import LabelledBoxes
from tools.peer_runs import check_peers, run_peers
from tools.peers import Peer, track
from tools.sequences import find_sequences
from tools.simulated_detector import STRENGTHS, SimulatedDetectorOptions, covered_share, simulate
from tracker.tracker import TrackerOptions
from tracker.types import InputError

DANCETRACK = Path(__file__).parents[3] / "shared/dancetrack"
FRONT = [0.0, 0, 100, 200]
"""A person whose feet are nearer to the camera than those of the people behind."""


def people(*boxes: list[float]) -> LabelledBoxes:
    return LabelledBoxes(np.arange(len(boxes)), np.array(boxes, np.float64).reshape(-1, 4))


def write_dance(root: Path, name: str, length: int = 40) -> None:
    """Two people who walk past each other on two lines, far enough apart never to overlap."""
    rows = [
        f"{t + 1},{person},{20 + 5 * (t if person else length - t)},{40 + 220 * person},60,160,1,1,1\n"
        for t in range(length)
        for person in (0, 1)
    ]
    (root / name / "gt").mkdir(parents=True)
    (root / name / "gt/gt.txt").write_text("".join(rows))
    info = f"name={name}\nframeRate=20\nseqLength={length}\nimWidth=640\nimHeight=480\n"
    (root / name / "seqinfo.ini").write_text(f"[Sequence]\n{info}")


def fake_uv(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    (folder / "uv").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_only_people_nearer_to_the_camera_cover():
    # The second box stands 20 px further back and lies by half in the first one; the third is alone.
    behind, alone = [50.0, 20, 150, 180], [400.0, 0, 500, 200]
    np.testing.assert_allclose(covered_share(np.array([FRONT, behind, alone])), [0, 0.5, 0])


def test_the_same_seed_and_name_see_the_same():
    truth = [people(FRONT, [300.0, 0, 400, 200])] * 20
    once, again, elsewhere = (simulate(truth, (640, 480), name, STRENGTHS["simulated"]) for name in ("a", "a", "b"))
    for first, second in zip(once, again, strict=True):
        np.testing.assert_array_equal(first.xyxy, second.xyxy)
    assert any(
        len(first) != len(other) or (first.xyxy != other.xyxy).any()
        for first, other in zip(once, elsewhere, strict=True)
    )


def test_the_hidden_are_missed_and_doubted():
    hidden = [5.0, 5, 95, 195]
    options = SimulatedDetectorOptions(ghosts=0, box_noise=0, box_noise_hidden=0)
    seen = simulate([people(FRONT, hidden)] * 1000, (640, 480), "crowd", options)
    front = np.concatenate([frame.score[frame.xyxy[:, 3] == 200] for frame in seen])
    behind = np.concatenate([frame.score[frame.xyxy[:, 3] == 195] for frame in seen])
    # 0.985 and 0.1 of 1000, within four standard deviations of the binomial.
    assert len(front) == pytest.approx(985, abs=16)
    assert len(behind) == pytest.approx(100, abs=38)
    assert front.mean() == pytest.approx(0.88, abs=0.01)
    assert behind.mean() == pytest.approx(0.5, abs=0.03)


def test_ghosts_score_low_and_stay_in_the_picture():
    seen = simulate([people()] * 500, (640, 480), "empty stage", SimulatedDetectorOptions(ghosts=2))
    boxes, scores = np.concatenate([frame.xyxy for frame in seen]), np.concatenate([frame.score for frame in seen])
    assert len(boxes) == pytest.approx(1000, abs=130)
    assert scores.max() <= 0.5
    assert boxes.min() >= 0
    assert (boxes.max(axis=0) <= [640, 480, 640, 480]).all()


def test_the_order_of_rows_does_not_tell_who_is_who():
    options = SimulatedDetectorOptions(miss=0, ghosts=0, box_noise=0)
    seen = simulate([people(FRONT, [300.0, 0, 400, 200])] * 50, (640, 480), "pair", options)
    assert {bool(frame.xyxy[0, 0] == 0) for frame in seen} == {True, False}


def test_strengths_go_from_few_misses_to_many():
    truth = [people(FRONT, [30.0, 0, 130, 190], [60.0, 0, 160, 180])] * 400
    found = {name: sum(map(len, simulate(truth, (640, 480), "trio", options))) for name, options in STRENGTHS.items()}
    assert found["mild"] > found["simulated"] > found["strong"]


def test_a_peer_gets_every_frame_and_its_rows_become_mot_text(tmp_path: Path):
    (tmp_path / "det.txt").write_text("3,-1,10,20,30,40,0.9\n1,-1,50,60,70,80,0.5\n")
    frames = []

    def update(xyxy: np.ndarray, score: np.ndarray) -> np.ndarray:
        frames.append(xyxy.tolist())
        return np.column_stack([np.full(len(xyxy), 7), xyxy, score])

    peer = Peer(update, prepare=lambda xyxy, score: (xyxy, score), rows=lambda tracked: tracked)
    track(peer, {"length": 4, "detections": str(tmp_path / "det.txt")}, tmp_path / "out.txt")
    assert frames == [[[50, 60, 120, 140]], [], [[10, 20, 40, 60]], []]
    assert (tmp_path / "out.txt").read_text() == (
        "1,7,50.00,60.00,70.00,80.00,0.500,-1,-1,-1\n3,7,10.00,20.00,30.00,40.00,0.900,-1,-1,-1\n"
    )


def test_an_unknown_peer_is_named():
    with pytest.raises(InputError, match="no peer is called sortt; there are roboflow-sort"):
        check_peers(["sortt"])


def test_peers_want_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    check_peers([])
    with pytest.raises(InputError, match="uv"):
        check_peers(["roboflow-sort"])


def test_each_package_runs_once_in_its_own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake_uv(
        tmp_path / "bin", f'echo "$@" >> {tmp_path}/calls; echo "$OMP_NUM_THREADS" >> {tmp_path}/threads', monkeypatch
    )
    run_peers(["roboflow-sort", "boxmot-ocsort", "roboflow-ocsort"], [], tmp_path / "out")
    first, second = (tmp_path / "calls").read_text().splitlines()
    assert "--with trackers==" in first
    assert "--with boxmot==" in second
    assert (tmp_path / "threads").read_text() == "1\n1\n"


def test_a_failing_environment_ends_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake_uv(tmp_path / "bin", "echo something long >&2; echo no such release >&2; exit 1", monkeypatch)
    with pytest.raises(InputError, match=r"^boxmot==\S+ did not run: no such release$"):
        run_peers(["boxmot-ocsort"], [], tmp_path / "out")


def test_a_benchmark_of_ours_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for name in ("waltz", "tango"):
        write_dance(tmp_path / "truth", name)
        (tmp_path / "truth" / name / "boxes.txt").write_text("1,-1,30,40,60,160,0.9\n")
    out = tmp_path / "out"
    BenchmarkTracks(tmp_path / "truth", ("exact", "mild", "boxes.txt"), peers=(), out=out).run()
    written = json.loads((out / "benchmark.json").read_text())
    assert written["sequences"] == ["tango", "waltz"]
    exact = written["detections"]["exact"][OURS]
    assert exact["HOTA"] == pytest.approx(100)
    assert exact["ids"] == 4
    assert 0 < exact["ms_per_frame"] < 50
    assert written["detections"]["mild"][OURS]["HOTA"] > 50
    assert written["detections"]["boxes.txt"][OURS]["FN"] > 150
    assert (out / "benchmark.png").read_bytes().startswith(b"\x89PNG")
    assert OURS in capsys.readouterr().out
    again = evaluate(tmp_path / "truth", out / "exact" / OURS, processes=1)
    assert again[POOLED].hota == pytest.approx(exact["HOTA"])


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    write_dance(tmp_path / "truth", "waltz")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make the folder"):
        BenchmarkTracks(tmp_path / "truth", peers=(), out=tmp_path / "file/out").run()


def test_sequences_without_a_length_are_refused(tmp_path: Path):
    write_dance(tmp_path / "truth", "waltz")
    (tmp_path / "truth/waltz/seqinfo.ini").unlink()
    with pytest.raises(InputError, match=r"seqinfo\.ini should give seqLength"):
        BenchmarkTracks(tmp_path / "truth", peers=(), out=tmp_path / "out").run()


def test_a_misspelt_kind_of_detections_is_refused(tmp_path: Path):
    write_dance(tmp_path / "truth", "waltz")
    with pytest.raises(InputError, match=r"exakt is not there; --detections takes exact, mild"):
        BenchmarkTracks(tmp_path / "truth", ("exakt",), peers=(), out=tmp_path / "out").run()


@pytest.mark.slow
@pytest.mark.parametrize(("detections", "bytetrack"), [("det/gt.txt", 76.6), ("det/sim.txt", 49.3)])
def test_no_worse_than_bytetrack_on_dancetrack(tmp_path: Path, detections: str, bytetrack: float):
    if not DANCETRACK.is_dir():
        pytest.skip(f"{DANCETRACK} is not there")
    sequences = find_sequences(DANCETRACK)
    run_ours(sequences, [sequence.folder / detections for sequence in sequences], TrackerOptions(), tmp_path / OURS)
    timing = json.loads((tmp_path / f"{OURS}.json").read_text())
    assert 1000 * timing["seconds"] / timing["frames"] < 1.5
    assert evaluate(DANCETRACK, tmp_path / OURS)[POOLED].hota >= bytetrack
