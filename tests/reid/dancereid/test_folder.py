import json
from pathlib import Path

import numpy as np
import pytest

from reid.dancereid.folder import CropDetails, DanceReidFolder, widened_crop
from reid.dancereid.progress import SourceVideo
from reid.data.crop_table import read_crop_table
from reid.data.crops import people
from reid.data.datasets import DataError, read_split
from reid.data.reading import DataOptions


def test_what_is_written_is_read_again(tmp_path):
    crop = np.full((16, 8, 3), 120, np.uint8)
    with DanceReidFolder(tmp_path / "data", test={"b"}, recipe={}) as folder:
        for video in "ab":
            for frame in range(0, 40, 5):
                for person in (1, 2):
                    folder.write(crop, np.full((17, 2), frame / 10), video, person, frame)
            folder.finish(video)
    split = read_split(tmp_path / "data", DataOptions())
    assert people(split.train) == [0, 1]
    assert people(split.query) == people(split.gallery) == [2, 3]
    assert (len(split.query), len(split.gallery)) == (4, 12)
    assert {crop.video for crop in split.query} == {"b"}
    assert [crop.frame for crop in split.train[:3]] == [0, 5, 10]
    assert split.train[2].keypoints[0].tolist() == [1, 1]
    with pytest.raises(DataError, match="already holds files"):
        DanceReidFolder(tmp_path / "data" / "images", recipe={})


def test_a_crop_is_widened_to_one_by_two_and_joints_move_with_it():
    image = np.zeros((100, 100, 3), np.uint8)
    image[40, 60] = 255
    crop, joints = widened_crop(image, np.array([50.0, 20.0, 70.0, 60.0]), np.array([[60.0, 40.0]]), 80)
    assert crop.shape == (80, 40, 3)
    assert joints.tolist() == [[20, 40]]
    assert crop[40, 20].max() > 100
    wide, _ = widened_crop(image, np.array([0.0, 40.0, 100.0, 60.0]), np.zeros((1, 2)), 80)
    assert wide.shape == (80, 40, 3)


def test_shrinking_averages_what_it_leaves_out():
    checks = np.kron(np.indices((256, 256)).sum(axis=0) % 2, np.ones((2, 2))).astype(np.uint8)[..., None] * 255
    image = np.repeat(checks, 3, axis=2)
    crop, joints = widened_crop(image, np.array([128.0, 0.0, 384.0, 512.0]), np.array([[256.0, 256.0]]), 64)
    assert crop.shape == (64, 32, 3)
    assert joints.tolist() == [[16, 32]]
    assert crop[4:-4, 4:-4].mean() == pytest.approx(127.5, abs=2)
    assert crop[4:-4, 4:-4].std() < 5  # sampled here and there the checks would stay black and white


HEADER = "image,person,video,frame,time,left,top,right,bottom,score,tracklet,doubt"
CROP = np.full((16, 8, 3), 120, np.uint8)
JOINTS = np.full((17, 2), 4.0)


def write_all(folder, videos, stop_at=None):
    for video in videos:
        if video in folder.finished:
            continue
        for frame in (0, 5):
            for person in (0, 1):
                details = CropDetails(frame / 25, np.array([1.234, 2, 30, 40.5]), 0.75, tracklet=person, doubt=0.125)
                folder.write(CROP, JOINTS, video, person, frame, details)
            if (video, frame) == stop_at:
                raise KeyboardInterrupt
        folder.finish(video, SourceVideo(Path("videos") / f"{video}.mp4", 25.0, 640, 360, 6))


