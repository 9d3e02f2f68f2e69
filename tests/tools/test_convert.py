"""`followspot convert`: the files score as the run's own tracks do, and corrected tracks come first."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from places import ROOT

from tools.convert import ConvertCommand
from tools.scoring.score_files import POOLED, evaluate
from tracker.types import InputError

TRUTH = ROOT / "tests" / "data" / "stage" / "stage-101"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run whose tracks are the truth of a rendered scene, as results; 6 is called Ada."""
    run = tmp_path / "run"
    run.mkdir()
    rows = [line.split(",")[:6] for line in (TRUTH / "gt" / "gt.txt").read_text().splitlines()]
    (run / "tracks.txt").write_text("".join(",".join([*row, "0.5,-1,-1,-1"]) + "\n" for row in rows))
    video = {"source": "stage-101", "fps": 30.0, "width": 480, "height": 270, "tracking": "online"}
    people = [{"id": 6, "name": "Ada", "recoveries": []}]
    frames = int((TRUTH / "seqinfo.ini").read_text().split("seqLength=")[1].split()[0])
    overview = {"video": video, "summary": {"frames": frames}, "people": people}
    (run / "tracks.json").write_text(json.dumps(overview))
    (run / "config.json").write_text(json.dumps({"opened": "stage-101.mp4", "options": {}}))
    return run


def test_both_formats_score_as_the_tracks_do_as_results_and_as_truth(folder: Path, capsys):
    ConvertCommand(folder, ("coco", "cvat")).run()
    assert capsys.readouterr().out.splitlines() == [str(folder / "coco.json"), str(folder / "cvat.xml")]
    assert evaluate(TRUTH, folder / "tracks.txt")[POOLED].hota == pytest.approx(100)
    for name in ("coco.json", "cvat.xml"):
        assert evaluate(TRUTH, folder / name)[POOLED].hota == pytest.approx(100)
        assert evaluate(folder / name, folder / "tracks.txt")[POOLED].idf1 == pytest.approx(100)


def test_corrected_tracks_and_names_are_taken_unless_told_otherwise(folder: Path, capsys):
    (folder / "edits.json").write_text('{"version": 1, "edits": []}')
    os.utime(folder / "edits.json", (0, 0))
    corrected = folder / "corrected"
    corrected.mkdir()
    (corrected / "tracks.txt").write_text("1,1,10,10,20,40,1.00,-1,-1,-1\n")
    (corrected / "tracks.json").write_text('{"people": [{"id": 1, "name": "Bea"}]}')
    ConvertCommand(folder, ("coco",)).run()
    assert capsys.readouterr().out.strip() == f"{folder / 'coco.json'} (corrected tracks)"
    assert json.loads((folder / "coco.json").read_text())["tracks"] == [
        {"id": 1, "category_id": 1, "video_id": 1, "name": "Bea"}
    ]
    ConvertCommand(folder, ("coco",), folder / "own", uncorrected=True).run()
    names = [track["name"] for track in json.loads((folder / "own" / "coco.json").read_text())["tracks"]]
    assert names == ["1", "2", "3", "4", "5", "Ada"]


def test_edits_of_the_review_page_are_applied_once_and_again_when_there_are_more(folder: Path):
    edits = [{"do": "rename", "person": 1, "name": "Bea"}]
    (folder / "edits.json").write_text(json.dumps({"version": 1, "edits": edits}))

    def names() -> list[str]:
        ConvertCommand(folder, ("coco",), overwrite=True).run()
        return [track["name"] for track in json.loads((folder / "coco.json").read_text())["tracks"]]

    assert names() == ["Bea", "2", "3", "4", "5", "Ada"]
    written = (folder / "corrected" / "tracks.txt").stat().st_mtime_ns
    assert names() == ["Bea", "2", "3", "4", "5", "Ada"]
    assert (folder / "corrected" / "tracks.txt").stat().st_mtime_ns == written
    (folder / "edits.json").write_text(json.dumps({"version": 1, "edits": [*edits, {"do": "delete", "people": [2]}]}))
    assert names() == ["Bea", "3", "4", "5", "Ada"]
    (folder / "edits.json").write_text("no edits")
    with pytest.raises(InputError, match=r"edits\.json cannot be read as JSON"):
        names()


def test_files_are_not_replaced_unless_that_is_asked_for(folder: Path):
    ConvertCommand(folder, ("coco",)).run()
    with pytest.raises(InputError, match=r"coco\.json exists"):
        ConvertCommand(folder, ("cvat", "coco")).run()
    assert not (folder / "cvat.xml").exists()
    ConvertCommand(folder, ("cvat", "coco"), overwrite=True).run()
    assert (folder / "cvat.xml").exists()


def test_mistakes_end_in_one_sentence(folder: Path, tmp_path: Path):
    with pytest.raises(InputError, match="is no run"):
        ConvertCommand(tmp_path / "elsewhere", ("coco",)).run()
    with pytest.raises(InputError, match="--to names no format"):
        ConvertCommand(folder, ()).run()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        ConvertCommand(folder, ("coco",), tmp_path / "file" / "deeper").run()
