import csv
import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from film import number, shoot
from places import ROOT

import tools.dataset_dancereid
from reid.data.crop_table import read_crop_table
from reid.data.crops import people
from reid.data.datasets import DataError, read_split
from reid.data.reading import DataOptions
from tools.dataset_dancereid import DatasetDancereidCommand
from tools.run.interruption import Stopped

FRAMES = 24
CAST = {"aaa-111": 3, "bbb_222": 2, "ccc333": 4}
TABLE = """PID,File_name,Youtube_id,Num_person,Original_title
2,000_aaa-111.mp4,aaa-111,3,First dance
4,001_bbb_222.mp4,zzz999,2,Second dance
8,002_ccc333.mp4,ccc333,4,Third dance
"""


def boxes(count):
    """The whole picture as every person's box, a little different for each: what is cut out shows its frame."""
    return {
        10 + person: {
            "id": person + 1,
            "box_pos": np.array([8.0 * person, 64.0 + 8 * person, 0.0, 96.0]),
            "pose_pos": np.full((17, 2), [8.0 * person + 32, 48.0]),
        }
        for person in range(count)
    }


@pytest.fixture
def published(tmp_path):
    """Three videos of 3, 2 and 4 people; the last person of each is annotated from frame 10 on."""
    root = tmp_path / "published"
    (root / "videos").mkdir(parents=True)
    (root / "npy").mkdir()
    for place, (video, count) in enumerate(CAST.items()):
        shoot(root / "videos" / f"{place:03d}_{video}.mp4", FRAMES)
        detections = {frame: boxes(count) for frame in range(FRAMES)}
        np.save(root / "npy" / f"333_{video}_matching.npy", np.array(detections, object))
    annotation = {
        video: {str(person): list(range(10 if person == count - 1 else 0, FRAMES)) for person in range(count)}
        for video, count in CAST.items()
    }
    (root / "annotation.json").write_text(json.dumps(annotation))
    (root / "videos.csv").write_text(TABLE)
    return root


def command(root, out, **options):
    parts = {"videos": root / "videos", "annotation": root / "annotation.json", "detections": root / "npy"}
    return DatasetDancereidCommand(**{**parts, "out": out, "csv": root / "videos.csv", **options})


