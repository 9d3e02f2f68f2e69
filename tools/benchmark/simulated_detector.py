"""A simulated detector: the truth's boxes with seeded errors.

People whose box is covered by a person nearer to the camera (feet lower in the picture) are missed more often, scored
lower and boxed worse; now and then there is a ghost with a low score. Trackers alike on exact boxes part here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.boxes import occlusion
from tracker.types import Detections

from ..scoring.track_scores import People


@dataclass(frozen=True, slots=True)
class SimulatedDetectorOptions:
    """Errors of the detector; the seed and the sequence's name decide every draw."""

    seed: int = 7
    """Seed of the random numbers."""
    miss: float = 0.015
    """Chance to miss a person in full view."""
    miss_hidden: float = 0.9
    """Chance to miss a person wholly covered by another."""
    hidden_from: float = 0.45
    """Covered share of a box from which on people are missed more often."""
    box_noise: float = 0.018
    """Standard deviation of each box corner in full view, as a share of the box's width and height."""
    box_noise_hidden: float = 0.05
    """What is added to it for a box wholly covered."""
    score: float = 0.88
    """Mean score in full view."""
    score_hidden: float = 0.5
    """Mean score of a box wholly covered."""
    score_noise: float = 0.05
    """Standard deviation of the scores."""
    ghosts: float = 0.15
    """Mean number of false boxes a frame."""


STRENGTHS: dict[str, SimulatedDetectorOptions] = {
    "mild": SimulatedDetectorOptions(
        miss=0.005, miss_hidden=0.5, hidden_from=0.6, box_noise=0.01, box_noise_hidden=0.03, ghosts=0.05
    ),
    "simulated": SimulatedDetectorOptions(),
    "strong": SimulatedDetectorOptions(
        miss=0.05, miss_hidden=0.95, hidden_from=0.3, box_noise=0.03, box_noise_hidden=0.08, score=0.8, ghosts=0.4
    ),
}


def simulate(
    truth: Sequence[People], size: tuple[int, int], name: str, options: SimulatedDetectorOptions
) -> list[Detections]:
    """What the detector sees in each frame of the sequence `name`, of pictures `size` (width, height) in pixels."""
    draw = np.random.default_rng([options.seed, *name.encode()])
    return [_seen(people.xyxy, size, draw, options) for people in truth]


def _seen(
    xyxy: np.ndarray, size: tuple[int, int], draw: np.random.Generator, options: SimulatedDetectorOptions
) -> Detections:
    covered = occlusion(xyxy)
    hidden = ((covered - options.hidden_from) / (1 - options.hidden_from)).clip(0)
    found = draw.random(len(xyxy)) >= options.miss + (options.miss_hidden - options.miss) * hidden
    width_height = np.tile(xyxy[:, 2:] - xyxy[:, :2], 2)
    noise = options.box_noise + options.box_noise_hidden * covered
    boxes = xyxy + draw.normal(size=xyxy.shape) * width_height * noise[:, None]
    score = options.score + (options.score_hidden - options.score) * covered
    score = (score + draw.normal(0, options.score_noise, len(xyxy))).clip(0.1, 1)
    ghosts = _ghosts(draw.poisson(options.ghosts), size, draw)
    together = (
        np.concatenate([boxes[found], ghosts]),
        np.concatenate([score[found], draw.uniform(0.1, 0.5, len(ghosts))]),
    )
    # The order of the truth's rows would give the identities away.
    return Detections(*together)[draw.permutation(len(together[1]))]


def _ghosts(count: int, size: tuple[int, int], draw: np.random.Generator) -> np.ndarray:
    """(count, 4) upright boxes anywhere in the picture, 2 to 8% of it wide."""
    width = draw.uniform(0.02, 0.08, count) * size[0]
    height = width * draw.uniform(1.5, 3, count)
    left, top = draw.uniform(0, size[0] - width), draw.uniform(0, np.maximum(size[1] - height, 1))
    return np.stack([left, top, left + width, top + height], axis=1)
