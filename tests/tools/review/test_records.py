"""A data set's folder is read with its table, and also as DanceReID was published; what does not fit is reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reid.data.crop_table import COLUMNS
from reid.data.datasets import DataError
from tools.review.records import boxed, read_data_set
from tracker.types import InputError

NO_RATE = '{"path": "a.mp4", "fps": NaN, "width": 1, "height": 1, "frames": 1}'


def test_the_table_says_where_every_crop_was_seen(folder: Path):
    data = read_data_set(folder)
    assert len(data.crops) == 120
    assert data.videos == ("dance",)
    crop = data.crops[31]
    assert (crop.image, crop.person, crop.frame, crop.xyxy) == ("0001_000001.jpg", 1, 1, (82.0, 40.0, 112.0, 140.0))
    assert data.fps("dance") == 30.0
    assert data.length("dance") == 30


def test_data_as_published_has_people_videos_and_frames_but_no_boxes(tmp_path: Path):
    (tmp_path / "meta.json").write_text(json.dumps({"identities": [["0000_000005.jpg"], [], [["0002_000010.jpg"]]]}))
    (tmp_path / "video.json").write_text(json.dumps({"vid_a": [0, 1], "vid_b": [2]}))
    data = read_data_set(tmp_path)
    assert [(crop.person, crop.video, crop.frame) for crop in data.crops] == [(0, "vid_a", 5), (2, "vid_b", 10)]
    assert not any(boxed(crop) for crop in data.crops)
    assert data.sources == {}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds neither crops.csv nor meta.json"),
        ({"meta.json": '{"identities": []}'}, "has no people: it lists no crops"),
        ({"crops.csv": ",".join(COLUMNS) + "\n"}, "has no people: it lists no crops"),
        ({"meta.json": "{"}, "cannot be read as JSON"),
        ({"meta.json": "[" * 100_000}, "meta.json cannot be read as JSON .*nested more than"),
        ({"meta.json": "[1]"}, "is not as DanceReID's"),
        ({"meta.json": '[{"a": 1}]'}, "meta.json is not as DanceReID's"),
        ({"meta.json": '{"identities": [{"a": 1}]}'}, "meta.json lists {'a': 1}, which is no picture's name"),
        ({"meta.json": '{"identities": [["a_1.jpg"]]}', "video.json": '[{"a": 1}]'}, "video.json is not as"),
        ({"meta.json": '{"identities": [["a_1.jpg"]]}', "video.json": '{"v": [[0]]}'}, "video.json is not as"),
        ({"meta.json": f'{{"identities": [["a_{"1" * 200}.jpg"]]}}'}, "no picture's name"),
        ({"meta.json": '{"identities": [["a_1.jpg"]]}', "sources.json": f'{{"v": {NO_RATE}}}'}, "no list of videos"),
        ({"meta.json": '{"identities": [["../../secret_000001.jpg"]]}'}, "no picture's name"),
        ({"meta.json": '{"identities": [["a_1.jpg", "a_1.jpg"]]}'}, "lists a_1.jpg twice"),
        ({"meta.json": '{"identities": [["a_1.jpg"]]}', "sources.json": '{"v": {}}'}, "no list of videos"),
    ],
)
def test_a_folder_that_is_no_data_set_is_reported_in_a_sentence(tmp_path: Path, files: dict[str, str], said: str):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises((InputError, DataError), match=said):
        read_data_set(tmp_path)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("a_1.jpg,-1,v,0,0.0,1,1,2,2,1,0,0", "person -1 is no number from 0 on"),
        ("a_1.jpg,0,v,-3,0.0,1,1,2,2,1,0,0", "frame -3"),
        ("a_1.jpg,0,v,0,nan,1,1,2,2,1,0,0", "time nan"),
        ("a_1.jpg,0,v,0,0.0,1,1,inf,2,1,0,0", "the box 1.0, 1.0, inf, 2.0 is not finite"),
        ("a_1.jpg,0,v,0,0.0,1,1,2,2,1,0,nan", "the doubt nan"),
    ],
)
def test_a_number_that_cannot_be_is_reported_with_its_line(tmp_path: Path, cells: str, said: str):
    (tmp_path / "crops.csv").write_text(f"{','.join(COLUMNS)}\n{cells}\n")
    with pytest.raises(DataError, match=f"crops.csv, line 2: .*{said}"):
        read_data_set(tmp_path)


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path):
    with pytest.raises(InputError, match="there is no data folder"):
        read_data_set(tmp_path / "nothing")
