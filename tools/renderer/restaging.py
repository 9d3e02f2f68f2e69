"""Turns and floor work added to planned routes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .choreography import Hold, Route, Station
from .options import Realism, StageOptions

_DANCED = ("dance", "jump")
_SPIN = 0.4
"""How many of the standing holds become turns on the spot where `Realism.turns` is 1."""


def in_the_street(options: StageOptions) -> bool:
    """Whether people walk and stand by day instead of dancing on a stage: half of the scenes of `Realism.variety`."""
    return options.realism.variety and np.random.default_rng([options.seed, 19]).random() < 0.5


def walked(routes: list[Route]) -> list[Route]:
    """The routes without anything but walking and standing."""
    return [replace(route, holds=tuple(replace(hold, kind="dance") for hold in route.holds)) for route in routes]


def restaged(routes: list[Route], realism: Realism, random: np.random.Generator) -> list[Route]:
    """The routes with dancers facing any way and moving on the floor as often as `realism` says; where it says never,
    the routes themselves."""
    if not realism.turns and not realism.floor_work:
        return routes
    return [
        Route(
            tuple(_turned(station, realism.turns, random) for station in route.stations),
            tuple(_rechosen(hold, realism, random) for hold in route.holds),
        )
        for route in routes
    ]


def _turned(station: Station, share: float, random: np.random.Generator) -> Station:
    anywhere = float(random.uniform(-180, 180))
    return replace(station, yaw=anywhere) if random.random() < share else station


def _rechosen(hold: Hold, realism: Realism, random: np.random.Generator) -> Hold:
    """A dancer who hides stays hidden."""
    spins, falls = random.random() < _SPIN * realism.turns, random.random() < realism.floor_work
    if hold.kind == "hide":
        return hold
    if falls:
        return replace(hold, kind="ground")
    return replace(hold, kind="spin") if spins and hold.kind in _DANCED else hold
