"""Paths of the weights that come with Followspot; each has its card beside it."""

from __future__ import annotations

from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
PERSON_DETECTOR = WEIGHTS / "person_yolo11n.pt"
PERSON_ENCODER = WEIGHTS / "person_mobilenet_v2.pt"
COLOUR_HISTOGRAM = WEIGHTS / "colour_histogram.json"
RENDERED_ENCODER = WEIGHTS / "person_rendered.pt"
ENCODERS = {"bundled": PERSON_ENCODER, "rendered": RENDERED_ENCODER}
"""Bundled encoders by the name that options give them."""
