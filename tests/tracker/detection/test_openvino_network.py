"""The bundled detector in OpenVINO itself: Ultralytics' boxes without Ultralytics, and the copy that it runs."""

import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest
from places import ROOT

from models.bundled import PERSON_DETECTOR
from tracker.detection import openvino_copy, openvino_network
from tracker.detection.detector import DetectorOptions, YoloDetector
from tracker.detection.letterbox import Letterbox
from tracker.detection.openvino_copy import is_kept, kept_copy, made_copy
from tracker.detection.openvino_network import OpenvinoNetwork
from tracker.detection.weights import OtherKindError, openvino_folder
from tracker.types import Detections, InputError
from tracker.video.video_reader import VideoReader

openvino = pytest.importorskip("openvino")
SURE = 0.25


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Two photographs, which come with Ultralytics, one of them at odd sizes too, and frames of the demo."""
    from ultralytics.utils import ASSETS

    bus, pair = (cv2.imread(str(ASSETS / name)) for name in ("bus.jpg", "zidane.jpg"))
    with VideoReader(ROOT / "assets" / "demo.mp4", vid_stride=12) as demo:
        frames = [frame.image for frame in islice(demo, 4) if frame.image is not None]
    return [bus, pair, cv2.resize(pair, (1001, 563)), cv2.resize(pair, (333, 777)), *frames]


@pytest.fixture(scope="module")
def copy() -> Path:
    folder = openvino_folder(PERSON_DETECTOR, "cpu")
    assert folder is not None
    return folder


def test_the_sides_of_a_picture_become_multiples_of_the_stride():
    """1280x720 is halved to 640x360, and 360 lacks 24 to 384. 333x777 is 274x640, and 274 lacks 14 to 288."""
    wide, tall = Letterbox.of((1280, 720), 640, 32), Letterbox.of((333, 777), 640, 32)
    assert (wide.inner, wide.left, wide.top, wide.right, wide.bottom) == ((640, 360), 0, 12, 0, 12)
    assert (tall.inner, tall.left, tall.top, tall.right, tall.bottom) == ((274, 640), 7, 0, 7, 0)
    given = wide.put(np.zeros((720, 1280, 3), np.uint8))
    assert given.shape == (384, 640, 3)
    assert wide.shape == (384, 640)
    assert (given[:12] == 114).all()
    assert (given[12:372] == 0).all()
    boxes = np.array([[10, 22, 110, 112], [-5, 0, 700, 400]], np.float32)
    assert wide.back(boxes).tolist() == [[20, 20, 220, 200], [0, 0, 1280, 720]]
    odd = Letterbox.of((640, 359), 100, 32)  # 100 is raised to 128; 72 lacks 24
    assert (odd.inner, odd.top, odd.bottom) == ((128, 72), 12, 12)


def same(found: Detections, expected: Detections, pixels: float, sure: float = SURE) -> None:
    """Each sure box of either has one of the other."""
    for some, others in ((found, expected), (expected, found)):
        for box, score in zip(some.xyxy[some.score > sure], some.score[some.score > sure], strict=True):
            apart = np.abs(others.xyxy - box).max(axis=1)
            assert apart.min() < pixels
            assert others.score[apart.argmin()] == pytest.approx(score, abs=0.02)


def test_boxes_are_those_of_ultralytics(pictures: list[np.ndarray], copy: Path, monkeypatch: pytest.MonkeyPatch):
    """In full precision; processors that have bfloat16 use it, in which both differ by some pixels."""
    compiling = openvino.Core.compile_model

    def precisely(core: Any, network: Any, device: str, config: dict[str, Any]) -> Any:
        return compiling(core, network, device, {**config, "INFERENCE_PRECISION_HINT": "f32"})

    monkeypatch.setattr(openvino.Core, "compile_model", precisely)
    options = DetectorOptions(device="cpu", openvino=False, batch=1)
    ours = OpenvinoNetwork(copy, options.conf, options.iou, options.imgsz)
    theirs = YoloDetector(PERSON_DETECTOR, options)
    people = 0
    for picture, found in zip(pictures, ours(pictures), strict=True):
        expected = theirs(picture)
        same(found, expected, pixels=0.5)
        people += int((expected.score > SURE).sum())
    assert people > 20


def test_no_box_overlaps_a_better_one_beyond_the_limit_and_none_leaves_the_picture(
    pictures: list[np.ndarray], copy: Path
):
    strict, loose = (OpenvinoNetwork(copy, 0.01, iou, 640)(pictures[:1])[0] for iou in (0.3, 0.9))
    assert len(strict) < len(loose)
    assert (np.diff(strict.score) <= 0).all()
    assert (loose.xyxy >= 0).all()
    assert (loose.xyxy <= (810, 1080, 810, 1080)).all()


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled detector with two more classes: cats, who are nowhere, and dogs, who everywhere score 0.4."""
    ultralytics, torch = pytest.importorskip("ultralytics"), pytest.importorskip("torch")
    file = tmp_path_factory.mktemp("weights") / "pets.pt"
    network = ultralytics.YOLO(shutil.copy(PERSON_DETECTOR, file))
    network.model.float()
    head = network.model.model[-1]
    for branch in head.cv3:
        person = branch[-1]
        branch[-1] = torch.nn.Conv2d(person.in_channels, 3, 1)
        with torch.no_grad():
            branch[-1].weight.zero_()[1] = person.weight[0]
            branch[-1].bias.copy_(torch.tensor([-9.0, float(person.bias[0]), float(np.log(0.4 / 0.6))]))
    head.nc, head.no = 3, 3 + 4 * head.reg_max
    network.model.nc, network.model.names = 3, {0: "cat", 1: "person", 2: "dog"}
    network.save(file)
    return file


