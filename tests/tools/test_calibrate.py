import json
import re
from dataclasses import asdict, astuple

import cv2
import numpy as np
import pytest
import torch

from models.checkpoint import load_plain
from models.digest import sha256
from models.encoder import ContextEncoder, EncoderOptions
from models.pretrained import save_encoder
from reid.encoder.colour_histogram import HistogramOptions
from reid.encoder.embedder import Embedder
from tools.calibrate import CalibrateCommand, clear_crops
from tools.dataset_stage import DatasetStageCommand
from tools.renderer.options import StageOptions
from tools.renderer.scene import Scene
from tools.renderer.sequence_folder import SequenceFolder
from tracker.types import InputError


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Three dancers for three seconds, ten pictures a second."""
    folder = tmp_path_factory.mktemp("scenes") / "stage-5"
    folder.mkdir()
    options = StageOptions(dancers=3, seconds=3.0, fps=10.0, width=480, height=270, seed=5, audio=False)
    with SequenceFolder(folder, options, None, 21, "ultrafast") as sequence:
        for frame in Scene(options).frames():
            sequence.write(frame)
    return folder


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "colours.json"
    path.write_text(json.dumps({**asdict(HistogramOptions()), "metadata": {}}))
    return path


def test_the_similarities_of_a_scene_are_stored_in_the_encoders_file(stage, weights, capsys):
    card = weights.with_suffix(".md")
    card.write_text(f"sha256 `{sha256(weights)}`")
    CalibrateCommand(weights, (stage,), picture=weights.with_suffix(".png")).run()
    embedder = Embedder(weights)
    assert embedder.metadata["calibrated_on"] == ("stage-5",)
    assert embedder.calibrated
    gaps, same, different = astuple(embedder.calibration)
    assert set(gaps) <= {0.25, 1.0, 4.0}
    assert all(alike[0] > other[0] for alike, other in zip(same, different, strict=True)), "dancers differ in colour"
    assert embedder.calibration_centred is not None
    _, _, centred = astuple(embedder.calibration_centred)
    assert all(rest[0] < other[0] - 0.1 for rest, other in zip(centred, different, strict=True)), "one stage, one light"
    assert card.read_text() == f"sha256 `{sha256(weights)}`"
    printed, bars = capsys.readouterr()
    assert f"{same[0][0]:.2f}" in printed
    assert re.search(r"^stage-5 .* 30/30 (?s:.*)\nencoded .* (\d+)/\1 ", bars), "frames are read, then crops encoded"
    drawn = cv2.imread(str(weights.with_suffix(".png")))
    assert (drawn[..., 1] > drawn[..., 2] + 30).any(), "the green of the same person"
    assert (drawn[..., 2] > drawn[..., 1] + 30).any(), "the red of different people"


def test_no_store_leaves_the_file_alone(stage, weights):
    before = weights.read_bytes()
    CalibrateCommand(weights, (stage,), store=False).run()
    assert weights.read_bytes() == before


def test_frames_of_a_scene_are_used_by_time(stage):
    often, seldom = clear_crops(stage, every=0.2), clear_crops(stage, every=1.0)
    assert np.unique(often.time) == pytest.approx(np.arange(0, 3.0, 0.2))
    assert np.unique(seldom.time) == pytest.approx([0, 1, 2])


def test_a_network_gets_the_share_of_colour_that_is_best_or_the_one_that_is_given(stage, tmp_path, capsys):
    """A network without training tells the dancers worse apart than the colours of their clothes."""
    path = tmp_path / "encoder.pt"
    torch.manual_seed(0)
    save_encoder(path, ContextEncoder(EncoderOptions("shufflenet_v2_x0_5", 64, 32)), {})
    before = load_plain(path)["tensors"]
    CalibrateCommand(path, (stage,)).run()
    assert Embedder(path).colour_share >= 0.5
    assert " 10/10 " in capsys.readouterr().err, "the shares of colour that are tried"
    CalibrateCommand(path, (stage,), colour_share=0.2).run()
    assert Embedder(path).colour_share == 0.2
    assert "share of colour 0.2" in capsys.readouterr().out
    after = load_plain(path)["tensors"]
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items()), "the network stays as it was"
    with pytest.raises(InputError, match="--colour-share must be from 0 to below 1"):
        CalibrateCommand(path, (stage,), colour_share=1.0).run()


@pytest.mark.usefixtures("rendered_here")
def test_the_people_of_a_data_set_that_are_kept_aside_serve_as_a_scene_does(weights, tmp_path):
    """Two videos of two dancers; the second is for query and gallery."""
    data = tmp_path / "data"
    DatasetStageCommand(data, scenes=1, test_scenes=1, dancers=2, seconds=6.0, width=480, height=64, processes=1).run()
    CalibrateCommand(weights, (data,)).run()
    embedder = Embedder(weights)
    assert embedder.metadata["calibrated_on"] == ("data",)
    assert {0.25, 1.0, 4.0} <= set(embedder.calibration.gap)


def test_what_cannot_be_calibrated_on_is_reported(stage, weights, tmp_path):
    with pytest.raises(InputError, match="name at least one"):
        CalibrateCommand(weights, ()).run()
    with pytest.raises(InputError, match="needs its truth"):
        CalibrateCommand(weights, (tmp_path,)).run()
    with pytest.raises(InputError, match="too few clear views"):
        CalibrateCommand(weights, (stage,), every=60.0).run()
    with pytest.raises(InputError, match="cannot write --picture"):
        CalibrateCommand(weights, (stage,), picture=tmp_path / "nowhere" / "similarity.png").run()
