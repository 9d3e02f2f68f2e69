"""Weights that come with Followspot are loaded only if they are the ones that their cards state."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models import bundled
from models.bundled import COLOUR_HISTOGRAM, ENCODERS, PERSON_DETECTOR, require_unchanged
from models.errors import WeightsError
from models.pretrained import copy_from_file
from reid.encoder.embedder import Embedder
from tools.run.parts import make_detector
from tracker.detection.detector import DetectorOptions

FILES = [PERSON_DETECTOR, COLOUR_HISTOGRAM, *ENCODERS.values()]
USES = {
    "detector": (PERSON_DETECTOR, lambda path: make_detector(path, DetectorOptions())),
    "encoder": (ENCODERS["bundled"], Embedder),
    "histogram": (COLOUR_HISTOGRAM, Embedder),
    "start of a training": (ENCODERS["rendered"], lambda path: copy_from_file(None, path)),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_card_states_the_sha256_of_its_file(path: Path):
    assert bundled.STATED.search(path.with_suffix(".md").read_text())
    require_unchanged(path)


@pytest.mark.parametrize("use", USES)
def test_bundled_weights_with_one_byte_changed_are_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: str
):
    original, load = USES[use]
    monkeypatch.setattr(bundled, "WEIGHTS", tmp_path)
    path = Path(shutil.copy(original, tmp_path))
    shutil.copy(original.with_suffix(".md"), tmp_path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=f"{path.name} is not the file that came with Followspot"):
        load(path)


def test_a_file_of_ones_own_needs_no_card(tmp_path: Path):
    own = Path(shutil.copy(COLOUR_HISTOGRAM, tmp_path))
    shutil.copy(PERSON_DETECTOR.with_suffix(".md"), own.with_suffix(".md"))  # another file's card
    require_unchanged(own)
    assert Embedder(own).dimension == 768
