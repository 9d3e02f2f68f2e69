"""The 8-bit copy of a detector: when it runs, and that it finds the same people."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

from models import bundled
from models.bundled import PERSON_DETECTOR, require_unchanged
from models.digest import sha256
from models.errors import WeightsError
from tools.run.parts import make_detector
from tracker.boxes import iou
from tracker.detection import weights as detector_weights
from tracker.detection.detector import DetectorOptions, YoloDetector
from tracker.detection.weights import int8_folder, openvino_place
from tracker.types import InputError
from tracker.video.video_reader import VideoReader

pytest.importorskip("openvino")
SURE = 0.5
BUNDLED = PERSON_DETECTOR.with_name("person_yolo11n_int8_openvino_model")


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    with VideoReader(ROOT / "assets" / "demo.mp4", vid_stride=60) as demo:
        return [frame.image for frame in islice(demo, 4) if frame.image is not None]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The bundled detector and its copy under another name, as a user has them."""
    shutil.copytree(BUNDLED, tmp_path / "mine_int8_openvino_model")
    return Path(shutil.copy(PERSON_DETECTOR, tmp_path / "mine.pt"))


def test_the_bundled_one_runs_where_asked_for_and_finds_the_same_people(pictures: list[np.ndarray]):
    eight, full = (YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu", int8=int8)) for int8 in (True, False))
    assert (eight.int8, full.int8, DetectorOptions().int8) == (True, False, False)
    people = 0
    for some, others in zip(eight.batch(pictures), full.batch(pictures), strict=True):
        for one, other in ((some, others), (others, some)):
            sure = one.xyxy[one.score > SURE]
            assert (iou(sure, other.xyxy).max(axis=1) > 0.8).all()
            people += len(sure)
    assert people >= 4 * len(pictures)


def test_the_bundled_one_is_what_its_card_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    require_unchanged(BUNDLED)
    changed = tmp_path / BUNDLED.name
    shutil.copytree(BUNDLED, changed)
    shutil.copy(BUNDLED.with_name(f"{BUNDLED.name}.md"), tmp_path)
    (changed / "metadata.yaml").open("a").write("\n")
    monkeypatch.setattr(bundled, "WEIGHTS", tmp_path)
    with pytest.raises(WeightsError, match="is not the file that came with Followspot"):
        require_unchanged(changed)


def test_it_runs_where_it_lies_beside_the_very_file_that_it_was_made_of(mine: Path):
    assert YoloDetector(mine, DetectorOptions(device="cpu", int8=True)).int8
    facts = mine.with_name("mine_int8_openvino_model") / "metadata.yaml"
    facts.write_text(facts.read_text().replace(sha256(mine), "0" * 64))
    assert int8_folder(mine) is None
    facts.unlink()
    assert int8_folder(mine) is None


def test_where_there_is_none_a_note_says_so(mine: Path, capsys: pytest.CaptureFixture[str]):
    make_detector(mine, DetectorOptions(device="cpu", int8=True))
    assert "8-bit" not in capsys.readouterr().out
    shutil.rmtree(mine.with_name("mine_int8_openvino_model"))
    make_detector(mine, DetectorOptions(device="cpu", int8=True))
    assert "note: mine.pt has no 8-bit copy that runs here" in capsys.readouterr().out


def test_it_needs_a_processor_that_computes_in_8_bits_and_no_other_device(mine: Path, monkeypatch: pytest.MonkeyPatch):
    assert openvino_place(mine, "cpu", int8=True) == mine.with_name("mine_int8_openvino_model")
    assert openvino_place(mine, "cuda:0", int8=True) is None
    monkeypatch.setattr(detector_weights, "_computes_in_int8", lambda: False)
    place = openvino_place(mine, "cpu", int8=True)
    assert place is not None
    assert place.name.startswith("mine_")
    assert place.parent != mine.parent


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("network.xml", lambda content: content[:1000]),
        ("metadata.yaml", lambda content: content + b"\nstride: 3Z\n"),
        ("metadata.yaml", lambda content: content + b"\nnames: {0: cat, 1: dog}\n"),
    ],
)
def test_a_damaged_one_is_told_and_stays_where_it_is(mine: Path, file: str, change: Callable[[bytes], bytes]):
    damaged = mine.with_name("mine_int8_openvino_model") / file
    damaged.write_bytes(change(damaged.read_bytes()))
    with pytest.raises(InputError, match=r"mine_int8_openvino_model is damaged: .* leave --int8 out$"):
        YoloDetector(mine, DetectorOptions(device="cpu", int8=True))
    assert damaged.is_file()


def test_a_class_that_the_weights_do_not_know_is_no_damage_of_the_copy(mine: Path):
    with pytest.raises(InputError, match=r"mine\.pt knows no class 3: its classes are 0 to 0"):
        YoloDetector(mine, DetectorOptions(device="cpu", int8=True, classes=(3,)))


def test_the_first_run_with_it_needs_neither_torch_nor_ultralytics(tmp_path: Path):
    """Nothing is copied, so nothing has to be opened that only they can open."""
    code = f"""
import os, sys, numpy
os.environ["XDG_CACHE_HOME"] = {str(tmp_path)!r}
from tracker.detection.detector import DetectorOptions, YoloDetector
detector = YoloDetector({str(PERSON_DETECTOR)!r}, DetectorOptions(device="cpu", int8=True))
detector(numpy.zeros((90, 160, 3), numpy.uint8))
assert detector.int8
assert not {{"torch", "ultralytics", "nncf"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    assert list(tmp_path.iterdir()) == []
