"""The reviewed data as text and as a folder: people, gaps, splits, and nothing else than the edits changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reid.data.datasets import read_split
from reid.data.reading import DataOptions
from tools.dataset_review import DatasetReviewCommand
from tools.review.edit_file import Review
from tools.review.edits import replay
from tools.review.folder_export import export_folder
from tools.review.mot_export import mot_text, write_mot
from tools.review.records import DataSet, read_data_set
from tools.review.server import ReviewServer
from tools.scoring.score_files import evaluate
from tracker.results.mot_files import read_tracks
from tracker.types import InputError
from tracker.video.mot_folder import SequenceInfo, read_seqinfo


def crop(person: int, frame: int) -> str:
    return f"{person:04d}_{frame:06d}.jpg"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def data(folder: Path) -> DataSet:
    return read_data_set(folder)


def test_mot_text_is_truth_whose_ids_are_the_numbers_on_the_page(data: DataSet, tmp_path: Path):
    labelled = replay(data, [{"do": "merge", "people": [1, 0]}, {"do": "drop", "images": [crop(3, 0)]}])
    (path,) = write_mot(data, labelled, tmp_path / "mot", 1.0)
    assert path == tmp_path / "mot" / "dance" / "gt" / "gt.txt"
    lines = path.read_text().splitlines()
    # the first crop of 3 is gone; of the two boxes of 1 in a frame only one is written
    assert lines[:3] == [
        "1,1,80.00,40.00,30.00,100.00,1,1,1",
        "1,2,150.00,40.00,30.00,100.00,1,1,1",
        "2,1,82.00,40.00,30.00,100.00,1,1,1",
    ]
    tracks = read_tracks(path)
    assert [row.ids.tolist() for row in tracks[:2]] == [[1, 2], [1, 2, 3]]


def test_mot_text_of_a_known_video_is_a_sequence_that_evaluate_takes_as_it_is(data: DataSet, tmp_path: Path):
    write_mot(data, replay(data, []), tmp_path / "mot", 1.0)
    info = read_seqinfo(tmp_path / "mot" / "dance")
    assert info == SequenceInfo("dance", "img1", 30.0, 30, 320, 180)
    score = evaluate(tmp_path / "mot", tmp_path / "mot" / "dance" / "gt" / "gt.txt")["dance"]
    assert (score.hota, score.truth_ids) == (pytest.approx(100), 4)


def test_gaps_are_filled_up_to_the_length_asked_for(data: DataSet):
    gone = {"do": "drop", "images": [crop(0, frame) for frame in range(10, 19)]}
    labelled = replay(data, [gone])
    # frames 9 and 19 are 10/30 s apart
    assert mot_text(data, labelled, "dance", 0.34).count("\n") == 120
    assert mot_text(data, labelled, "dance", 0.33).count("\n") == 111
    filled = [line for line in mot_text(data, labelled, "dance", 1.0).splitlines() if line.startswith("15,0,")]
    assert filled == ["15,0,38.00,40.00,30.00,100.00,1,1,1"]


def test_data_whose_boxes_are_unknown_gives_no_mot_text(tmp_path: Path):
    (tmp_path / "meta.json").write_text(json.dumps({"identities": [["0000_000005.jpg"]]}))
    data = read_data_set(tmp_path)
    with pytest.raises(InputError, match=r"it has no crops.csv"):
        write_mot(data, replay(data, []), tmp_path / "mot", 1.0)
    assert not (tmp_path / "mot").exists()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "0000_000005.jpg").touch()
    page = ReviewServer(Review(data), 1.0)
    assert page.export() == {"folder": f"{tmp_path.resolve()}-reviewed", "mot": [], "left_out": []}


@pytest.mark.parametrize("name", ["../../dance", "dance" * 50])
def test_a_video_with_a_path_or_a_novel_for_a_name_writes_nowhere(folder: Path, tmp_path: Path, name: str):
    table = folder / "crops.csv"
    table.write_text(table.read_text().replace(",dance,", f",{name},"))
    data = read_data_set(folder)
    with pytest.raises(InputError, match="name that fits no folder"):
        write_mot(data, replay(data, []), tmp_path / "mot", 1.0)
    with pytest.raises(InputError, match=r"the crops are in .*data-reviewed, but video .* fits no folder"):
        ReviewServer(Review(data), 1.0).export()


def test_without_edits_the_new_folder_is_the_old_one(data: DataSet, tmp_path: Path):
    out = export_folder(data, replay(data, []), tmp_path / "out")
    assert files(out) == files(data.folder)


def test_the_folder_one_is_in_takes_the_data(data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    export_folder(data, replay(data, []), Path("."))
    assert files(tmp_path / "out") == files(data.folder)


def test_the_new_folder_follows_the_edits_and_the_trainer_reads_it(data: DataSet, tmp_path: Path):
    edits: list[dict[str, Any]] = [
        {"do": "split", "person": 0, "from": crop(0, 20)},
        {"do": "move", "images": [crop(1, 25)], "person": 4},
        {"do": "merge", "people": [2, 3]},
        {"do": "drop", "images": [crop(1, 0)]},
    ]
    before = files(data.folder)
    out = export_folder(data, replay(data, edits), tmp_path / "out")
    assert files(data.folder) == before
    identities = json.loads((out / "meta.json").read_text())["identities"]
    # of two crops in one frame, 2 and 4 keep one
    assert [len(own) for own in identities] == [20, 28, 30, 0, 10]
    assert identities[4] == [crop(4, frame) for frame in range(20, 30)]
    assert (out / "images" / crop(4, 20)).read_bytes() == (data.folder / "images" / crop(0, 20)).read_bytes()
    assert (out / "poses" / "0004_000020.txt").exists()
    assert json.loads((out / "video.json").read_text()) == {"dance": [0, 1, 2, 4]}
    split = read_split(out, DataOptions())
    assert {one.person for one in split.train} == {0, 1, 4}
    assert {one.person for one in split.query} == {2}
    again = read_data_set(out)
    assert len(again.crops) == sum(map(len, identities))


def test_a_person_in_training_and_test_ends_up_on_one_side(data: DataSet, tmp_path: Path):
    moved = {"do": "move", "images": [crop(1, frame) for frame in range(10)], "person": 3}
    for edits, side in (([moved], "gallery"), ([{"do": "merge", "people": [1, 3]}, moved], None)):
        out = export_folder(data, replay(data, edits), tmp_path / f"out{len(edits)}")
        (split,) = json.loads((out / "splits.json").read_text())
        trained = {one.path.name for one in read_split(out, DataOptions()).train}
        assert trained.isdisjoint([*split["query"], *split["gallery"]])
        if side:
            assert 3 not in split["trainval"]


def test_an_export_that_fails_leaves_nothing(data: DataSet, tmp_path: Path):
    (data.folder / "images" / crop(0, 5)).unlink()
    (data.folder / "images" / crop(0, 5)).symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="leads out of"):
        export_folder(data, replay(data, []), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with pytest.raises(InputError, match="already exists"):
        export_folder(data, replay(data, []), tmp_path / "full")


def test_the_command_exports_without_a_page(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "edits.json").write_text('{"version": 1, "edits": [{"do": "merge", "people": [0, 1]}]}')
    DatasetReviewCommand(folder, export=tmp_path / "out", mot=tmp_path / "mot").run()
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "out"),
        str(tmp_path / "mot" / "dance" / "gt" / "gt.txt"),
    ]
    with pytest.raises(InputError, match="exists already"):
        DatasetReviewCommand(folder, mot=tmp_path / "mot").run()
    with pytest.raises(InputError, match="--fill-gaps must be at least 0, not -1: it is seconds"):
        DatasetReviewCommand(folder, mot=tmp_path / "mot", fill_gaps=-1).run()


def test_missing_pictures_are_reported_and_left_out(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    gone = [crop(3, frame) for frame in range(4)]
    for name in gone:
        (folder / "images" / name).unlink()
    DatasetReviewCommand(folder, export=tmp_path / "out").run()
    said = capsys.readouterr().err
    assert said == f"4 pictures are missing in images/ and left out: {', '.join(gone[:3])}, ...\n"
    listed = {one.image for one in read_data_set(tmp_path / "out").crops}
    assert listed == {path.name for path in (tmp_path / "out" / "images").iterdir()}
    assert len(listed) == 116
    identities = json.loads((tmp_path / "out" / "meta.json").read_text())["identities"]
    assert [len(own) for own in identities] == [30, 30, 30, 26]
    for path in (folder / "images").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="none of the pictures"):
        DatasetReviewCommand(folder, export=tmp_path / "none").run()


def test_crops_that_give_way_to_another_of_the_frame_are_reported(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    review = Review(read_data_set(folder))
    review.add({"do": "move", "images": [crop(0, 3)], "person": 1})
    DatasetReviewCommand(folder, export=tmp_path / "out").run()
    said = "1 crop is left out, as the person has a better one in the same frame: 0000_000003.jpg"
    assert capsys.readouterr().err == said + "\n"
    assert ReviewServer(review, 1.0).export()["left_out"] == [said]


@pytest.mark.parametrize("text", ["{", '["x"]', '[{"query": 3}]', '[{"query": [[1]]}]', "7", "[" * 100_000])
def test_splits_of_wrong_kinds_are_reported_and_nothing_is_written(data: DataSet, tmp_path: Path, text: str):
    (data.folder / "splits.json").write_text(text)
    with pytest.raises(InputError, match=r"splits\.json (is no split|cannot be read)"):
        export_folder(data, replay(data, []), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("inside", ["", "out", "images/../deep/out"])
def test_an_export_into_the_data_itself_is_refused(data: DataSet, inside: str):
    with pytest.raises(InputError, match="lies in the data folder"):
        export_folder(data, replay(data, []), data.folder / inside)
    assert not (data.folder / "out").exists()


def test_mot_text_that_cannot_be_finished_leaves_no_file(
    data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(path: Path, _: str) -> None:
        path.touch()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        with pytest.raises(InputError, match="No space left"):
            write_mot(data, replay(data, []), tmp_path / "mot", 1.0)
    assert list((tmp_path / "mot").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file is a file; name a folder"):
        write_mot(data, replay(data, []), tmp_path / "file", 1.0)
