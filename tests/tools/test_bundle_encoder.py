from dataclasses import asdict

import pytest

from models.encoder import EncoderOptions
from reid.training.recipes import PRESETS
from tools.bundle_encoder import CARD, colours_of, losses_of, network_of


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