@pytest.mark.parametrize("classes", [(), (0, 1), (1, 2)])
def test_of_a_network_of_many_classes_people_are_found_as_ultralytics_finds_them(
    pets: Path, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, classes: tuple[int, ...]
):
    """A box is of its likeliest class: who is a person by less than 0.4 is a dog.

    Which of the dogs, all alike to the sixth digit, are left of those that overlap, depends on rounding.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(pets.parent))
    compiling = openvino.Core.compile_model

    def precisely(core: Any, network: Any, device: str, config: dict[str, Any]) -> Any:
        return compiling(core, network, device, {**config, "INFERENCE_PRECISION_HINT": "f32"})

    monkeypatch.setattr(openvino.Core, "compile_model", precisely)
    ours, theirs = (
        YoloDetector(pets, DetectorOptions(device="cpu", batch=1, classes=classes, openvino=openvino_runs))
        for openvino_runs in (True, False)
    )
    assert isinstance(ours._network, OpenvinoNetwork)
    for picture in (pictures[1], pictures[4]):  # of one size, for which the network is compiled once
        found, expected = ours(picture), theirs(picture)
        same(found, expected, pixels=0.5, sure=0.401 if 2 in classes else SURE)
        assert 2 in classes or len(found) == len(expected)
        assert found.score.min() >= 0.39 if 2 in classes else found.score.min() > 0.4


def in_batches(detector: YoloDetector, pictures: list[np.ndarray], size: int) -> list[Detections]:
    """By a network that is compiled once for all sizes of batch."""
    detector.options = replace(detector.options, batch=size)
    return detector.batch(pictures)


def test_a_picture_has_the_same_boxes_in_any_company(pictures: list[np.ndarray]):
    """Bit for bit: alone, in a batch of two, and in one of eight pictures of several sizes."""
    detector = YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu"))
    alone, pairs, together = (in_batches(detector, pictures, size) for size in (1, 2, 8))
    assert sum(map(len, alone)) > 20
    for one, two, all_of_them in zip(alone, pairs, together, strict=True):
        for other in (two, all_of_them):
            assert one.xyxy.tobytes() == other.xyxy.tobytes()
            assert one.score.tobytes() == other.score.tobytes()


def test_a_network_prepared_for_a_size_is_not_compiled_again_when_the_first_such_picture_comes(
    pictures: list[np.ndarray], copy: Path, monkeypatch: pytest.MonkeyPatch
):
    detector, compiled = YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu")), []
    plain = openvino_network._compiled
    monkeypatch.setattr(openvino_network, "_compiled", lambda *args: compiled.append(args[1:]) or plain(*args))
    height, width = pictures[0].shape[:2]
    background = Thread(target=detector.prepare, args=(width, height))
    background.start()
    found = detector(pictures[0])
    background.join()
    assert len(compiled) == 1
    assert np.array_equal(found.xyxy, YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu"))(pictures[0]).xyxy)


def test_neither_torch_nor_ultralytics_is_loaded_once_there_is_a_copy(copy: Path):
    code = f"""
