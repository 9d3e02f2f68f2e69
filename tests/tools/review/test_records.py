"""A data set's folder is read with its table, and also as DanceReID was published; what does not fit is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.review.records import boxed, read_data_set
from tracker.types import InputError


def test_the_table_tells_where_every_crop_was_seen(folder: Path):
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
        ({"meta.json": '{"identities": []}'}, "lists no crops"),
        ({"meta.json": "{"}, "cannot be read as JSON"),
        ({"meta.json": "[1]"}, "is not as DanceReID's"),
        ({"meta.json": '{"identities": [["../../secret_000001.jpg"]]}'}, "no plain file name"),
        ({"meta.json": '{"identities": [["a_1.jpg", "a_1.jpg"]]}'}, "lists a_1.jpg twice"),
        ({"meta.json": '{"identities": [["a_1.jpg"]]}', "sources.json": '{"v": {}}'}, "no list of videos"),
    ],
)
def test_a_folder_that_is_no_data_set_is_told_in_a_sentence(tmp_path: Path, files: dict[str, str], said: str):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said):
        read_data_set(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(InputError, match="there is no data folder"):
        read_data_set(tmp_path / "nothing")
