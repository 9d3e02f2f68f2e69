import json
from dataclasses import asdict, astuple

import cv2
import numpy as np
import pytest

from models.digest import sha256
from reid.encoder.colour_histogram import HistogramOptions
from reid.encoder.embedder import Embedder
from tools.calibrate import CalibrateCommand, clear_crops
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
    gaps, same, different = astuple(embedder.calibration)
    assert set(gaps) <= {0.25, 1.0, 4.0}
    assert all(alike[0] > other[0] for alike, other in zip(same, different, strict=True)), "dancers differ in colour"
    assert card.read_text() == f"sha256 `{sha256(weights)}`"
    assert f"{same[0][0]:.2f}" in capsys.readouterr().out
    drawn = cv2.imread(str(weights.with_suffix(".png")))
    assert (drawn[..., 1] > drawn[..., 2] + 30).any(), "the green of the same person"
    assert (drawn[..., 2] > drawn[..., 1] + 30).any(), "the red of different people"


def test_no_store_leaves_the_file_alone(stage, weights):
    before = weights.read_bytes()
    CalibrateCommand(weights, (stage,), store=False).run()
    assert weights.read_bytes() == before


def test_frames_of_a_scene_are_used_by_time(stage):
    _, _, often = clear_crops(stage, every=0.2)
    _, _, seldom = clear_crops(stage, every=1.0)
    assert np.unique(often) == pytest.approx(np.arange(0, 3.0, 0.2))
    assert np.unique(seldom) == pytest.approx([0, 1, 2])


def test_what_cannot_be_calibrated_on_is_reported(stage, weights, tmp_path):
    with pytest.raises(InputError, match="name at least one"):
        CalibrateCommand(weights, ()).run()
    with pytest.raises(InputError, match="needs its truth"):
        CalibrateCommand(weights, (tmp_path,)).run()
    with pytest.raises(InputError, match="too few clear views"):
        CalibrateCommand(weights, (stage,), every=60.0).run()
    with pytest.raises(InputError, match="cannot write --picture"):
        CalibrateCommand(weights, (stage,), picture=tmp_path / "nowhere" / "similarity.png").run()
