"""`followspot benchmark stage`: scenes that are kept, the row with --cast, and videos whose ids are right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.bundled import COLOUR_HISTOGRAM
from tools.benchmark.scenes import render, render_scenes
from tools.benchmark.setup import OURS, OURS_WITH_CAST, OURS_WITH_REID, OURS_WITHOUT_CUTS, rows_with_reid
from tools.benchmark_stage import BenchmarkStageCommand
from tools.benchmark_tracks import BenchmarkTracksCommand
from tools.renderer.options import StageOptions
from tools.scoring.sequences import find_pictures, find_sequences
from tracker.types import InputError

SMALL = StageOptions(dancers=2, twins=2, seconds=0.4, width=128, height=96, seed=3, audio=False)


def write_flicker(root: Path, name: str, strangers: int) -> None:
    """Two people stand still for 40 frames; then so many `strangers` stand elsewhere, as boxes of no truth."""
    people = [f"{t + 1},{person},{100 + 200 * person},100,60,160,1,1,1\n" for t in range(80) for person in (0, 1)]
    (root / name / "gt").mkdir(parents=True)
    (root / name / "gt/gt.txt").write_text("".join(people))
    more = [f"{t + 1},-1,{500 + 80 * s},300,60,160,0.9\n" for t in range(40, 80) for s in range(strangers)]
    seen = [",".join([row.split(",")[0], "-1", *row.split(",")[2:6], "0.9\n"]) for row in people]
    (root / name / "boxes.txt").write_text("".join(seen + more))
    (root / name / "seqinfo.ini").write_text(
        f"[Sequence]\nname={name}\nframeRate=20\nseqLength=80\nimWidth=960\nimHeight=540\n"
    )


def test_with_a_cast_of_two_there_is_no_third_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_flicker(tmp_path / "truth", "clean", strangers=0)
    write_flicker(tmp_path / "truth", "crowded", strangers=2)
    out = tmp_path / "out"
    BenchmarkTracksCommand(tmp_path / "truth", ("boxes.txt",), peers=(), cast=2, out=out).run()
    ours = json.loads((out / "benchmark.json").read_text())["detections"]["boxes.txt"]
    # Of two videos with two people each: with two strangers in one, ours counts 2 + 4 ids without --cast.
    assert (ours[OURS]["ids"], ours[OURS]["ids_right"], ours[OURS]["runs"]) == (6, 1, 2)
    assert (ours[OURS_WITH_CAST]["ids"], ours[OURS_WITH_CAST]["ids_right"]) == (4, 2)
    printed = capsys.readouterr().out
    assert "1/2" in printed
    assert "2/2" in printed


def test_only_the_chosen_sequences_are_tracked(tmp_path: Path):
    for name in ("clean", "other"):
        write_flicker(tmp_path / "truth", name, strangers=0)
    out = tmp_path / "out"
    BenchmarkTracksCommand(tmp_path / "truth", ("exact",), peers=(), only=("other",), out=out).run()
    assert json.loads((out / "benchmark.json").read_text())["sequences"] == ["other"]
    with pytest.raises(InputError, match="no sequence is called another; there are clean, other"):
        BenchmarkTracksCommand(tmp_path / "truth", ("exact",), peers=(), only=("another",), out=out).run()


def test_a_rendered_scene_is_a_sequence_with_pictures(tmp_path: Path):
    render(("stage-03", SMALL), tmp_path)
    [scene] = find_sequences(tmp_path)
    pictures = find_pictures(scene)
    assert (scene.name, scene.length, scene.size) == ("stage-03", 10, (128, 96))
    assert pictures is not None
    with pictures.open() as frames:
        assert len(list(frames)) == 10


def test_scenes_are_rendered_once_and_again_with_other_options(tmp_path: Path):
    render_scenes({"stage-03": SMALL}, tmp_path, processes=1)
    video = tmp_path / "stage-03/video.mp4"
    first = video.stat().st_mtime_ns
    render_scenes({"stage-03": SMALL}, tmp_path, processes=1)
    assert video.stat().st_mtime_ns == first
    assert not (tmp_path / ".unfinished").exists()
    other = StageOptions(dancers=2, seconds=0.2, width=128, height=96, audio=False)
    render_scenes({"stage-03": other}, tmp_path, processes=1)
    assert find_sequences(tmp_path)[0].length == 5


def test_a_folder_that_is_no_scene_stays_as_it_is(tmp_path: Path):
    (tmp_path / "stage-03").mkdir()
    (tmp_path / "stage-03/diary.txt").write_text("mine")
    with pytest.raises(InputError, match="stage-03 is no rendered scene: name another --out"):
        render_scenes({"stage-03": SMALL}, tmp_path, processes=1)
    assert (tmp_path / "stage-03/diary.txt").read_text() == "mine"


def test_numbers_that_make_no_sense_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="--seeds must be at least 1"):
        BenchmarkStageCommand(seeds=0, peers=(), out=tmp_path).run()
    with pytest.raises(InputError, match="twins must be 0 to 2"):
        BenchmarkStageCommand(seeds=1, dancers=2, identical=3, peers=(), out=tmp_path).run()


def test_the_benchmark_tracks_its_own_seeds_with_their_cast(tmp_path: Path):
    bench = BenchmarkStageCommand(seeds=2, dancers=4, identical=2, seconds=3.0, out=tmp_path)
    scene = bench.scene(7)
    assert (scene.dancers, scene.twins, scene.seconds, scene.seed) == (4, 2, 3.0, 7)
    tracks = bench.benchmark(tmp_path / "scenes", ("stage-01", "stage-02"))
    assert (tracks.cast, tracks.only, tracks.gt) == (4, ("stage-01", "stage-02"), tmp_path / "scenes")
    assert BenchmarkStageCommand(reid=("histogram", "bundled")).benchmark(tmp_path, ()).cast is None


def test_several_encoders_are_compared_in_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    render(("stage-03", SMALL), tmp_path)
    colours = tmp_path / "run" / "colours.json"
    colours.parent.mkdir()
    colours.write_bytes(COLOUR_HISTOGRAM.read_bytes())
    reid, out = ("none", "histogram", str(colours)), tmp_path / "out"
    BenchmarkTracksCommand(tmp_path, ("exact",), peers=(), only=("stage-03",), reid=reid, out=out).run()
    exact = json.loads((out / "benchmark.json").read_text())["detections"]["exact"]
    assert list(exact) == [OURS_WITHOUT_CUTS, OURS, "followspot-histogram", "followspot-run-colours"]
    assert exact["followspot-histogram"]["IDF1"] == exact["followspot-run-colours"]["IDF1"]
    assert "followspot-run-colours" in capsys.readouterr().out


def test_rows_are_named_after_their_encoders():
    assert rows_with_reid(["none", "a/b/encoder_best.pt"]) == {OURS_WITH_REID: "a/b/encoder_best.pt"}
    assert rows_with_reid(["none"]) == {}
    two = rows_with_reid(["none", "histogram", "runs/train-strong/encoder_best.pt"])
    assert list(two) == ["followspot-histogram", "followspot-train-strong-encoder_best"]
    with pytest.raises(InputError, match="rename one"):
        rows_with_reid(["a/run/encoder_best.pt", "b/run/encoder_best.pt"])
