from pathlib import Path

import numpy as np
import pytest

from models.checkpoint import sha256
from models.pretrained import load_encoder
from reid.embedder import Embedder, EmbedderOptions
from tracker.types import Calibration

WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "weights" / "person_mobilenet_v2.pt"


def test_the_card_is_of_this_file_and_says_where_it_comes_from():
    card = WEIGHTS.with_suffix(".md").read_text()
    assert sha256(WEIGHTS) in card
    assert "research only" in card
    assert load_encoder(WEIGHTS).metadata["data"] in card
    assert WEIGHTS.stat().st_size <= 6_000_000


def test_its_calibration_tells_people_apart_and_less_surely_after_longer():
    embedder = Embedder(WEIGHTS, EmbedderOptions(device="cpu"), Calibration)
    calibration = embedder.calibration
    for (same, _), (different, _) in zip(calibration.same, calibration.different, strict=True):
        assert same > different + 0.2
    assert calibration.same[0][0] > calibration.same[-1][0]
    for gap, (same, _), (different, _) in zip(calibration.gap, calibration.same, calibration.different, strict=True):
        unlike, alike = calibration.log_odds(np.array([different, same]), np.array([gap, gap]))
        assert unlike < -1 < 1 < alike


def test_colours_are_read_as_bgr():
    """A red shirt is nearer to another red shirt than to a blue one of the same shape."""
    random = np.random.default_rng(0)

    def person(shirt):
        crop = np.full((128, 64, 3), 90, np.uint8)
        crop[30:75, 15:50] = shirt
        crop[75:120, 20:45] = (60, 60, 60)
        return np.clip(crop + random.normal(0, 8, crop.shape), 0, 255).astype(np.uint8)

    red, red_again, blue = Embedder(WEIGHTS, EmbedderOptions(device="cpu"))(
        [person((30, 30, 200)), person((30, 30, 200)), person((200, 30, 30))]
    )
    assert red @ red_again == pytest.approx(1, abs=0.1)
    assert red @ red_again > red @ blue + 0.1
