import json
from dataclasses import asdict

import numpy as np
import pytest

from models.errors import WeightsError
from reid.encoder.calibration import Calibration
from reid.encoder.colour_histogram import HistogramOptions, histograms
from reid.encoder.embedder import Embedder

RED, BLUE = (0, 0, 255), (255, 0, 0)  # BGR
TWO_STRIPES = HistogramOptions(height=40, width=20, stripes=2, margin=0.2)


def dressed(top, trousers, background=(0, 255, 0), size=(40, 20)):
    """A person who fills the middle three fifths of the crop."""
    height, width = size
    picture = np.full((height, width, 3), background, np.uint8)
    picture[: height // 2, width // 5 : width - width // 5] = top
    picture[height // 2 :, width // 5 : width - width // 5] = trousers
    return picture


def similarity(first, second):
    rows = histograms(np.stack([first, second]), TWO_STRIPES)
    return float(rows[0] @ rows[1])


def test_similarity_is_the_share_of_colour_two_people_have_in_the_same_places():
    assert similarity(dressed(RED, BLUE), dressed(RED, BLUE)) == pytest.approx(1)
    assert similarity(dressed(RED, BLUE), dressed(RED, RED)) == pytest.approx(0.5)
    assert similarity(dressed(RED, BLUE), dressed(BLUE, RED)) == pytest.approx(0), "red trousers are no red shirt"


def test_similarity_within_a_stripe_is_the_bhattacharyya_coefficient():
    """Shares 3/4 and 1/4 against 1/4 and 3/4: 2 sqrt(3/16) in the upper half, 1 in the lower."""
    first, second = dressed(RED, RED), dressed(RED, RED)
    first[15:20], second[5:20] = BLUE, BLUE
    assert similarity(first, second) == pytest.approx((2 * np.sqrt(3 / 16) + 1) / 2)


def test_what_stands_beside_the_person_does_not_count():
    assert similarity(dressed(RED, BLUE), dressed(RED, BLUE, background=(0, 0, 0))) == pytest.approx(1)


def test_its_file_is_an_encoder_like_any_other(tmp_path):
    calibration = {"gap": (0.0,), "same": ((0.9, 0.1),), "different": ((0.4, 0.1),)}
    content = {**asdict(TWO_STRIPES), "metadata": {"calibration": calibration}}
    (tmp_path / "colours.json").write_text(json.dumps(content))
    embedder = Embedder(tmp_path / "colours.json")
    assert embedder.calibration == Calibration(**calibration)
    rows = embedder([dressed(RED, BLUE), dressed(RED, BLUE, size=(120, 60))])
    assert rows.shape == (2, embedder.dimension)
    assert rows @ rows.T == pytest.approx(np.ones((2, 2)), abs=0.02)
    assert embedder([]).shape == (0, embedder.dimension)


@pytest.mark.parametrize("content", ["no JSON", "[1]", json.dumps({"height": 40})])
def test_another_json_file_is_reported_in_one_sentence(tmp_path, content):
    (tmp_path / "colours.json").write_text(content)
    with pytest.raises(WeightsError, match="describes no colour histogram"):
        Embedder(tmp_path / "colours.json")
