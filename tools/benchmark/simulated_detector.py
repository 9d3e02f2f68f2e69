"""A simulated detector: the truth's boxes with seeded errors, as often and as large as those of a real one.

People whose box is covered by persons nearer to the camera (feet lower in the picture) are missed more often, scored
lower and boxed worse. Some people have a second box, and now and then there is one where nobody is. The numbers are
those of a YOLOX that was trained for DanceTrack, on 13 of its sequences (tools/benchmark/README.md, "Boxes"); what they
leave out is that a real detector errs alike in neighbouring frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.boxes import occlusion
from tracker.types import Detections

from ..scoring.track_scores import People

COVERED = np.array([0.0, 0.2, 0.42, 0.63, 0.83, 0.97])
"""Covered shares of a box for which the next three are given; in between they are interpolated."""
MISSED = np.array([0.008, 0.008, 0.019, 0.050, 0.133, 0.256])
"""Chance that the person is missed."""
NOISE = np.array([0.0125, 0.0185, 0.028, 0.045, 0.061, 0.074])
"""Standard deviation of each side of the box, as a share of its width or height."""
QUANTILES = np.array([0.0, 0.02, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 0.9, 1.0])
SCORES = np.array(
    [
        [0.100, 0.718, 0.822, 0.863, 0.889, 0.923, 0.942, 0.956, 0.969, 0.976, 0.990],
        [0.104, 0.703, 0.796, 0.843, 0.869, 0.900, 0.921, 0.940, 0.961, 0.971, 0.989],
        [0.101, 0.516, 0.728, 0.795, 0.825, 0.862, 0.887, 0.917, 0.948, 0.964, 0.987],
        [0.100, 0.243, 0.476, 0.668, 0.744, 0.810, 0.844, 0.879, 0.928, 0.956, 0.989],
        [0.100, 0.176, 0.313, 0.513, 0.634, 0.741, 0.793, 0.841, 0.904, 0.940, 0.985],
        [0.100, 0.124, 0.165, 0.244, 0.339, 0.514, 0.642, 0.754, 0.851, 0.903, 0.979],
    ]
)
"""Scores of true boxes: a row for each of `COVERED`, a column for each of `QUANTILES`."""
FALSE_SCORES = np.array([0.100, 0.105, 0.114, 0.129, 0.146, 0.189, 0.246, 0.360, 0.638, 0.807, 0.978])
"""Scores of false boxes, for each of `QUANTILES`."""
ON_PEOPLE = 0.75
"""Share of the false boxes that are second boxes of people."""


@dataclass(frozen=True, slots=True)
class SimulatedDetectorOptions:
    """Errors of the detector; the seed and the sequence's name decide every draw."""

    seed: int = 7
    """Seed of the random numbers."""
    missed: float = 1.0
    """Factor of the chances to miss a person."""
    noise: float = 1.0
    """Factor of the noise of the boxes."""
    false_boxes: float = 1.1
    """Mean number of false boxes a frame."""


STRENGTHS: dict[str, SimulatedDetectorOptions] = {
    "mild": SimulatedDetectorOptions(missed=0.4, noise=0.6, false_boxes=0.4),
    "simulated": SimulatedDetectorOptions(),
    "strong": SimulatedDetectorOptions(missed=2.5, noise=1.7, false_boxes=2.5),
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
    found = draw.random(len(xyxy)) >= options.missed * np.interp(covered, COVERED, MISSED)
    width_height = np.tile(xyxy[:, 2:] - xyxy[:, :2], 2)
    noise = options.noise * np.interp(covered, COVERED, NOISE)
    boxes = xyxy + draw.normal(size=xyxy.shape) * width_height * noise[:, None]
    score = _scores(covered, draw)
    count = draw.poisson(options.false_boxes)
    second = draw.binomial(count, ON_PEOPLE) if len(xyxy) else 0
    false = np.concatenate([_second_boxes(second, xyxy, draw), _ghosts(count - second, size, draw)])
    together = (
        np.concatenate([boxes[found], false]),
        np.concatenate([score[found], np.interp(draw.random(len(false)), QUANTILES, FALSE_SCORES)]),
    )
    # The order of the truth's rows would give the identities away.
    return Detections(*together)[draw.permutation(len(together[1]))]


def _scores(covered: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Scores of true boxes by how far these are covered, (N,)."""
    tables = np.array([np.interp(covered, COVERED, column) for column in SCORES.T]).T  # (N, quantiles)
    chances = draw.random(len(covered))
    return np.array([np.interp(chance, QUANTILES, table) for chance, table in zip(chances, tables, strict=True)])


def _second_boxes(count: int, xyxy: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """(count, 4) boxes of a part of somebody, or of somebody and what is beside, that overlap by 0.3 to 0.5 (IoU)."""
    whose = xyxy[draw.integers(len(xyxy), size=count)] if count else np.zeros((0, 4))
    width_height = np.tile(whose[:, 2:] - whose[:, :2], 2)
    # Of a side moved inwards by 0.52 the IoU is 0.48, of one moved outwards by 1.05 it is 1 / 2.05 = 0.49.
    side = draw.integers(4, size=count)
    inwards = draw.random(count) < 0.5
    moved = np.where(inwards, draw.uniform(0.52, 0.68, count), -draw.uniform(1.05, 2.0, count))
    boxes = whose.astype(float).copy()
    rows = np.arange(count)
    boxes[rows, side] += np.where(side < 2, 1, -1) * moved * width_height[rows, side]
    return boxes


def _ghosts(count: int, size: tuple[int, int], draw: np.random.Generator) -> np.ndarray:
    """(count, 4) upright boxes anywhere in the picture, 2 to 8% of it wide."""
    width = draw.uniform(0.02, 0.08, count) * size[0]
    height = width * draw.uniform(1.5, 3, count)
    left, top = draw.uniform(0, size[0] - width), draw.uniform(0, np.maximum(size[1] - height, 1))
    return np.stack([left, top, left + width, top + height], axis=1)
