"""Calibrates encoder files on views of people, for the commands that train and calibrate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.digest import sha256
from reid.encoder.calibration_file import store
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.encoder.measurement import SHARES, Measurement, Views, measure, network_alone

from .progress import counted_calls, progress

LONG = 0.5
"""Seconds apart at which a calibration says more than that two neighbouring frames look alike."""


def measured(weights: Path, views: Views, device: str = "auto", colour_share: float | None = None) -> Measurement:
    """The encoder's similarities, with the best share of colour, or the one given; a histogram's without more colour.

    Raises WeightsError.
    """
    embedder = Embedder(weights, network_alone(EmbedderOptions(device)))
    rows = encoded(embedder, views.crops)
    shares = (0.0,) if embedder.is_histogram else SHARES if colour_share is None else (colour_share,)
    return measure(rows, views, progress(shares, len(shares), "shares of colour", "shares"))


def encoded(embedder: Embedder, crops: Sequence[np.ndarray]) -> np.ndarray:
    """The vectors (N, D) of N crops, counted on a bar."""
    batch = embedder.options.batch
    with counted_calls(embedder, len(crops), "encoded", "crops") as encode:
        return np.concatenate(
            [encode(list(crops[start : start + batch])) for start in range(0, max(len(crops), 1), batch)]
        )


def reaches_far(measurement: Measurement) -> bool:
    """Whether there are pairs of people seen side by side over some time."""
    return max(measurement.pairs, default=0.0) > LONG


def keep(weights: Path, measurement: Measurement, names: Sequence[str]) -> None:
    """Store it in the encoder's file, and the file's new sha256 in its card (.md beside it) if there is one."""
    before = sha256(weights)
    store(weights, {**measurement.facts, "calibrated_on": list(names)})
    card = weights.with_suffix(".md")
    if card.is_file():
        card.write_text(card.read_text().replace(before, sha256(weights)))
