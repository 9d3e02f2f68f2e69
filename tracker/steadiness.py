"""How steadily people move in a video: pedestrians walk on, dancers turn back.

Where people move steadily, motion may be trusted for seconds: who is hidden goes on behind others, and who walked out
of the picture is gone. Elsewhere the last box says more than the velocity does. Which of the two a video shows is
learnt while tracking, without truth: each person's step in half a second is compared with the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from .option_ranges import require_above
from .track import Track, TrackState


@dataclass(frozen=True, slots=True)
class SteadinessOptions:
    """When people are taken to move steadily."""

    step: float = 0.5
    """Duration of a step, seconds."""
    tolerance: float = 0.5
    """A step is steady if it differs from the one before by at most this share of that one's length."""
    min_length: float = 0.1
    """Minimum length of the step before, body heights: who stands still tells nothing."""
    prior_share: float = 0.3
    """Share of steady steps that is assumed before any was seen: that of many dances."""
    prior_steps: float = 6.0
    """So many steps that assumption counts as."""
    unsteady: float = 0.5
    """Share of steady steps up to which the steadiness is 0."""
    steady: float = 0.65
    """Share of steady steps from which on it is 1."""

    def __post_init__(self) -> None:
        require_above(0.0, "steadiness", self, "step", "prior_steps")
        require_above(self.unsteady, "steadiness", self, "steady")


class Place(NamedTuple):
    """Where a person was: seconds, the centre (2,) and the body height in pixels."""

    time: float
    centre: np.ndarray
    height: float


class Steadiness:
    """Learns which share of people's steps goes on as the step before."""

    def __init__(self, options: SteadinessOptions) -> None:
        self.options = options
        self._steps = 0
        self._steady = 0
        self._places: WeakKeyDictionary[Track, list[Place]] = WeakKeyDictionary()  # one or two places, a step apart

    @property
    def value(self) -> float:
        """From 0 for dancers to 1 for pedestrians, in tenths, so that what follows from it can be cached."""
        options = self.options
        share = self._steady + options.prior_share * options.prior_steps
        share /= self._steps + options.prior_steps
        return round(min(max((share - options.unsteady) / (options.steady - options.unsteady), 0.0), 1.0), 1)

    def learn(self, tracks: Sequence[Track], now: float) -> None:
        """Take the steps of the tracks that were seen without a gap up to `now`, in seconds."""
        for track in tracks:
            if track.state is not TrackState.CONFIRMED or track.last_time < now:
                self._places.pop(track, None)
                continue
            places = self._places.setdefault(track, [])
            if places and now - places[-1].time < self.options.step - 1e-6:
                continue
            here = Place(now, track.motion.centre, track.motion.height)
            if len(places) == 2:
                self._compare(places[0], places[1], here)
            places[:] = [*places[-1:], here]

    def _compare(self, start: Place, middle: Place, end: Place) -> None:
        """Whether the second step goes on as the first."""
        first = (middle.centre - start.centre) / (middle.time - start.time)  # (2,) pixels per second
        expected = first * (end.time - middle.time)  # (2,) pixels
        length = float(np.linalg.norm(expected))
        if length < self.options.min_length * start.height:
            return
        error = float(np.linalg.norm(end.centre - middle.centre - expected))
        self._steps += 1
        self._steady += error <= self.options.tolerance * length
