"""What a detector promises the tracker, and what it says when its weights are not usable."""

import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from places import ROOT, SHARED

from models.bundled import PERSON_DETECTOR, PERSON_ENCODER
from tracker.detection.detector import DetectorOptions, ReplayDetector, YoloDetector
from tracker.detection.ultralytics_network import UltralyticsNetwork
from tracker.detection.weights import person_classes
from tracker.types import Detections, Frame, InputError

POSE_MODEL = SHARED / "weights" / "yolov8n-pose.pt"
ON_TORCH = DetectorOptions(device="cpu", openvino=False)


def frame(image: np.ndarray | None = None, index: int = 0) -> Frame:
    return Frame(index, index / 30, image)


@pytest.fixture(scope="module")
def pair() -> np.ndarray:
    """A photograph of two people side by side, which comes with Ultralytics."""
    from ultralytics.utils import ASSETS

    return cv2.imread(str(ASSETS / "zidane.jpg"))


@pytest.fixture(scope="module")
def detector() -> YoloDetector:
    return YoloDetector(PERSON_DETECTOR, ON_TORCH)


def test_importing_the_tracker_loads_no_network_library() -> None:
    code = "import tracker.detection.detector, sys; assert not {'torch', 'ultralytics', 'openvino'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_replay_gives_back_the_boxes_of_each_frame_and_none_between() -> None:
    boxes = Detections(np.array([[1, 2, 3, 4]]), np.array([0.5]))
    replay = ReplayDetector({2: boxes})
    assert [len(found) for found in replay.batch([frame(index=i) for i in range(4)])] == [0, 0, 1, 0]
    assert replay(frame(index=2)) is boxes


@pytest.mark.parametrize(
    ("field", "value"), [("conf", 1.5), ("conf", -0.1), ("iou", 2), ("imgsz", 0), ("batch", 0)], ids=str
)
def test_an_impossible_option_is_named(field: str, value: float) -> None:
    with pytest.raises(InputError, match=f"--{field} must"):
        DetectorOptions(**{field: value})


def test_people_are_the_class_named_person_or_the_only_one() -> None:
    assert person_classes({0: "cat", 3: "Person"}, Path("pets.pt")) == [3]
    assert person_classes({0: "dancer"}, Path("dance.pt")) == [0]
    with pytest.raises(InputError, match=r"pets\.pt knows no class named person \(but cat, dog, \.\.\.\)"):
        person_classes({0: "cat", 1: "dog"}, Path("pets.pt"))


def test_missing_weights_are_not_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"yolo11n\.pt not found.*none is downloaded.*ultralytics/assets/releases"):
        YoloDetector("yolo11n.pt")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("notes.txt", b"hello", "is no kind of detector weights"),
        ("notes.pt", b"hello world\n", "cannot be read as a detector"),
        ("empty.pt", b"", "cannot be read as a detector"),
        ("noise.onnx", bytes(range(256)), "cannot be read as a detector"),
        ("file_openvino_model", b"", "holds no detector weights"),
    ],
)
def test_a_file_that_is_no_weights_is_named_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    if name.endswith("onnx"):
        pytest.importorskip("onnxruntime")
    weights = tmp_path / name
    weights.write_bytes(content)
    with pytest.raises(InputError, match=complaint) as caught:
        YoloDetector(weights, ON_TORCH)
    assert str(weights) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [("model.onnx", "onnxruntime", "followspot[onnx]"), ("model_openvino_model", "openvino", "openvino")],
)
def test_a_missing_runtime_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str, package: str
) -> None:
    weights = tmp_path / name
    if name.endswith("onnx"):
        weights.write_bytes(b"onnx")
    else:
        weights.mkdir()
        (weights / "model.xml").write_text("<net/>")
    monkeypatch.setattr("importlib.util.find_spec", lambda wanted: None if wanted == module else object())
    with pytest.raises(InputError) as caught:
        YoloDetector(weights)
    assert f"pip install '{package}'" in str(caught.value)


