"""Landmarks found by a network are what training reads, and a stopped run goes on."""

import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import SHARED

import tools.dataset_poses
from reid.data.crops import DataError
from reid.data.datasets import every_crop, read_split
from reid.data.images import require_keypoints
from reid.data.landmarks import has_landmarks, read_landmarks
from reid.data.reading import DataOptions
from tools.dataset_poses import DatasetPosesCommand, in_the_middle
from tools.dataset_stage import DatasetStageCommand
from tools.run.interruption import Stopped
from tracker.detection.detector import DetectorOptions
from tracker.types import Detections, InputError

POSE_MODEL = SHARED / "weights" / "yolov8n-pose.pt"
MODEL = Path("people-pose.pt")


class Poser:
    """Stands in for a network: in a bright crop one person at the left and one in the middle, in a dark one none."""

    weights = MODEL
    stop_after: int | None = None
    batches = 0
    poses = True

    def __init__(self, weights, options):
        pass

    def batch(self, frames):
        type(self).batches += 1
        if self.batches == self.stop_after:
            signal.raise_signal(signal.SIGINT)
        return [self.people(frame.image) for frame in frames]

    def people(self, image):
        if image.mean() < 50:
            return Detections(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 17, 3)))
        left, middle = np.full((17, 3), 1.0), np.full((17, 3), 1.0)
        middle[:, :2] = 16, 30
        middle[0, 2] = 0.2  # not sure of the nose
        boxes = np.array([[0, 0, 12, 64], [6, 8, 28, 60]])
        return Detections(boxes, np.array([0.9, 0.5]), np.stack([left, middle]) if self.poses else None)


@pytest.fixture
def poser(monkeypatch):
    kind = type("Fresh", (Poser,), {})
    monkeypatch.setattr(tools.dataset_poses, "YoloDetector", kind)
    return kind


@pytest.fixture
def data(tmp_path):
    """Six people with two crops each; in 5_1 no one can be seen, 6_1 is no picture."""
    for person in range(1, 7):
        for frame in (0, 1):
            path = tmp_path / f"p{person}" / f"{person}_{frame}.png"
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), np.full((64, 32, 3), 0 if (person, frame) == (5, 1) else 100 + person, np.uint8))
    (tmp_path / "p6" / "6_1.png").write_text("no picture")
    return tmp_path


def poses(data, **more):
    DatasetPosesCommand(data, MODEL, detection=DetectorOptions(batch=4), **more).run()


def test_joints_of_the_person_in_the_middle_are_found_and_said(data, poser, capsys):
    poses(data)
    said = capsys.readouterr().out
    assert "12 crops, 0 with landmarks" in said
    assert "landmarks found in 10 crops" in said
    assert "no person found in 1 crop (first: 5_1.png)" in said
    assert "unreadable: 1 crop (first: 6_1.png)" in said
    crops = {crop.path.name: crop for crop in every_crop(data, DataOptions())}
    joints = crops["1_0.png"].keypoints
    assert np.isnan(joints[0]).all()
    assert joints[1:].tolist() == [[16, 30]] * 16
    assert np.isnan(crops["5_1.png"].keypoints).all()
    assert crops["6_1.png"].keypoints is None
    (data / "p6" / "6_1.png").unlink()
    assert require_keypoints(every_crop(data, DataOptions())) == 17  # training takes them


def test_a_stopped_run_keeps_what_was_found_and_the_next_one_does_the_rest(data, poser, capsys):
    poser.stop_after = 2
    with pytest.raises(Stopped):
        poses(data)
    assert "stopped with 4 crops left; run again to go on" in capsys.readouterr().out
    assert sum(map(has_landmarks, every_crop(data, DataOptions()))) == 8
    poser.stop_after = None
    poses(data)
    assert "12 crops, 8 with landmarks" in capsys.readouterr().out
    stopped = (data / "keypoints17.txt").read_bytes()
    (data / "keypoints17.txt").unlink()
    poses(data)
    assert (data / "keypoints17.txt").read_bytes() == stopped


def test_landmarks_of_another_kind_stay(data, poser):
    theirs = "p1/1_0.png " + " ".join(["7"] * 30) + "\n"
    (data / "keypoints15.txt").write_text(theirs)
    poses(data)
    assert (data / "keypoints15.txt").read_text() == theirs
    assert len(read_landmarks(data).rows) == 11
    assert len(read_landmarks(data, 15).rows) == 1


def test_where_all_crops_have_landmarks_no_model_is_loaded(data, poser, monkeypatch, capsys):
    lines = [f"p{n}/{n}_{frame}.png " + " ".join(["3"] * 34) for n in range(1, 7) for frame in (0, 1)]
    (data / "keypoints17.txt").write_text("\n".join(lines) + "\n")
    poses(data)
    assert capsys.readouterr().out == "12 crops, 12 with landmarks\n"
    assert poser.batches == 0


def test_mistakes_are_one_sentence(data, poser, tmp_path):
    with pytest.raises(DataError, match="There is no data folder"):
        poses(tmp_path / "gone")
    with pytest.raises(InputError, match="--sure must lie between 0 and 1, not 2"):
        poses(data, sure=2)
    poser.poses = False
    with pytest.raises(InputError, match=r"people-pose.pt finds no 17 COCO joints: give a pose model"):
        poses(data)
    assert not (data / "keypoints17.txt").exists()


def test_the_middle_is_measured_in_shares_of_the_sides():
    boxes = np.array([[0, 40, 100, 90], [0, 0, 60, 200]])  # off by 0.175 of the height, and by 0.2 of the width
    assert in_the_middle(boxes, height=200, width=100) == 0


@pytest.mark.skipif(not POSE_MODEL.is_file(), reason="no ../shared/weights/yolov8n-pose.pt beside the project")
@pytest.mark.usefixtures("rendered_here")
def test_a_pose_model_comes_near_the_exact_joints_of_rendered_dancers(tmp_path):
    data = tmp_path / "data"
    DatasetStageCommand(data, scenes=1, test_scenes=1, dancers=3, seconds=1.2, processes=1).run()
    exact = {crop.path: crop.keypoints for crop in every_crop(data, DataOptions())}
    for pose in (data / "poses").iterdir():
        pose.unlink()
    DatasetPosesCommand(data, POSE_MODEL).run()
    split = read_split(data, DataOptions())
    found = [crop for crop in split.crops() if has_landmarks(crop)]
    assert len(found) >= 0.9 * len(exact)
    errors = [np.linalg.norm(crop.keypoints - exact[crop.path], axis=1) for crop in found]
    assert np.nanmedian(errors) < 4  # of 128 pixels; measured: 2.8
