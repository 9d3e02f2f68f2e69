"""The bundled detector in torch itself, as it runs on a GPU: Ultralytics' boxes. Here on the processor."""

import weakref
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from places import ROOT

from models.bundled import PERSON_DETECTOR
from models.recorded import Recorded
from tracker.detection import torch_network
from tracker.detection.detector import DetectorOptions
from tracker.detection.torch_network import TorchNetwork
from tracker.detection.ultralytics_network import UltralyticsNetwork
from tracker.detection.weights import OtherKindError, gpu, open_module
from tracker.types import Detections
from tracker.video.video_reader import VideoReader

CPU = torch.device("cpu")
OPTIONS = DetectorOptions(device="cpu")


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Two photographs, which come with Ultralytics, one of them at an odd size too, and frames of the demo."""
    from ultralytics.utils import ASSETS

    bus, pair = (cv2.imread(str(ASSETS / name)) for name in ("bus.jpg", "zidane.jpg"))
    with VideoReader(ROOT / "assets" / "demo.mp4", vid_stride=90) as demo:
        frames = [frame.image for frame in islice(demo, 2) if frame.image is not None]
    return [bus, pair, cv2.resize(pair, (1001, 563)), *frames]


@pytest.fixture(scope="module")
def network() -> TorchNetwork:
    return TorchNetwork(PERSON_DETECTOR, CPU, OPTIONS, Recorded)


def same(found: Detections, expected: Detections) -> None:
    """The same boxes with the same scores, the best first."""
    assert len(found) == len(expected) > 0
    assert np.abs(found.xyxy - expected.xyxy).max() < 0.5
    assert np.abs(found.score - expected.score).max() < 0.005


def test_boxes_are_those_of_ultralytics(pictures: list[np.ndarray], network: TorchNetwork):
    theirs = UltralyticsNetwork(PERSON_DETECTOR, None, OPTIONS)
    for picture, found in zip(pictures, network(pictures), strict=True):
        same(found, theirs([picture])[0])


def test_boxes_do_not_depend_on_the_batch(pictures: list[np.ndarray], network: TorchNetwork):
    network.prepare(width=640, height=480, batch=2)
    for picture, found in zip(pictures, network(pictures), strict=True):
        same(found, network([picture])[0])


def test_the_grid_of_an_earlier_size_stays(monkeypatch: pytest.MonkeyPatch):
    """A recorded pass reads it from where it was, so that place must not be given to others."""
    module = open_module(PERSON_DETECTOR)
    monkeypatch.setattr(torch_network, "open_module", lambda weights, trust: module)
    found = TorchNetwork(PERSON_DETECTOR, CPU, OPTIONS, Recorded)
    found.prepare(width=640, height=480, batch=1)
    first = weakref.ref(module.model[-1].anchors)
    found.prepare(width=640, height=320, batch=1)
    assert first() is not None
    assert first() is not module.model[-1].anchors


def test_another_kind_of_network_is_left_to_ultralytics(tmp_path: Path):
    from ultralytics import YOLO

    poses = tmp_path / "poses.pt"
    YOLO("yolo11n-pose.yaml").save(poses)
    with pytest.raises(OtherKindError, match="another kind"):
        TorchNetwork(poses, CPU, OPTIONS, Recorded)


@pytest.mark.parametrize("name", ["cpu", "mps", "xpu:0"])
def test_other_devices_are_left_to_ultralytics(name: str):
    assert gpu(name) is None
