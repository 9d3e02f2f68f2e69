"""`followspot export-detector`: when an 8-bit copy is written, and what is said where it is not."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import tyro
from places import ROOT

from models.bundled import PERSON_DETECTOR
from models.digest import sha256
from tools import export_detector
from tools.detector_training import quantization
from tools.detector_training.quantization import agreement
from tools.export_detector import ExportDetectorCommand
from tracker.detection.detector import DetectorOptions, YoloDetector
from tracker.types import Detections, InputError
from tracker.video.video_reader import VideoReader

pytest.importorskip("openvino")
BUNDLED = PERSON_DETECTOR.with_name("person_yolo11n_int8_openvino_model")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four frames of the demo."""
    folder = tmp_path_factory.mktemp("pictures")
    with VideoReader(ROOT / "assets" / "demo.mp4", vid_stride=90) as demo:
        for frame in demo:
            assert frame.image is not None
            cv2.imwrite(str(folder / f"{frame.index}.jpg"), frame.image)
    return folder


@pytest.fixture
def mine(pictures: Path, tmp_path: Path) -> Path:
    """The bundled detector under another name, without a copy, and four frames of the demo in a folder beside it."""
    shutil.copytree(pictures, tmp_path / "pictures")
    return Path(shutil.copy(PERSON_DETECTOR, tmp_path / "mine.pt"))


@pytest.fixture
def quantized(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Instead of NNCF, which takes minutes, the bundled copy; how many pictures each call was given."""
    given: list[int] = []

    def quantize(weights: Path, copy: Path, pictures: list[Path], imgsz: int, out: Path) -> None:
        given.append(len(pictures))
        shutil.copytree(BUNDLED, out)

    monkeypatch.setattr(quantization, "quantize", quantize)
    monkeypatch.setattr(export_detector, "_has_nncf", lambda: True)
    return given


def run(*words: object) -> None:
    tyro.cli(ExportDetectorCommand, args=[str(word) for word in words]).run()


def test_the_copy_is_written_beside_the_weights_and_then_runs(mine: Path, quantized: list[int], capsys):
    """Of the demo's four pictures one is kept for the check."""
    run(mine, "--pictures", mine.parent / "pictures")
    out = mine.with_name("mine_int8_openvino_model")
    assert quantized == [3]
    said = capsys.readouterr().out
    assert "% of the sure boxes in 1 other pictures are the same" in said
    assert said.rstrip().endswith(str(out))
    assert YoloDetector(mine, DetectorOptions(device="cpu", int8=True)).int8
    with pytest.raises(InputError, match="exists; remove it, or choose another --out"):
        run(mine, "--pictures", mine.parent / "pictures")
    assert {path.name for path in mine.parent.iterdir()} == {"mine.pt", "pictures", out.name}


def test_one_that_finds_other_people_is_not_written(mine: Path, quantized: list[int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(quantization, "agreement", lambda *given: 0.9)
    with pytest.raises(InputError, match=r"mine\.pt is not written: it shares 90\.0% of the sure boxes only"):
        run(mine, "--pictures", mine.parent / "pictures")
    assert {path.name for path in mine.parent.iterdir()} == {"mine.pt", "pictures"}


def test_a_mistake_is_told_before_anything_is_made(mine: Path, monkeypatch: pytest.MonkeyPatch):
    (mine.parent / "few").mkdir()
    for number in ("0 pictures", "1 picture"):
        with pytest.raises(InputError, match=f"few holds {number}: 8 bits take at least two"):
            run(mine, "--pictures", mine.parent / "few")
        (mine.parent / "few" / "one.png").touch()
    with pytest.raises(InputError, match="is an export already"):
        run(BUNDLED, "--pictures", mine.parent / "pictures")
    with pytest.raises(InputError, match=r"^--limit must be at least 1, not 0$"):
        run(mine, "--pictures", mine.parent / "pictures", "--limit", 0)
    monkeypatch.setattr(export_detector, "_has_nncf", lambda: False)
    with pytest.raises(InputError, match=r"pip install 'followspot\[int8\]'"):
        run(mine, "--pictures", mine.parent / "pictures")


def test_boxes_agree_where_each_network_has_the_sure_ones_of_the_other(mine: Path):
    """In each of four pictures the one has two sure boxes and one that is not; the other has the first of them and one
    elsewhere: of the eight and eight, four and four are shared. An overlap of 9/11 counts, of 2/3 does not."""
    boxes = np.array([[0, 0, 10, 20], [50, 0, 60, 20], [90, 0, 99, 20]], np.float32)
    one = Detections(boxes, np.array([0.9, 0.8, 0.4], np.float32))
    near = np.array([[0, 0, 10, 18], [52, 0, 62, 20]], np.float32)
    other = Detections(near, np.array([0.7, 0.6], np.float32))
    networks = [lambda images: [one], lambda images: [other]]
    pictures = sorted((mine.parent / "pictures").iterdir())
    assert len(pictures) == 4
    assert agreement(networks, pictures, 0.5, 0.8) == 0.5
    assert agreement(networks, pictures, 0.95, 0.8) == 1.0


def test_the_bundled_copy_was_made_of_the_bundled_weights():
    assert f"made_of: {sha256(PERSON_DETECTOR)}\n" in (BUNDLED / "metadata.yaml").read_text()


def test_nncf_makes_a_copy_that_keeps_the_decoding_of_boxes_in_floating_point(mine: Path, tmp_path: Path):
    pytest.importorskip("nncf")
    run(mine, "--pictures", mine.parent / "pictures", "--limit", 2)
    network = (tmp_path / "mine_int8_openvino_model" / "network.xml").read_text()
    assert network.count('type="FakeQuantize"') > 50
    assert "model.23/aten::sub/fq" not in network