def content(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_data_set_is_made_the_same_twice_and_read_by_the_trainer(published, tmp_path, capsys):
    command(published, tmp_path / "one").run()
    # Frames 0, 5, 10, 15, 20 for all, the last person of each video from 10 on: 5 * 9 - 3 * 2.
    assert f"{tmp_path / 'one'}: 39 crops of 9 people in 3 videos" in capsys.readouterr().out
    command(published, tmp_path / "two").run()
    assert content(tmp_path / "one") == content(tmp_path / "two")
    split = read_split(tmp_path / "one", DataOptions())
    assert people([*split.train, *split.query]) == list(range(9))
    assert not set(people(split.train)) & set(people(split.query))
    assert people(split.query) == people(split.gallery)
    videos = json.loads((tmp_path / "one" / "video.json").read_text())
    assert videos == {"aaa-111": [0, 1, 2], "bbb_222": [3, 4], "ccc333": [5, 6, 7, 8]}
    crop = next(crop for crop in [*split.train, *split.query] if crop.person == 4)
    assert (crop.video, crop.frame) == ("bbb_222", 10)
    assert {len(crop.keypoints) for crop in split.train} == {17}


def test_a_crop_shows_its_frame_and_its_joints_have_moved_with_it(published, tmp_path):
    command(published, tmp_path / "data").run()
    for frame in range(0, FRAMES, 5):
        image = cv2.imread(str(tmp_path / "data" / "images" / f"0005_{frame:06d}.jpg"))
        assert image.shape == (256, 128, 3)
        # Person 0's box is 64 x 96 at the left edge; widened to 1:2 it is 64 x 128, 16 pixels above and below.
        bars = cv2.resize(image, (64, 128), interpolation=cv2.INTER_AREA)[16:112]
        shown = np.full((96, 128, 3), 0, np.uint8)
        shown[:, :64] = bars
        assert number(shown) >> 4 == frame >> 4  # the four bits in the left half
    joints = np.loadtxt(tmp_path / "data" / "poses" / "0005_000000.txt")
    assert joints.shape == (17, 2)
    assert joints[0].tolist() == [64, 128]  # the middle of the box is the middle of the crop
    rows = read_crop_table(tmp_path / "data" / "crops.csv")
    row = next(row for row in rows if row.image == "0006_000010.jpg")
    assert (row.person, row.video, row.frame, row.xyxy) == (6, "ccc333", 10, (8, 0, 72, 96))
    assert row.time == pytest.approx(10 / 30, abs=1e-3)
    sources = json.loads((tmp_path / "data" / "sources.json").read_text())
    assert sources["ccc333"]["frames"] == FRAMES
    assert Path(sources["ccc333"]["path"]).is_absolute()


def test_a_missing_video_leaves_a_hole_is_listed_and_may_come_later(published, tmp_path, capsys):
    command(published, tmp_path / "whole").run()
    capsys.readouterr()
    lost = published / "videos" / "001_bbb_222.mp4"
    lost.rename(published / "lost.mp4")
    command(published, tmp_path / "data").run()
    said = capsys.readouterr().out
    assert "missing: 1 of 3 annotated videos" in said
    assert "bbb_222  people 3 to 4  Second dance  https://www.youtube.com/watch?v=zzz999" in said
    whole, data = content(tmp_path / "whole"), content(tmp_path / "data")
    pictures = {name for name in data if name.endswith(("jpg", "txt"))}
    assert pictures == {
        name for name in whole if name.endswith(("jpg", "txt")) and "0003_" not in name and "0004_" not in name
    }
    assert all(data[name] == whole[name] for name in pictures)
    identities = json.loads((tmp_path / "data" / "meta.json").read_text())["identities"]
    assert [len(files) for files in identities] == [5, 5, 3, 0, 0, 5, 5, 5, 3]
    split = read_split(tmp_path / "data", DataOptions())
    assert split.query
    assert people([*split.train, *split.query]) == [0, 1, 2, 5, 6, 7, 8]

    (published / "lost.mp4").rename(lost)
    command(published, tmp_path / "data").run()
    completed = content(tmp_path / "data")
    assert completed.keys() == whole.keys()
    assert {name for name in whole if completed[name] != whole[name]} == {".progress.jsonl"}  # the order of the work

    lost.unlink()
    capsys.readouterr()
    command(published, tmp_path / "data").run()  # what was cut out stays, though its video went
    assert "missing:" not in capsys.readouterr().out
    assert content(tmp_path / "data") == completed


@pytest.mark.parametrize("table", [None, TABLE.replace("001_bbb_222.mp4,zzz999", "001_other.mp4,other")])
def test_a_missing_video_that_no_table_lists_is_listed_all_the_same(published, tmp_path, capsys, table):
    for lost in ("000_aaa-111.mp4", "001_bbb_222.mp4"):
        (published / "videos" / lost).unlink()
    annotation = json.loads((published / "annotation.json").read_text())
    del annotation["bbb_222"]["1"]
    (published / "annotation.json").write_text(json.dumps(annotation))
    if table:
        (published / "videos.csv").write_text(table)
    command(published, tmp_path / "data", csv=published / "videos.csv" if table else None).run()
    lines = capsys.readouterr().out.splitlines()
    assert "missing: 2 of 3 annotated videos; their people's numbers stay free" in lines
    assert "  bbb_222  person 3" in lines
    title = "  First dance  https://www.youtube.com/watch?v=aaa-111" if table else ""
    assert f"  aaa-111  people 0 to 2{title}" in lines


KILLED = """
import os, signal, sys
from pathlib import Path
import tools.dataset_dancereid as tool
from reid.dancereid.folder import DanceReidFolder
write = DanceReidFolder.write
def deadly(self, crop, keypoints, video, person, frame, details=None):
    if video == "ccc333" and frame == 10:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(self, crop, keypoints, video, person, frame, details)
DanceReidFolder.write = deadly
root, out = map(Path, sys.argv[1:])
tool.DatasetDancereidCommand(root / "videos", root / "annotation.json", out, root / "npy").run()
"""


def test_a_killed_run_goes_on_and_leaves_finished_videos_alone(published, tmp_path, monkeypatch, capsys):
    out = tmp_path / "data"
    root = ROOT
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(published), str(out)], cwd=root, capture_output=True, check=False
    )
    assert killed.returncode == -9
    assert len(list((out / "images").iterdir())) > 13 + 8  # two whole videos and a piece of the third
    before = {path: path.stat().st_mtime_ns for path in (out / "images").glob("0000_*")}

    with pytest.raises(DataError, match="made with another every; name a new folder"):
        command(published, out, every=3).run()

    opened = []
    reader = tools.dataset_dancereid.VideoReader
    monkeypatch.setattr(tools.dataset_dancereid, "VideoReader", lambda path: opened.append(path.name) or reader(path))
    command(published, out).run()
    assert opened == ["002_ccc333.mp4"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    command(published, tmp_path / "whole").run()
    assert content(out) == content(tmp_path / "whole")


def test_ctrl_c_keeps_whole_videos_only(published, tmp_path, monkeypatch, capsys):
    out = tmp_path / "data"
    write = tools.dataset_dancereid.DanceReidFolder.write

    def interrupting(self, crop, keypoints, video, person, frame, details=None):
        if (video, person, frame) == ("bbb_222", 0, 10):
            os.kill(os.getpid(), 2)
        return write(self, crop, keypoints, video, person, frame, details)

    with monkeypatch.context() as patched:
        patched.setattr(tools.dataset_dancereid.DanceReidFolder, "write", interrupting)
        with pytest.raises(Stopped):
            command(published, out).run()
    assert "stopped after 1 of 3 videos; the same command goes on" in capsys.readouterr().out
    assert len(list((out / "images").iterdir())) == len(list((out / "poses").iterdir())) == 13
    assert len(read_crop_table(out / "crops.csv")) == 13
    command(published, out).run()
    command(published, tmp_path / "whole").run()
    assert content(out) == content(tmp_path / "whole")


def break_npy(root):
    class Evil:
        def __reduce__(self):
            return (open, (str(root / "written"), "w"))

    path = next((root / "npy").glob("*bbb*"))
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        pickle.dump({0: {1: {"id": 1, "box_pos": Evil()}}}, file)


def shorten(root):
    shoot(root / "videos" / "001_bbb_222.mp4", 16)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (break_npy, r"bbb_222_matching.npy is refused: it asks for (builtins|io|_io).open"),
        (shorten, r"bbb_222.mp4 ends after 16 frames, but its people are annotated up to frame 20"),
        (lambda root: next((root / "npy").glob("*bbb*")).unlink(), r"no .npy file of detections for 001_bbb_222.mp4"),
        (lambda root: (root / "videos" / "bbb_222.mkv").mkdir(), None),
        (lambda root: (root / "videos" / "b-bbb_222.mkv").touch(), "001_bbb_222.mp4 and b-bbb_222.mkv for video"),
        (lambda root: [path.unlink() for path in (root / "videos").iterdir()], "None of the 3 annotated videos"),
        (lambda root: [path.rename(root / path.name) for path in (root / "npy").iterdir()], "no .npy file"),
        (lambda root: (root / "annotation.json").write_text("{"), "not valid JSON"),
        (lambda root: (root / "annotation.json").unlink(), "Cannot read the annotation"),
        (lambda root: (root / "videos.csv").write_text("a,b\n1,2\n"), "no table of videos"),
        (lambda root: (root / "npy").rename(root / "other"), "There is no folder"),
    ],
)
def test_a_bad_ingredient_is_one_sentence_and_leaves_no_half_made_video(published, tmp_path, spoil, message):
    spoil(published)
    out = tmp_path / "data"
    if message is None:
        command(published, out).run()
        return
    with pytest.raises(DataError, match=message) as caught:
        command(published, out).run()
    assert "\n" not in str(caught.value)
    assert not (published / "written").exists()
    if out.exists():
        names = {path.stem for path in (out / "images").iterdir()}
        assert {name[:4] for name in names} == {"0000", "0001", "0002"}
        assert {row["person"] for row in csv.DictReader((out / "crops.csv").open())} == {"0", "1", "2"}


def test_a_folder_with_something_else_in_it_is_left_alone(published, tmp_path):
    out = tmp_path / "data"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="already holds files"):
        command(published, out).run()
    assert [path.name for path in out.iterdir()] == ["letter.txt"]
