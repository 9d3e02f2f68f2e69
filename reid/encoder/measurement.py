"""Measures an encoder on people it did not learn from: similarities by time apart, and how much colours help it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .calibration import PairSimilarities, centred, log_loss, pair_similarities, summary
from .embedder import EmbedderOptions, colours_of, with_colours

SHARES = tuple(share / 10 for share in range(10))
"""The shares of colour that are tried."""


@dataclass(frozen=True)
class Views:
    """N crops (h, w, 3) uint8 BGR of people; `person` and `video` (N,) say whose and where, `time` (N,) is in seconds.

    People of different videos have different numbers.
    """

    crops: Sequence[np.ndarray]
    person: np.ndarray
    video: np.ndarray
    time: np.ndarray

    @staticmethod
    def of_all(parts: Sequence[Views]) -> Views:
        """Those of several sources, no two of which share a person or a video."""
        person = [(part, int(number)) for part, views in enumerate(parts) for number in views.person]
        video = [(part, str(name)) for part, views in enumerate(parts) for name in views.video]
        return Views(
            [crop for views in parts for crop in views.crops],
            numbered(person),
            numbered(video),
            np.concatenate([np.zeros(0), *(views.time for views in parts)]),
        )


@dataclass(frozen=True)
class Measurement:
    """The similarities of pairs, with this share of a colour histogram in them; `centred` without what the people of a
    video share."""

    pairs: PairSimilarities
    centred: PairSimilarities
    colour_share: float

    @staticmethod
    def of(rows: np.ndarray, views: Views, colour_share: float) -> Measurement:
        """Measured on the views' embeddings, (N, D)."""
        where = views.person, views.video, views.time
        pairs = pair_similarities(rows, *where)
        return Measurement(pairs, pair_similarities(centred(rows, *where[:2]), *where), colour_share)

    @property
    def facts(self) -> dict[str, Any]:
        """What an encoder's file is to say. Raises ValueError where there are too few pairs."""
        return {
            "calibration": summary(self.pairs),
            "calibration_centred": summary(self.centred),
            "colour_share": self.colour_share,
        }


def numbered(labels: Sequence[Any]) -> np.ndarray:
    """A number for each different label, (N,) int."""
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], int)


def network_alone(options: EmbedderOptions) -> EmbedderOptions:
    """The options with which an encoder is measured."""
    return replace(options, colours=False)


def measure(rows: np.ndarray, views: Views, shares: Iterable[float]) -> Measurement:
    """The similarities within each video, with the share of colour that leaves least open (`log_loss`).

    `rows` (N, D) are the crops' vectors without colours (`network_alone`). No pairs come out where there are too few.
    """
    if not len(rows):
        return Measurement({}, {}, 0.0)
    colours = colours_of(views.crops)
    tried = [Measurement.of(with_colours(rows, colours, share), views, share) for share in shares]
    return min(tried, key=lambda measured: log_loss(measured.pairs) if measured.pairs else 0.0)
