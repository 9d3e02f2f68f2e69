"""Landmarks are read again as they were written, whatever happened to the run that wrote them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.data.crops import DataError
from reid.data.datasets import every_crop, read_split
from reid.data.landmarks import landmark_writer, read_landmarks
from reid.data.reading import DataOptions

SEVENTEEN = np.arange(34, dtype=np.float32).reshape(17, 2)


def line(name: str, joints: int, start: int = 0) -> str:
    return " ".join([name, *(str(start + value) for value in range(2 * joints))]) + "\n"


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 4, 3), 100, np.uint8))


def test_a_picture_is_known_by_its_path_and_else_by_its_name(tmp_path):
    names = [line("a.jpg", 2), line("ana/a.jpg", 2, 10), line("Ana Maria/IMG 1 (2).JPG", 2, 20)]
    (tmp_path / "keypoints2.txt").write_text("".join(names))
    landmarks = read_landmarks(tmp_path)
    assert landmarks.of(tmp_path / "bea" / "a.jpg").tolist() == [[0, 1], [2, 3]]
    assert landmarks.of(tmp_path / "ana" / "a.jpg").tolist() == [[10, 11], [12, 13]]
    assert landmarks.of(tmp_path / "Ana Maria" / "IMG 1 (2).JPG").tolist() == [[20, 21], [22, 23]]
    assert landmarks.of(tmp_path / "b.jpg") is None


def test_of_several_files_the_one_with_most_joints_is_read_or_the_one_asked_for(tmp_path):
    assert not read_landmarks(tmp_path).rows
    for joints in (15, 17, 3):
        (tmp_path / f"keypoints{joints}.txt").write_text(line("a.jpg", joints))
    assert len(read_landmarks(tmp_path).rows["a.jpg"]) == 17
    assert len(read_landmarks(tmp_path, 15).rows["a.jpg"]) == 15
    assert not read_landmarks(tmp_path, 21).rows
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "keypoints.txt").write_text(line("a.jpg", 4))
    assert len(read_landmarks(tmp_path / "plain").rows["a.jpg"]) == 4


def test_training_refuses_a_number_of_joints_that_no_file_has(tmp_path):
    for name in ("ana", "bea", "cleo"):
        for frame in range(4):
            picture(tmp_path / name / f"{frame}.png")
    for joints in (15, 17):
        (tmp_path / f"keypoints{joints}.txt").write_text(line("ana/1.png", joints))
    with pytest.raises(DataError, match=r"has no keypoints5\.txt for --joints 5, only keypoints15\.txt, keypoints17"):
        read_split(tmp_path, DataOptions(joints=5))
    parts = read_split(tmp_path, DataOptions(joints=15)).parts
    assert any(crop.keypoints is not None for crops in parts.values() for crop in crops)
    made_later = every_crop(tmp_path, DataOptions(joints=5))  # by `dataset poses`
    assert all(crop.keypoints is None for crop in made_later)


@pytest.mark.parametrize("wrong", ["a.jpg 1 2 three 4", "a 1 2 3 4", "a.jpg 1 2", "1 2 3 4"])
def test_a_wrong_line_is_named(tmp_path, wrong):
    (tmp_path / "keypoints2.txt").write_text(line("b.jpg", 2) + wrong + "\n")
    with pytest.raises(DataError, match=r"keypoints2.txt is no landmark file: line 2 .* of 2 joints"):
        read_landmarks(tmp_path)


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        ("market1501", ["bounding_box_train/0002_c1s1_000451_01.jpg", "bounding_box_train/0003_c1s1_000451_01.jpg"]),
        ("cuhk03", ["images_labeled/1_001_1_01.png", "images_labeled/1_002_1_01.png"]),
        ("folders", ["ana/1.png", "bea/1.png"]),
    ],
)
def test_what_was_written_is_read_in_every_layout_with_a_line_a_picture(tmp_path, layout, names):
    for name in names:
        picture(tmp_path / name)
    with landmark_writer(tmp_path, layout, 17) as writer:
        writer.write(tmp_path / names[1], SEVENTEEN)
        writer.write(tmp_path / names[0], np.full((17, 2), np.nan))
    first, second = every_crop(tmp_path, DataOptions())
    assert np.isnan(first.keypoints).all()
    assert second.keypoints.tolist() == SEVENTEEN.tolist()
    assert [row.split()[0] for row in (tmp_path / "keypoints17.txt").read_text().splitlines()] == names


def test_after_a_kill_the_unfinished_line_goes_and_a_later_line_replaces_an_earlier_one(tmp_path):
    file = tmp_path / "keypoints17.txt"
    file.write_text(line("b.jpg", 17) + line("a.jpg", 17)[:40])
    with landmark_writer(tmp_path, "folders", 17) as writer:
        writer.write(tmp_path / "c.jpg", SEVENTEEN)
        writer.write(tmp_path / "b.jpg", SEVENTEEN + 5)
    rows = read_landmarks(tmp_path).rows
    assert list(rows) == ["b.jpg", "c.jpg"]
    assert rows["b.jpg"][0].tolist() == [5, 6]
    assert [path.name for path in tmp_path.iterdir()] == ["keypoints17.txt"]


def write_one_and_fail(writer, root):
    writer.write(root / "c.jpg", SEVENTEEN)
    raise ValueError("the disk went away")


def test_what_was_written_stays_when_the_run_fails_and_nothing_written_leaves_no_file(tmp_path):
    with pytest.raises(ValueError, match="went away"), landmark_writer(tmp_path, "folders", 17) as writer:
        write_one_and_fail(writer, tmp_path)
    assert list(read_landmarks(tmp_path).rows) == ["c.jpg"]
    (tmp_path / "keypoints17.txt").unlink()
    with landmark_writer(tmp_path, "folders", 17):
        pass
    assert not list(tmp_path.iterdir())


def test_dancereid_has_a_file_for_each_crop(tmp_path):
    with landmark_writer(tmp_path, "dancereid", 17) as writer:
        writer.write(tmp_path / "images" / "0000_000005.jpg", SEVENTEEN / 2)
    assert [path.name for path in (tmp_path / "poses").iterdir()] == ["0000_000005.txt"]
    assert np.loadtxt(tmp_path / "poses" / "0000_000005.txt").tolist() == (SEVENTEEN / 2).tolist()
