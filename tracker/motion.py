"""Motion from one frame to the next: a Kalman filter on the box's centre and size.

The state is (cx, cy, w, h, vx, vy): the centre moves at a constant velocity, the size drifts. Dancers bend, jump and
spread their arms, so the rate at which a box grew does not predict how it will grow (leaving it out gained 1
HOTA on DanceTrack). All noises are in body heights and seconds, so neither frame rate nor resolution changes their
meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from .boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from .light_filterpy import kalman_filter
from .option_ranges import require_above
from .shared_view import Similarity


@dataclass(frozen=True, slots=True)
class MotionOptions:
    """Noise of the motion model, in body heights and seconds."""

    measurement_noise: float = 0.05
    """Standard deviation of the centre and size of a box detected with score 1, body heights."""
    low_score_noise: float = 0.25
    """Factor of the measurement noise for a box of score 0: boxes of occluded people are less exact."""
    acceleration_noise: float = 1.0
    """Spectral density of the centre's white acceleration, body heights per second^1.5."""
    size_noise: float = 0.35
    """Drift of width and height, body heights per square root of a second."""
    start_speed: float = 0.5
    """Standard deviation of a new track's unknown velocity, body heights per second."""
    velocity_decay: float = 0.4
    """Decay time (to 1/e) of the velocity of a track that is not seen, seconds: people stop. The steadier people
    move in the video (`steadiness`), the longer it is; at 1 velocity does not decay."""

    def __post_init__(self) -> None:
        require_above(0.0, "motion", self, "measurement_noise", "velocity_decay")


BATCH_FROM = 4
"""So many filters are moved on faster together, in arrays, than by filterpy one by one; a test holds them alike."""
_OBSERVE = np.eye(4, 6)  # the box is seen, the velocity is not
_IDENTITY_4 = np.eye(4)
_IDENTITY_6 = np.eye(6)


class Motion:
    """The filter of one track, started on its first box."""

    def __init__(self, xyxy: np.ndarray, options: MotionOptions) -> None:
        """xyxy (4,) pixels."""
        self.options = options
        self.filter = kalman_filter()(dim_x=6, dim_z=4)
        self.filter.H = _OBSERVE
        self.filter.x = np.concatenate([xyxy_to_cxcywh(np.asarray(xyxy, float)), np.zeros(2)])[:, None]  # (6, 1)
        self.filter.P = np.diag([options.measurement_noise**2] * 4 + [options.start_speed**2] * 2) * self.height**2

    @property
    def height(self) -> float:
        """Body height in pixels, at least 1."""
        return max(float(self.filter.x[3, 0]), 1.0)

    @property
    def xyxy(self) -> np.ndarray:
        """The filtered or predicted box, (4,) pixels."""
        return boxes_of([self])[0]

    @property
    def centre(self) -> np.ndarray:
        """The centre of that box, (2,) pixels."""
        return self.filter.x[:2, 0].copy()

    @property
    def velocity(self) -> np.ndarray:
        """The velocity of its centre, (2,) pixels per second."""
        return self.filter.x[4:, 0].copy()

    def predict(self, seconds: float, *, seen: bool, steadiness: float = 0.0) -> None:
        """Move on by `seconds`; `seen`: the track was matched in the last frame; if not, its velocity decays."""
        transition, noise = _step(self.options, round(seconds, 6), seen, steadiness)
        self.filter.predict(F=transition, Q=noise * self.height**2)

    def move(self, similarity: Similarity) -> None:
        """Go on in another picture, to which a similarity leads."""
        x, turn = self.filter.x, similarity.matrix[:, :2]
        x[:2, 0] = similarity.points(x[None, :2, 0])[0]
        x[2:4] *= similarity.zoom
        x[4:, 0] = turn @ x[4:, 0]
        self.filter.P *= similarity.zoom**2

    def update(self, xyxy: np.ndarray, score: float) -> None:
        """Correct the state by a detected box, (4,) pixels, and its score in 0..1."""
        noise = _IDENTITY_4 * (box_noise(score, self.options) * self.height) ** 2
        self.filter.update(xyxy_to_cxcywh(np.asarray(xyxy, float))[:, None], R=noise)


