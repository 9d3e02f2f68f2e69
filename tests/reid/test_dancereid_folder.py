import numpy as np
import pytest

from reid.crops import people
from reid.dancereid_folder import DanceReidFolder, widened_crop
from reid.datasets import DataError, DataOptions, read_split


def test_what_is_written_is_read_again(tmp_path):
    crop = np.full((16, 8, 3), 120, np.uint8)
    with DanceReidFolder(tmp_path / "data", test={"b"}) as folder:
        for video in "ab":
            for frame in range(0, 40, 5):
                for person in (1, 2):
                    folder.write(crop, np.full((17, 2), frame / 10), video, person, frame)
    split = read_split(tmp_path / "data", DataOptions())
    assert people(split.train) == [0, 1]
    assert people(split.query) == people(split.gallery) == [2, 3]
    assert (len(split.query), len(split.gallery)) == (4, 12)
    assert {crop.video for crop in split.query} == {"b"}
    assert [crop.frame for crop in split.train[:3]] == [0, 5, 10]
    assert split.train[2].keypoints[0].tolist() == [1, 1]
    with pytest.raises(DataError, match="already holds files"):
        DanceReidFolder(tmp_path / "data", test=set())


def test_a_crop_is_widened_to_one_by_two_and_joints_move_with_it():
    image = np.zeros((100, 100, 3), np.uint8)
    image[40, 60] = 255
    crop, joints = widened_crop(image, np.array([50.0, 20.0, 70.0, 60.0]), np.array([[60.0, 40.0]]), 80)
    assert crop.shape == (80, 40, 3)
    assert joints.tolist() == [[20, 40]]
    assert crop[40, 20].max() > 100
    wide, _ = widened_crop(image, np.array([0.0, 40.0, 100.0, 60.0]), np.zeros((1, 2)), 80)
    assert wide.shape == (80, 40, 3)
