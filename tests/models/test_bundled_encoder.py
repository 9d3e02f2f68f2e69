import gzip
import hashlib
import json
from functools import cache

import numpy as np
import pytest

from models.bundled import ENCODERS
from models.digest import sha256
from models.pretrained import load_encoder
from reid.encoder.embedder import Embedder, EmbedderOptions
from tools.run.parts import make_embedder

DATA = {
    "bundled": {
        *("market1501", "stage", "dance", "thousands"),
        *("fiyud_dance", "phong_dance", "gillhung_dance2", "jvs_dance1"),
    },
    "rendered": {"thousands", "stage"},
    "strong": {"market1501", "fiyud_dance", "phong_dance", "gillhung_jvs", "stage"},
}
LIMITS = {
    "bundled": "research only",
    "rendered": "None beyond Followspot's own licence and the base's",
    "strong": "research only",
}


@cache
def embedder(name: str) -> Embedder:
    return Embedder(ENCODERS[name], EmbedderOptions(device="cpu"))


@pytest.mark.parametrize("name", ENCODERS)
def test_the_card_is_of_this_file_and_says_where_it_comes_from(name):
    file = ENCODERS[name]
    card = file.with_suffix(".md").read_text()
    assert sha256(file) in card
    assert LIMITS[name] in card
    assert file.stat().st_size <= 6_000_000
    assert f"]({file.stem}.sh)" in card
    assert file.with_suffix(".sh").is_file()
    calibration = load_encoder(file).metadata["calibration"]
    for same, different in zip(calibration["same"], calibration["different"], strict=True):
        assert f"| {same[0]:.2f} ± {same[1]:.2f} | {different[0]:.2f} ± {different[1]:.2f} |" in card


@pytest.mark.parametrize("name", ENCODERS)
def test_every_training_picture_is_listed_and_none_of_the_unseen_clip(name):
    file = ENCODERS[name]
    lines = gzip.decompress(file.with_suffix(".files.csv.gz").read_bytes()).decode().splitlines()[1:]
    card = file.with_suffix(".md").read_text()
    of_folder = {line.split(",")[0]: [] for line in lines}
    for line in lines:
        of_folder[line.split(",")[0]].append(line)
    for folder, own in of_folder.items():
        part = hashlib.sha256("".join(f"{line}\n" for line in own).encode()).hexdigest()
        assert f"| {folder} | " in card
        assert f" | {len(own)} | `{part}` |" in card
    assert set(of_folder) == DATA[name]


@pytest.mark.parametrize("name", ["bundled", "strong"])
def test_no_validation_person_was_trained_on(name):
    lines = gzip.decompress(ENCODERS[name].with_suffix(".files.csv.gz").read_bytes()).decode().splitlines()[1:]
    market = [line.split(",")[1] for line in lines if line.startswith("market1501,")]
    assert len({name.split("_")[0] for name in market}) == 651 - 50


@pytest.mark.parametrize("name", ENCODERS)
def test_its_calibration_separates_people_and_less_surely_after_longer(name):
    calibration = embedder(name).calibration
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

    red, red_again, blue = embedder("bundled")([person((30, 30, 200)), person((30, 30, 200)), person((200, 30, 30))])
    assert red @ red_again == pytest.approx(1, abs=0.1)
    assert red @ red_again > red @ blue + 0.1


@pytest.mark.parametrize("name", ENCODERS)
def test_its_openvino_copy_is_the_same_encoder(name, tmp_path):
    """To the tracker, to cast files (sha256) and in what its file says; a copy that is damaged is not used."""
    pytest.importorskip("openvino")
    weights = ENCODERS[name]
    crops = [np.random.default_rng(n).integers(0, 255, (90, 40 + n, 3), np.uint8) for n in range(3)]
    plain, copied = embedder(name), make_embedder(weights, "cpu")
    assert copied.encoder.checkpoint_sha256 == copied.sha256 == plain.sha256
    assert json.dumps(copied.metadata) == json.dumps(plain.metadata)  # JSON makes tuples of lists
    assert (copied.calibration, copied.calibrated) == (plain.calibration, True)
    assert copied(crops) == pytest.approx(plain(crops), abs=1e-4)
    damaged = Embedder(weights, EmbedderOptions(device="cpu"), copy=tmp_path)
    assert (copied.runs_copy, damaged.runs_copy) == (True, False)
    assert tmp_path.is_dir(), "a folder that was given is not ours to throw away"
    assert damaged(crops) == pytest.approx(plain(crops), abs=1e-6)
    assert make_embedder(weights, "cpu", openvino=False).encoder.checkpoint_sha256 == ""
