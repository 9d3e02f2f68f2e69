import itertools
import json
import re
import sys
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from models.errors import WeightsError
from reid.data.datasets import every_crop
from reid.data.reading import DataOptions
from reid.encoder.embedder import Embedder, EmbedderOptions
from tools import benchmark_encoders
from tools.benchmark import peer_encoder
from tools.benchmark_encoders import BenchmarkEncodersCommand
from tools.evaluate_reid import EvaluateReidCommand, read_for_evaluation
from tracker.types import InputError

COLOURS = ((0, 0, 255), (255, 0, 0), (0, 255, 0))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Three people of one clip, in DanceReID's layout, all of them meant for training: every 10th frame up to 120."""
    root = tmp_path_factory.mktemp("clip")
    (root / "images").mkdir()
    random = np.random.default_rng(0)
    identities = []
    for person, colour in enumerate(COLOURS):
        names = [f"{person:04d}_{frame:06d}.jpg" for frame in range(0, 121, 10)]
        for name in names:
            picture = np.clip(np.array(colour) + random.normal(0, 20, (64, 32, 3)), 0, 255).astype(np.uint8)
            cv2.imwrite(str(root / "images" / name), picture)
        identities.append([names])
    split = {"trainval": [0, 1, 2], "query": [], "gallery": []}
    for file, content in {
        "meta": {"identities": identities},
        "splits": [split],
        "video": {"clip": [0, 1, 2]},
    }.items():
        (root / f"{file}.json").write_text(json.dumps(content))
    return root


def test_people_in_different_colours_are_found_by_colour(clip, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(benchmark_encoders, "process_time", itertools.count().__next__)  # a batch takes a second
    BenchmarkEncodersCommand((clip,), ("histogram",), runs=1, json=tmp_path / "numbers.json").run()
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    scored = numbers["data"][str(clip)]["histogram"]
    assert scored["protocol"] == "dancereid-clean"
    assert scored["mAP"] == scored["rank1"] == 1
    # 13 frames, of which the first 10 have one 30 frames on and the first only one 120 on; three people each
    assert scored["reassociation"]["30"] == {"rank1": 1.0, "questions": 30}
    assert scored["reassociation"]["120"] == {"rank1": 1.0, "questions": 3}
    assert numbers["encoders"]["histogram"]["seconds"] == 1 / 8
    printed, bars = capsys.readouterr()
    assert "30 frames on" in printed
    assert re.search(r"^histogram .* 39/39 .*\ntimed .* 1/1 ", bars)
    assert "120 frames on" not in printed, "three queries show nothing"


def test_all_people_are_searched_once_where_the_whole_is_asked_for(clip, capsys):
    split = read_for_evaluation(clip, DataOptions(), whole=True)
    assert (len(split.train), len(split.query), len(split.gallery)) == (0, 12, 27)
    assert [crop.path for crop in split.crops()] == [crop.path for crop in every_crop(clip, DataOptions())]
    EvaluateReidCommand(clip, "histogram", protocols=("dancereid-clean",), whole=True).run()
    assert "colour_histogram.json" in capsys.readouterr().out


def test_mistakes_are_reported_before_anything_is_scored(clip):
    with pytest.raises(InputError, match="name at least one --data"):
        BenchmarkEncodersCommand(()).run()
    with pytest.raises(WeightsError, match="leaves nothing to score"):
        BenchmarkEncodersCommand((clip,), ("none",)).run()
    with pytest.raises(WeightsError, match="no weights file"):
        BenchmarkEncodersCommand((clip,), ("nowhere.pt",)).run()


class TinyPeer(nn.Module):
    """Stands in for another program's architecture, with a classifier that the weights file sizes otherwise."""

    def __init__(self, num_classes, pretrained):
        super().__init__()
        self.features = nn.Conv2d(3, 8, 3)
        self.classifier = nn.Linear(8, num_classes)

    def forward(self, images):
        return self.features(images).mean(dim=(2, 3))


@pytest.fixture
def boxmot(monkeypatch):
    name = "boxmot.reid.backbones.families.osnet"
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:count]), ModuleType(".".join(parts[:count])))
    sys.modules[name].tiny = TinyPeer
    for count in range(1, len(parts)):
        setattr(sys.modules[".".join(parts[:count])], parts[count], sys.modules[".".join(parts[: count + 1])])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_another_programs_encoder_gets_in_as_onnx(boxmot, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    peer = TinyPeer(1041, False).eval()
    torch.save({f"module.{name}": tensor for name, tensor in peer.state_dict().items()}, tmp_path / "tiny.pth")
    peer_encoder.main("tiny", str(tmp_path / "tiny.pth"), str(tmp_path / "tiny.onnx"))
    embedder = Embedder(tmp_path / "tiny.onnx", EmbedderOptions(device="cpu"))
    picture = np.random.default_rng(0).integers(0, 255, (256, 128, 3), np.uint8)
    rgb = torch.from_numpy(picture[..., ::-1].copy()).permute(2, 0, 1)[None] / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (peer_encoder.MEAN, peer_encoder.STD))
    with torch.inference_mode():
        expected = nn.functional.normalize(peer((rgb - mean) / std), dim=1).numpy()
    assert embedder([picture]) == pytest.approx(expected, abs=1e-4)
    del peer.features
    torch.save(peer.state_dict(), tmp_path / "tiny.pth")
    with pytest.raises(ValueError, match=r"does not fit tiny.*features"):
        peer_encoder.main("tiny", str(tmp_path / "tiny.pth"), str(tmp_path / "other.onnx"))