def test_crops_tell_where_they_come_from(tmp_path):
    with DanceReidFolder(tmp_path / "data", test={"b"}, recipe={}) as folder:
        write_all(folder, "ab")
    assert (tmp_path / "data" / "crops.csv").read_text().splitlines()[:2] == [
        HEADER,
        "0000_000000.jpg,0,a,0,0.000,1.23,2.00,30.00,40.50,0.750,0,0.125",
    ]
    rows = read_crop_table(tmp_path / "data" / "crops.csv")
    assert (len(rows), rows[-1].image, rows[-1].video, rows[-1].time) == (8, "0003_000005.jpg", "b", 0.2)
    assert rows[-1].xyxy == (1.23, 2.0, 30.0, 40.5)
    sources = json.loads((tmp_path / "data" / "sources.json").read_text())
    split = read_split(tmp_path / "data", DataOptions())
    assert [crop.time for crop in split.train if crop.person == 0] == [0, 0.2]  # not frame 5 of 30 a second
    assert sources["a"] == {
        "path": str(Path("videos/a.mp4").absolute()),
        "fps": 25.0,
        "width": 640,
        "height": 360,
        "frames": 6,
    }


@pytest.mark.parametrize(("table", "message"), [("a,b\n", "no table of crops"), (f"{HEADER}\n1,2\n", "line 2")])
def test_another_table_is_reported(tmp_path, table, message):
    (tmp_path / "crops.csv").write_text(table)
    with pytest.raises(DataError, match=message):
        read_crop_table(tmp_path / "crops.csv")


def test_given_numbers_leave_holes_that_are_read(tmp_path):
    numbers = {("a", 0): 0, ("a", 1): 1, ("missing", 0): 2, ("b", 0): 3, ("b", 1): 4, ("missing too", 0): 5}
    splits = [{"name": "clean", "trainval": [0, 1, 2], "query": [3, 4, 5], "gallery": [3, 4, 5]}]
    with DanceReidFolder(tmp_path / "data", recipe={}, numbers=numbers) as folder:
        folder.splits = splits
        write_all(folder, "ba")
    identities = json.loads((tmp_path / "data" / "meta.json").read_text())["identities"]
    assert [len(files) for files in identities] == [2, 2, 0, 2, 2, 0]
    split = read_split(tmp_path / "data", DataOptions())
    assert (people(split.train), people(split.query)) == ([0, 1], [3, 4])


def test_a_stopped_folder_goes_on_after_its_finished_videos(tmp_path):
    with DanceReidFolder(tmp_path / "whole", {"b"}, recipe={"every": 5}) as folder:
        write_all(folder, "abc")
    for stop in (("b", 0), ("b", 5)):
        with (
            pytest.raises(KeyboardInterrupt),
            DanceReidFolder(tmp_path / "data", {"b"}, recipe={"every": 5}) as folder,
        ):
            write_all(folder, "abc", stop_at=stop)
        assert folder.finished == ["a"]
        assert len(list((tmp_path / "data" / "images").iterdir())) == 4
        assert len(read_crop_table(tmp_path / "data" / "crops.csv")) == 4
        assert people(read_split(tmp_path / "data", DataOptions()).train) == [0, 1]
        meta, videos = (json.loads((tmp_path / "data" / name).read_text()) for name in ("meta.json", "video.json"))
        assert ([len(files) for files in meta["identities"]], videos) == ([2, 2], {"a": [0, 1]})
    # A line that a kill cut short is none, and the crops it left behind are no part of the data.
    for left in ("images/0009_000009.jpg", "poses/0009_000009.txt"):
        (tmp_path / "data" / left).touch()
    with (tmp_path / "data" / ".progress.jsonl").open("a") as file:
        file.write('{"video": "b", "sou')
    with pytest.raises(DataError, match="made with another every"):
        DanceReidFolder(tmp_path / "data", {"b"}, recipe={"every": 3})
    with DanceReidFolder(tmp_path / "data", {"b"}, recipe={"every": 5}) as folder:
        write_all(folder, "abc")
    files = [path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file()]
    assert len(files) == 12 + 12 + 6
    assert len([path for path in (tmp_path / "data").rglob("*") if path.is_file()]) == len(files)
    for name in files:
        assert (tmp_path / "data" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_folder_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="Cannot make the folder"):
        DanceReidFolder(tmp_path / "file", recipe={}).__enter__()


def test_a_stop_before_the_first_video_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), DanceReidFolder(tmp_path / "data", recipe={}) as folder:
        write_all(folder, "ab", stop_at=("a", 0))
    assert not (tmp_path / "data").exists()
