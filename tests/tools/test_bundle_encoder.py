import re
from dataclasses import asdict, replace
from itertools import product

import cv2
import numpy as np
import pytest

from models.digest import sha256
from models.encoder import ContextEncoder, EncoderOptions
from models.pretrained import save_encoder
from reid.data.reading import DataOptions
from reid.encoder.embedder import Embedder
from reid.training.recipes import PRESETS
from tools.bundle_encoder import CARD, BundleEncoderCommand, colours_of, losses_of, network_of
from tools.renderer.options import StageOptions
from tools.renderer.scene import Scene
from tools.renderer.sequence_folder import SequenceFolder


@pytest.fixture
def scene(tmp_path):
    """Two dancers for three seconds, ten pictures a second."""
    folder = tmp_path / "scene"
    folder.mkdir()
    options = StageOptions(dancers=2, seconds=3.0, fps=10.0, width=240, height=136, seed=5, audio=False)
    with SequenceFolder(folder, options, None, 21, "ultrafast") as sequence:
        for frame in Scene(options).frames():
            sequence.write(frame)
    return folder


@pytest.fixture
def data(tmp_path):
    """Four people of one grey each, twice seen by two cameras."""
    folder = tmp_path / "data" / "bounding_box_train"
    folder.mkdir(parents=True)
    for person, camera, frame in product(range(1, 5), (1, 2), (1, 2)):
        name = f"{person:04d}_c{camera}s1_{frame:06d}_00.jpg"
        cv2.imwrite(str(folder / name), np.full((64, 32, 3), 50 * person, np.uint8))
    return folder.parent


@pytest.fixture
def run(tmp_path):
    """The folder of a training run, of which there is the encoder as it was before the first step."""
    options = EncoderOptions("shufflenet_v2_x0_5", 64, 32)
    recipe = asdict(replace(PRESETS["strong"], encoder=options))
    save_encoder(tmp_path / "encoder_last.pt", ContextEncoder(options), {"epoch": 3, "step": 30, "recipe": recipe})
    return tmp_path


def test_a_run_becomes_weights_with_a_card_and_bars_show_how_far_that_is(run, data, scene, capsys):
    out = run / "bundled.pt"
    reading = DataOptions(validation="training", validation_people=2)
    BundleEncoderCommand(run, data, (scene,), "make.sh", "nothing", "none", reading=reading, out=out).run()
    assert list(Embedder(out).metadata["calibrated_on"]) == ["scene"]
    card = out.with_suffix(".md").read_text()
    assert sha256(out) in card
    assert "Scores on the 2 validation people" in card
    bars = capsys.readouterr().err
    assert re.search(r"^scene .* 30/30 ", bars), "frames of the scene"
    assert re.search(r"^encoded .* 8/8 ", bars, re.MULTILINE), "pictures of the validation people"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (EncoderOptions("mobilenet_v2", bnneck=True), "mobilenet_v2, last stride 1, BNNeck"),
        (EncoderOptions("resnet50", last_stride=2), "resnet50, last stride 2"),
        (
            EncoderOptions("mobilenet_v2", pooling="gem", instance_norm=3),
            "mobilenet_v2, last stride 1, half of the channels instance-normalised in 3 stages, gem pooling",
        ),
    ],
)
def test_the_card_names_the_network_that_was_trained(options, words):
    assert network_of(vars(options)) == words


def test_the_card_names_the_colour_histogram_only_where_there_is_one():
    assert colours_of(0.3).endswith("a colour histogram with 0.3 of the weight")
    assert colours_of(0.0) == ""


def test_the_cards_own_words_hold_for_any_recipe():
    assert "BNNeck" not in CARD
    assert "mobilenet" not in CARD


def test_the_card_names_losses_that_count_and_the_sampling():
    recipe = asdict(PRESETS["st-reid-strong"])
    assert losses_of(recipe) == (
        "cross entropy 1, triplet 1, recovery 10, cross recovery 10, image 0.1, pose 0.1; batches by `sparse-people`"
    )
    assert losses_of(asdict(PRESETS["strong"])) == "cross entropy 1, triplet 1; batches by `people`"