def boxes_of(motions: Sequence[Motion]) -> np.ndarray:
    """The filtered or predicted boxes, (N, 4) pixels."""
    cxcywh = np.array([motion.filter.x for motion in motions]).reshape(-1, 6)[:, :4]
    cxcywh[:, 2:] = np.maximum(cxcywh[:, 2:], 1.0)
    return cxcywh_to_xyxy(cxcywh)


def predict_all(motions: Sequence[Motion], seconds: float, seen: Sequence[bool], steadiness: float = 0.0) -> None:
    """`Motion.predict` for each of N filters, `seen` (N,)."""
    if len(motions) < BATCH_FROM:
        for motion, was_seen in zip(motions, seen, strict=True):
            motion.predict(seconds, seen=was_seen, steadiness=steadiness)
        return
    x, covariance = _states(motions)
    seconds = round(seconds, 6)
    each = zip(motions, seen, strict=True)
    steps = [_step(motion.options, seconds, was_seen, steadiness) for motion, was_seen in each]
    transition, noise = (np.stack(part) for part in zip(*steps, strict=True))  # (N, 6, 6) each
    height = np.maximum(x[:, 3], 1.0)  # (N, 1)
    covariance = transition @ covariance @ transition.swapaxes(1, 2) + noise * (height**2)[:, :, None]
    _write_states(motions, transition @ x, covariance)


def update_all(motions: Sequence[Motion], xyxy: np.ndarray, score: np.ndarray) -> None:
    """`Motion.update` for each of N filters, by boxes (N, 4) pixels and their scores (N,)."""
    if len(motions) < BATCH_FROM:
        for motion, box, certainty in zip(motions, xyxy, score.tolist(), strict=True):
            motion.update(box, certainty)
        return
    x, covariance = _states(motions)
    options = motions[0].options
    spread = box_noise(np.asarray(score, float), options) * np.maximum(x[:, 3, 0], 1.0)  # (N,) pixels
    noise = _IDENTITY_4 * (spread**2)[:, None, None]
    residual = xyxy_to_cxcywh(np.asarray(xyxy, float))[:, :, None] - x[:, :4]  # (N, 4, 1)
    gain = covariance[:, :, :4] @ np.linalg.inv(covariance[:, :4, :4] + noise)  # (N, 6, 4)
    rest = _IDENTITY_6 - gain @ _OBSERVE
    # Joseph's form, as filterpy has it: it stays symmetric
    covariance = rest @ covariance @ rest.swapaxes(1, 2) + gain @ noise @ gain.swapaxes(1, 2)
    _write_states(motions, x + gain @ residual, covariance)


def _states(motions: Sequence[Motion]) -> tuple[np.ndarray, np.ndarray]:
    """States (N, 6, 1) and their covariances (N, 6, 6)."""
    return np.array([motion.filter.x for motion in motions]), np.array([motion.filter.P for motion in motions])


def _write_states(motions: Sequence[Motion], x: np.ndarray, covariance: np.ndarray) -> None:
    for motion, own_x, own_covariance in zip(motions, x, covariance, strict=True):
        motion.filter.x, motion.filter.P = own_x, own_covariance


Score = TypeVar("Score", float, np.ndarray)


def box_noise(score: Score, options: MotionOptions) -> Score:
    """Standard deviation of a detected box, body heights, by its score; of any shape. None is surer than a score of 1,
    whatever scale a detector has."""
    return options.measurement_noise + options.low_score_noise * np.maximum(1 - score, 0.0)


@lru_cache(maxsize=256)
def _step(options: MotionOptions, seconds: float, seen: bool, steadiness: float) -> tuple[np.ndarray, np.ndarray]:
    """Transition (6, 6) and process noise (6, 6) in body heights for one step; frame times repeat, so it is cached.

    White-noise acceleration on the centre, a random walk on the size.
    """
    keep = 1.0 if seen else float(np.exp(-seconds * (1 - steadiness) / options.velocity_decay))
    transition = np.eye(6)
    transition[[0, 1], [4, 5]] = seconds * keep
    transition[[4, 5], [4, 5]] = keep
    acceleration = options.acceleration_noise**2
    noise = np.zeros((6, 6))
    noise[[0, 1], [0, 1]] = acceleration * seconds**3 / 3
    noise[[0, 1, 4, 5], [4, 5, 0, 1]] = acceleration * seconds**2 / 2
    noise[[4, 5], [4, 5]] = acceleration * seconds
    noise[[2, 3], [2, 3]] = options.size_noise**2 * seconds
    return transition, noise
