import json

import cv2
import numpy as np
import pytest

from reid.dancereid.folder import DanceReidFolder
from reid.data.crop_table import COLUMNS
from reid.data.crops import DataError
from reid.data.reading import DataOptions
from tools.dataset_check import DatasetCheckCommand
from tracker.types import InputError


@pytest.fixture
def data(tmp_path):
    random = np.random.default_rng(0)
    with DanceReidFolder(tmp_path / "dance", test={"b"}, recipe={}) as folder:
        for video in "ab":
            for frame in range(0, 200, 25):
                for person in (1, 2):
                    blotches = cv2.resize(random.integers(0, 255, (8, 4, 3), np.uint8), (32, 64))
                    folder.write(blotches, np.full((17, 2), 20.0), video, person, frame)
            folder.finish(video)
    return tmp_path / "dance"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_check_says_what_there_is_and_leaves_the_data_alone(data, tmp_path, monkeypatch, capsys):
    (data / "images" / "0001_000025.jpg").unlink()
    (data / "images" / "0002_000025.jpg").write_bytes(b"")
    (data / "images" / "stray.png").write_bytes((data / "images" / "0000_000000.jpg").read_bytes())
    before = contents(data)
    monkeypatch.chdir(tmp_path)
    DatasetCheckCommand(data, json=tmp_path / "numbers" / "check.json", people=3, crops=5).run()
    assert contents(data) == before
    said = " ".join(capsys.readouterr().out.split())
    assert "train 16 2 1 - 16 (100%)" in said
    assert "sizes: 32x64 (30)" in said
    assert "17 joints, 100.0% of them known" in said
    assert "unreadable pictures: 1 (images/0002_000025.jpg)" in said
    assert "listed but missing: 1 (images/0001_000025.jpg)" in said
    assert "there but in no part: 1 (images/stray.png)" in said
    assert "contact sheet: dance-check.png" in said
    assert cv2.imread(str(tmp_path / "dance-check.png")).shape[0] > 3 * 192
    numbers = json.loads((tmp_path / "numbers" / "check.json").read_text())
    assert numbers["parts"]["query"]["crops"] + numbers["parts"]["gallery"]["crops"] == 16
    assert numbers["missing"] == ["images/0001_000025.jpg"]
    assert numbers["people_of_videos"] == {"a": 2, "b": 2}


def test_data_that_cannot_be_trained_on_is_said_after_all_that_was_found(data, tmp_path, capsys):
    for picture in (data / "images").glob("000[01]_*.jpg"):
        picture.write_bytes(b"")
    (tmp_path / "sheet.png").mkdir()
    with pytest.raises(InputError, match=r"--sheet .*sheet\.png cannot be written: Is a directory"):
        DatasetCheckCommand(data, sheet=tmp_path / "sheet.png").run()
    with pytest.raises(DataError, match=r"dance cannot be trained on: There is no picture to train on\."):
        DatasetCheckCommand(data, sheet=tmp_path / "sheets" / "a.png").run()
    assert "unreadable pictures: 16 (images/0000_000000.jpg, images/0000_000025.jpg" in capsys.readouterr().out
    assert (tmp_path / "sheets" / "a.png").is_file()


def test_no_sheet_where_none_is_wanted_and_no_data_is_one_sentence(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    DatasetCheckCommand(data, no_sheet=True).run()
    assert [path.name for path in tmp_path.iterdir()] == ["dance"]
    with pytest.raises(DataError, match="There is no data folder"):
        DatasetCheckCommand(tmp_path / "gone").run()
    with pytest.raises(DataError, match="no layout 'mars'"):
        DatasetCheckCommand(data, reading=DataOptions(layout="mars")).run()


BROKEN_LINES = {
    "../../../etc/passwd,0,a,0,0.0,1,2,3,4,1,0,0": "'../../../etc/passwd' is no name of a file in images/",
    "..\\boot.ini,0,a,0,0.0,1,2,3,4,1,0,0": r"'..\\boot.ini' is no name of a file in images/",
    "0000_000000.jpg,zero,a,0,0.0,1,2,3,4,1,0,0": "invalid literal for int() with base 10: 'zero'",
    "0000_000000.jpg,0,a,0": "not 12 cells but 4",
    "0000_000000.jpg,0,a,0,nan,1,2,3,4,1,0,0": "time nan is no number from 0 on",
}
LINES_AT_ODDS = {
    "0000_000000.jpg,0,a,0,0.0,1,2,3,4,1,0,0": "0000_000000.jpg has a line already",
    "9999_000000.jpg,0,a,0,0.0,1,2,3,4,1,0,0": "9999_000000.jpg is no picture of the data set",
    "0000_000025.jpg,1,a,25,0.0,1,2,3,4,1,0,0": "0000_000025.jpg shows person 0, not 1",
    "0000_000025.jpg,0,a,25,0.0,3,2,1,4,1,0,0": "the box of 0000_000025.jpg has no size",
}


@pytest.mark.parametrize(("line", "fault"), [*BROKEN_LINES.items(), *LINES_AT_ODDS.items()])
def test_a_fault_of_the_crop_table_is_named_with_its_line(data, line, fault, capsys):
    table = data / "crops.csv"
    people = enumerate(json.loads((data / "meta.json").read_text())["identities"])
    rows = [f"{name},{person},a,0,0.0,1,2,3,4,1,0,0" for person, names in people for name in sorted(names)]
    lines = [",".join(COLUMNS), *(row for row in rows if not row.startswith("0000_000025.jpg"))]
    table.write_text("\n".join([*lines, line]) + "\n")
    if line in BROKEN_LINES:
        with pytest.raises(DataError, match=f"crops.csv, line {len(lines) + 1}: "):
            DatasetCheckCommand(data, no_sheet=True).run()
    else:
        DatasetCheckCommand(data, no_sheet=True).run()
    said = capsys.readouterr().out.splitlines()
    assert f"{table}, line {len(lines) + 1}: {fault}" in said
    lacking = f"{table}, no line for 1 of the pictures, the first 0000_000025.jpg"
    assert (lacking in said) == (not line.startswith("0000_000025.jpg"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "does not begin with image,person,"),
        (b"\xff\xfe\x00\x01", r"cannot be read as a table of crops \(.* can't decode byte 0xff"),
        (b"image," * 30000 + b'"' + b"x" * 200_000, r"cannot be read as a table of crops \(field larger"),
    ],
    ids=["empty", "no text", "an endless cell"],
)
def test_a_table_that_is_none_is_one_sentence(data, content, sentence):
    (data / "crops.csv").write_bytes(content)
    with pytest.raises(DataError, match=sentence):
        DatasetCheckCommand(data, no_sheet=True).run()
