"""The list of files a model was trained on: by name and hash, the same bytes from the same files."""

import gzip
import hashlib
from pathlib import Path

from reid.data.crops import Crop
from reid.data.file_list import FileList


def crops_of(root: Path) -> list[Crop]:
    paths = [root / "market" / "bounding_box_train" / "b.jpg", root / "stage" / "images" / "a.jpg"]
    paths.append(root / "market" / "bounding_box_train" / "a.jpg")
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]))
    return [Crop(path, number, -1, "v", 0, 0.0) for number, path in enumerate(paths)]


def test_every_picture_stands_in_the_list_with_its_hash_and_the_bytes_do_not_depend_on_the_day(tmp_path):
    crops = crops_of(tmp_path)
    files = FileList.of(crops)
    for name in ("one.gz", "two.gz"):
        files.write(tmp_path / name)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()
    lines = gzip.decompress((tmp_path / "one.gz").read_bytes()).decode().splitlines()
    digits = [hashlib.sha256(bytes([number])).hexdigest()[:16] for number in range(3)]
    assert lines == [
        "folder,picture,sha256",
        f"market,a.jpg,{digits[2]}",
        f"market,b.jpg,{digits[0]}",
        f"stage,a.jpg,{digits[1]}",
    ]


def test_a_changed_picture_changes_its_folders_hash_and_no_other(tmp_path):
    crops = crops_of(tmp_path)
    before = FileList.of(crops).by_folder(crops)
    assert [line.split(" | ")[:3] for line in before] == [["market", "2", "2"], ["stage", "1", "1"]]
    crops[1].path.write_bytes(b"other")
    after = FileList.of(crops).by_folder(crops)
    assert after[0] == before[0]
    assert after[1] != before[1]
