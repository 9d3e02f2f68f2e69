"""Positions along time: formations, crossings, hiding places, exits and returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import Camera

BEAT = 0.5
"""Seconds between beats (120 a minute)."""
_WALK = 1.9
_FRONT, _BACK = 2.2, -2.6
_EDGE = 1.1
_KINDS = {"dance": 0.46, "spin": 0.23, "jump": 0.15, "floor": 0.08, "handstand": 0.08}
"""How often each kind of hold is chosen."""


@dataclass(frozen=True)
class Station:
    """A dancer reaches (x, z) at `arrival`, having left the station before at `departure`, and faces `yaw` there."""

    departure: float
    arrival: float
    x: float
    z: float
    yaw: float
    away: bool = False


@dataclass(frozen=True)
class Hold:
    """What a dancer does at a station from `start` to `end`: "dance", "spin", "jump", "floor", "handstand", "hide" or
    "ground": one floor pose after another."""

    start: float
    end: float
    kind: str


@dataclass(frozen=True)
class Route:
    """One dancer's stations and what happens between arrivals, both in order of time."""

    stations: tuple[Station, ...]
    holds: tuple[Hold, ...]


def routes(dancers: int, twins: int, seconds: float, camera: Camera, random: np.random.Generator) -> list[Route]:
    """A route for each dancer. In turn dancers hide behind another and leave to return on the other side; with twins,
    they are the first to."""
    planner = _Planner(dancers, twins, camera, random)
    clock = 0.0
    while clock < seconds:
        clock = planner.phase(clock)
    return planner.routes()


class _Planner:
    def __init__(self, dancers: int, twins: int, camera: Camera, random: np.random.Generator) -> None:
        self._camera, self._random, self._dancers = camera, random, dancers
        self._stations: list[list[Station]] = [[] for _ in range(dancers)]
        self._holds: list[list[Hold]] = [[] for _ in range(dancers)]
        self._gone: dict[int, int] = {}
        self._pair: tuple[int, int] | None = None
        self._phase = 0
        rest = list(random.permutation(np.arange(twins, dancers)))
        self._leavers = [*random.permutation(twins), *rest] if twins else rest
        self._hiders = [*rest, *random.permutation(twins)] if twins else rest[::-1]

    def routes(self) -> list[Route]:
        return [Route(tuple(s), tuple(h)) for s, h in zip(self._stations, self._holds, strict=True)]

    def phase(self, start: float) -> float:
        """Plan one formation from `start` on; returns when the next may begin."""
        if self._phase == 0:
            return self._open(start)
        leaver = self._next_leaver()
        targets = self._formation()
        length = BEAT * float(self._random.integers(5, 8))
        staying = self._pair
        for dancer in staying or ():
            targets[dancer] = self._stations[dancer][-1].x, self._stations[dancer][-1].z
        self._pair = None if staying else self._hide(targets, leaver)
        pair = staying or self._pair
        for dancer in range(self._dancers):
            self._send(dancer, start, length, targets, leaver, pair)
        self._gone = {dancer: left - 1 for dancer, left in self._gone.items() if left > 0}
        if leaver is not None:
            self._gone[leaver] = int(self._random.random() < 0.4)
        self._phase += 1
        return start + length

    def _open(self, start: float) -> float:
        targets = self._formation()
        end = start + BEAT * 3
        for dancer in range(self._dancers):
            x, z = targets[dancer]
            self._stations[dancer].append(Station(start, start, x, z, float(self._random.uniform(-15, 15))))
            self._holds[dancer].append(Hold(start, end, "dance"))
        self._phase = 1
        return end

    def _next_leaver(self) -> int | None:
        if self._phase % 2 == 0 or len(self._gone) > self._dancers // 4 or self._dancers < 2:
            return None
        leaver = int(self._leavers[(self._phase // 2) % len(self._leavers)])
        return None if leaver in self._gone or leaver in (self._pair or ()) else leaver

    def _formation(self) -> np.ndarray:
        """Places (dancers, 2) x, z on stage, spread in rows as the picture sees them."""
        rows = 1 if self._dancers <= 3 else 2 if self._dancers <= 7 else 3
        order = self._random.permutation(self._dancers)
        depths = np.linspace(_FRONT - 0.9, _BACK + 0.8, rows) if rows > 1 else np.array([0.0])
        places = np.empty((self._dancers, 2))
        for row, members in enumerate(np.array_split(order, rows)):
            z = depths[row] + self._random.uniform(-0.35, 0.35, len(members))
            reach = 0.8 * self._camera.half_width(depths[row])
            spread = np.linspace(-1, 1, len(members)) if len(members) > 1 else self._random.uniform(-0.5, 0.5, 1)
            x = reach * (spread * self._random.uniform(0.6, 1.0) + 0.35 / max(len(members), 2) * (-1) ** row)
            places[members] = np.stack([x + self._random.uniform(-0.25, 0.25, len(members)), z], axis=1)
        return places

    def _hide(self, targets: np.ndarray, leaver: int | None) -> tuple[int, int] | None:
        """Choose a dancer and move their target behind another's; both stay there for another phase."""
        here = [int(d) for d in self._hiders if d != leaver and d not in self._gone]
        hider = here[(self._phase - 1) % len(here)] if here else None
        fronts = [d for d in sorted(here) if d != hider and targets[d, 1] > -1.4]
        if hider is None or not fronts:
            return None
        front = fronts[int(self._random.integers(len(fronts)))]
        eye = np.array([self._camera.position[0], self._camera.position[2]])
        ray = targets[front] - eye
        targets[hider] = targets[front] + ray / np.linalg.norm(ray) * 0.6
        return hider, front

    def _send(
        self,
        dancer: int,
        start: float,
        length: float,
        targets: np.ndarray,
        leaver: int | None,
        pair: tuple[int, int] | None,
    ) -> None:
        random, last = self._random, self._stations[dancer][-1]
        if self._gone.get(dancer, 0) > 0:
            return
        x, z = (float(value) for value in targets[dancer])
        if dancer == leaver:
            side = 1.0 if last.x > 0 or (last.x == 0 and random.random() < 0.5) else -1.0
            x, z = side * (self._camera.half_width(last.z) + _EDGE), last.z
        if last.away:
            last = self._across(dancer, last, max(start, last.arrival + 0.2))
        duration = max(0.7, float(np.hypot(x - last.x, z - last.z)) / _WALK)
        departure = max(start, last.arrival)
        if dancer != leaver:
            departure += float(random.uniform(0, max(0.0, 0.25 * (length - duration))))
        arrival = departure + duration
        back = dancer != leaver and random.random() < 0.15
        yaw = float(random.uniform(-20, 20)) + (180.0 if back else 0.0)
        self._stations[dancer].append(Station(departure, arrival, x, z, yaw, away=dancer == leaver))
        kind = str(random.choice(list(_KINDS), p=list(_KINDS.values())))
        if pair is not None and dancer in pair:
            kind = "hide" if dancer == pair[0] else "dance"
        self._holds[dancer].append(Hold(arrival, start + length, kind))

    def _across(self, dancer: int, last: Station, back: float) -> Station:
        """Where a dancer who is away comes back from at time `back`: mostly the other side, at another depth."""
        side = -np.sign(last.x) if self._random.random() < 0.75 else np.sign(last.x)
        z = float(self._random.uniform(_BACK + 0.6, _FRONT - 0.6))
        x = float(side * (self._camera.half_width(z) + _EDGE))
        crossed = Station(back, back, x, z, last.yaw, away=True)
        self._stations[dancer].append(crossed)
        self._holds[dancer].append(Hold(back, back, "dance"))
        return crossed
