import pytest

from models.encoder import EncoderOptions
from tools.bundle_encoder import CARD, colours_of, network_of


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