class Trap:
    """What runs code as it is read from a pickle: it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("openvino", [True, False], ids=["openvino", "torch"])
def test_code_in_a_pt_file_does_not_run_unless_it_is_trusted(
    zipped: bool, openvino: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    weights, sprung = tmp_path / "trap.pt", tmp_path / "sprung"
    torch.save({"model": Trap(sprung)}, weights, _use_new_zipfile_serialization=zipped)
    options = DetectorOptions(device="cpu", openvino=openvino)
    with pytest.raises(InputError, match=r"trap\.pt holds more than a network .* was not loaded: .* give --trust$"):
        YoloDetector(weights, options)
    assert not sprung.exists()
    with pytest.raises(InputError, match="cannot be read as a detector"):
        YoloDetector(weights, replace(options, trust=True))
    assert sprung.exists()


def test_a_bare_pickle_is_not_run_either(tmp_path: Path) -> None:
    weights, sprung = tmp_path / "trap.pt", tmp_path / "sprung"
    weights.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(InputError, match=r"trap\.pt cannot be read as a detector"):
        YoloDetector(weights, ON_TORCH)
    assert not sprung.exists()


def test_a_classifier_is_no_detector() -> None:
    with pytest.raises(InputError, match="cannot be read as a detector"):
        YoloDetector(PERSON_ENCODER, ON_TORCH)


def test_a_detector_finds_the_people_and_nothing_else(detector: YoloDetector, pair: np.ndarray) -> None:
    height, width = pair.shape[:2]
    found = detector(frame(pair))
    assert np.array_equal(found.xyxy, detector(pair).xyxy)  # the image alone will do
    assert np.count_nonzero(found.score > 0.5) == 2
    assert found.score.min() >= ON_TORCH.conf
    assert found.keypoints is None
    assert (found.xyxy >= 0).all()
    assert (found.xyxy <= (width, height, width, height)).all()


def test_a_batch_is_its_frames_one_by_one(pair: np.ndarray) -> None:
    in_twos = YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu", openvino=False, batch=2))
    frames = [frame(pair), frame(np.zeros_like(pair)), frame(pair[:, ::-1])]
    together = in_twos.batch(frames)
    for one, found in zip(frames, together, strict=True):
        np.testing.assert_allclose(found.xyxy, in_twos(one).xyxy, atol=0.1)
    assert len(together[1]) == 0
    assert in_twos.batch([]) == []


def test_a_short_batch_is_filled_up_for_a_gpu_and_gives_its_own_boxes_alone(
    pair: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = UltralyticsNetwork(PERSON_DETECTOR, None, ON_TORCH)
    monkeypatch.setattr(network, "_on_gpu", True)
    sizes: list[int] = []
    predict = network._network.predict
    monkeypatch.setattr(network._network, "predict", lambda p, **asked: sizes.append(len(p)) or predict(p, **asked))
    empty = np.zeros_like(pair)
    network([pair, empty])
    (last,) = network([pair])
    assert sizes == [2, 2]
    np.testing.assert_allclose(last.xyxy, YoloDetector(PERSON_DETECTOR, ON_TORCH)(pair).xyxy, atol=0.1)


def test_pictures_of_several_sizes_share_a_batch(detector: YoloDetector, pair: np.ndarray) -> None:
    found = detector.batch([frame(pair), frame(pair[:600, :600])])
    assert (found[1].xyxy <= 600).all()
    assert len(found[0]) >= 2


@pytest.mark.skipif(not POSE_MODEL.exists(), reason="needs ../shared/weights/yolov8n-pose.pt")
def test_a_pose_model_gives_keypoints_within_its_boxes(pair: np.ndarray) -> None:
    found = YoloDetector(POSE_MODEL, ON_TORCH)(frame(pair))
    person = found[found.score > 0.5]
    assert person.keypoints is not None
    assert person.keypoints.shape == (2, 17, 3)
    nose = person.keypoints[:, 0, :2]
    assert ((nose >= person.xyxy[:, :2]) & (nose <= person.xyxy[:, 2:])).all()


def test_a_frame_without_picture_is_refused(detector: YoloDetector) -> None:
    with pytest.raises(InputError, match="frame 7 has no picture"):
        detector(frame(None, index=7))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, pair: np.ndarray) -> Path:
    """The cache after the bundled detector, which Ultralytics exports for it, has looked at a picture."""
    pytest.importorskip("openvino")
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu"))(frame(pair))
    return folder / "followspot"


@pytest.mark.parametrize("kind", ["openvino", "onnx"])
def test_exports_give_the_boxes_of_the_network_they_came_from(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest, detector: YoloDetector, pair: np.ndarray
) -> None:
    pytest.importorskip(kind)
    if kind == "openvino":
        (copy,) = request.getfixturevalue("cache").iterdir()
        exported = shutil.copytree(copy, tmp_path / "network_openvino_model")
    else:
        shutil.copy(PERSON_DETECTOR, tmp_path / "network.pt")
        network = pytest.importorskip("ultralytics").YOLO(tmp_path / "network.pt")
        exported = network.export(format="onnx", dynamic=True, imgsz=640, simplify=False)
    export = YoloDetector(exported)
    expected, found = detector(frame(pair)), export(frame(pair))
    strong = [boxes[boxes.score > 0.5] for boxes in (expected, found)]
    np.testing.assert_allclose(strong[0].xyxy, strong[1].xyxy, atol=3)  # bfloat16 where the processor has it
    np.testing.assert_allclose(strong[0].score, strong[1].score, atol=0.02)


def test_on_the_cpu_a_pt_runs_through_a_cached_openvino_copy(
    cache: Path, monkeypatch: pytest.MonkeyPatch, detector: YoloDetector, pair: np.ndarray
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    found = YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu"))(frame(pair))
    copies = list(cache.iterdir())
    assert [copy.suffix for copy in copies] == [""]
    assert copies[0].name.startswith("person_yolo11n_")
    assert np.count_nonzero(found.score > 0.5) == np.count_nonzero(detector(frame(pair)).score > 0.5)


def test_without_a_place_for_the_copy_the_network_runs_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pair: np.ndarray
) -> None:
    pytest.importorskip("openvino")
    (tmp_path / "followspot").write_text("a file where the cache folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    detector = YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu"))
    assert np.count_nonzero(detector(frame(pair)).score > 0.5) == 2
