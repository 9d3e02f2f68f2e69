"""The weights that come with Followspot, and whether they are still what their cards, which lie beside them, say."""

from __future__ import annotations

import re
from pathlib import Path

from .digest import sha256
from .errors import WeightsError

WEIGHTS = Path(__file__).parent / "weights"
PERSON_DETECTOR = WEIGHTS / "person_yolo11n.pt"
PERSON_ENCODER = WEIGHTS / "person_st_reid.pt"
STRONG_ENCODER = WEIGHTS / "person_mobilenet_v2.pt"
COLOUR_HISTOGRAM = WEIGHTS / "colour_histogram.json"
RENDERED_ENCODER = WEIGHTS / "person_rendered.pt"
ENCODERS = {"bundled": PERSON_ENCODER, "rendered": RENDERED_ENCODER, "strong": STRONG_ENCODER}
"""Bundled encoders by the name that options give them."""
CARD, STATED = ".md", re.compile(r"sha256\W+([0-9a-f]{64})")


def require_unchanged(path: Path) -> None:
    """Raises WeightsError where a bundled file is not the one whose SHA-256 its card states; other files pass.

    To be called before the file is loaded: a detector's .pt is a pickle.
    """
    card = path.with_suffix(CARD)
    if path.resolve().parent != WEIGHTS.resolve() or not (path.exists() and card.is_file()):
        return
    stated = STATED.search(card.read_text(encoding="utf-8"))
    if stated and stated[1] != (found := sha256(path)):
        raise WeightsError(
            f"{path} is not the file that came with Followspot (its sha256 begins {found[:8]}, not {stated[1][:8]}); "
            "install Followspot again, or run `git restore` on it."
        )