import sys, numpy
from tracker.detection.detector import DetectorOptions, YoloDetector
YoloDetector({str(PERSON_DETECTOR)!r}, DetectorOptions(device="cpu"))(numpy.zeros((90, 160, 3), numpy.uint8))
assert "openvino" in sys.modules
assert not {{"torch", "ultralytics", "openvino_telemetry.main"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_ctrl_c_comes_through_after_networks_that_ended_in_the_order_in_which_they_began(copy: Path):
    """OpenVINO's own cores would leave the process a stack for signals that is gone: it crashed with code -11."""
    code = f"""
import gc, signal
from pathlib import Path
from tracker.detection.openvino_network import OpenvinoNetwork
networks = [OpenvinoNetwork(Path({str(copy)!r}), 0.1, 0.7, 640) for _ in range(2)]
while networks:
    del networks[0]
    gc.collect()
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a shell it is ignored
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("stopped")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr


@pytest.mark.parametrize("openvino_runs", [True, False])
def test_a_class_that_it_does_not_know_is_named(openvino_runs: bool):
    options = DetectorOptions(device="cpu", classes=(0, 3), openvino=openvino_runs)
    with pytest.raises(InputError, match=r"person_yolo11n\.pt knows no class 3: its classes are 0 to 0"):
        YoloDetector(PERSON_DETECTOR, options)


def test_a_network_of_another_kind_is_left_to_ultralytics(copy: Path, tmp_path: Path):
    facts = (copy / "metadata.yaml").read_text()
    for line in ("task: pose", "end2end: true"):
        (tmp_path / "metadata.yaml").write_text(f"{facts}\n{line}\n")
        with pytest.raises(OtherKindError, match="another kind"):
            OpenvinoNetwork(tmp_path, 0.1, 0.7, 640)


def test_other_bytes_and_other_versions_have_a_copy_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    weights = tmp_path / "person.pt"
    weights.write_bytes(b"one")
    first = kept_copy(weights, ("ultralytics",), tmp_path)
    assert first.name.startswith("person_")
    assert first == kept_copy(weights, ("ultralytics",), tmp_path)
    weights.write_bytes(b"two")
    second = kept_copy(weights, ("ultralytics",), tmp_path)
    monkeypatch.setattr(openvino_copy, "version", lambda package: "99")
    assert len({first, second, kept_copy(weights, ("ultralytics",), tmp_path)}) == 3


def test_a_copy_is_made_once_and_a_failing_conversion_leaves_nothing(tmp_path: Path):
    cache, made = tmp_path / "cache", []

    def convert(weights: Path, workshop: Path) -> Path:
        made.append(weights)
        (workshop / "half").mkdir()
        if weights.name == "bad.pt":
            raise RuntimeError("no such layer")
        return workshop / "half"

    assert made_copy(Path("bad.pt"), cache / "bad", convert) is None
    assert list(cache.iterdir()) == []
    assert [made_copy(Path("good.pt"), cache / "good", convert) for _ in range(2)] == [cache / "good"] * 2
    assert [path.name for path in cache.iterdir()] == ["good"]
    assert len(made) == 2


def test_in_a_cache_that_cannot_be_looked_into_there_is_no_copy(tmp_path: Path):
    """As in another user's, for whom the tests may run; a name that is too long is refused to everybody."""
    (tmp_path / "network.pt").write_bytes(b"network")
    copy = kept_copy(tmp_path / "network.pt", ("ultralytics",), tmp_path / ("x" * 300))
    assert not is_kept(copy)
    assert made_copy(tmp_path / "network.pt", copy, lambda weights, workshop: workshop) is None


@pytest.mark.parametrize("part", ["*.xml", "*.bin", "metadata.yaml"])
def test_a_damaged_copy_is_thrown_away_and_torch_finds_the_people(
    copy: Path, pictures: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    damaged = tmp_path / "followspot" / copy.name
    shutil.copytree(copy, damaged)
    (file,) = damaged.glob(part)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2].replace(b":", b""))
    assert len(YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu"))(pictures[0])) >= 4
    assert not damaged.exists()


@pytest.mark.parametrize("line", [b"date: \xff", b"stride: 3Z", b"names: {0: cat, 1: dog}"])
def test_a_wrong_byte_in_its_metadata_is_damage_too(
    copy: Path, pictures: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    damaged = tmp_path / "followspot" / copy.name
    shutil.copytree(copy, damaged)
    with (damaged / "metadata.yaml").open("ab") as facts:
        facts.write(b"\n" + line + b"\n")
    assert len(YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu"))(pictures[0])) >= 4
    assert not damaged.exists()


def test_a_class_that_the_weights_do_not_know_is_no_damage(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = tmp_path / "followspot" / copy.name
    shutil.copytree(copy, kept)
    with pytest.raises(InputError, match=r"person_yolo11n\.pt knows no class 3: its classes are 0 to 0"):
        YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu", classes=(3,)))
    assert kept.is_dir()
