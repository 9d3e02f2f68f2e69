"""A dancer's position and pose at any time: travelling between stations, dancing at them."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from .choreography import BEAT, Hold, Route
from .pose import FLOOR, GROUND, HIDING, INDEX, REST, STANDING, mirrored, pose
from .skeleton import Build, Place

_STRIDE_SECONDS, _CARRY = 0.64, 0.56
_RAMP = 0.2
_FLOOR_MOVES = {"floor": ("kneel", "sit", "lie", "prone"), "handstand": ("handstand", "stag handstand")}
_GROUND_MOVES = ("kneel", "sit", "lie", "prone", *GROUND)
_LOOSE = pose(arm_abduct=25, elbow=50, arm_flex=15, foot_x=0.2, pelvis_height=0.94)


class Dance:
    """One dancer's motion. Poses come a beat apart, most of them from the score the group shares; `calm` ones, 0 to 1,
    are nearer to standing at ease."""

    def __init__(
        self,
        route: Route,
        build: Build,
        score: list[np.ndarray],
        unison: float,
        random: np.random.Generator,
        calm: float = 0.0,
    ) -> None:
        self._route, self._build = route, build
        self._lag = float(random.uniform(0, 0.06))
        own = score_of(len(score), random)
        together = random.random(len(score)) < unison
        self._keys = np.array([a if shared else b for a, b, shared in zip(score, own, together, strict=True)])
        self._keys = self._keys + random.normal(0, 1, self._keys.shape) * _spread()
        if calm:
            self._keys = calm * REST + (1 - calm) * self._keys
        self._stride_phase = float(random.uniform(0, 1))
        self._spins: list[tuple[float, float, float]] = []
        self._jumps: list[tuple[float, float]] = []
        for hold in route.holds:
            self._plan(hold, random)

    def _plan(self, hold: Hold, random: np.random.Generator) -> None:
        length = hold.end - hold.start
        first, last = int(np.ceil(hold.start / BEAT)), min(int(hold.end / BEAT), len(self._keys) - 1)
        if hold.kind in _FLOOR_MOVES and last - first >= 2:
            move = FLOOR[str(random.choice(_FLOOR_MOVES[hold.kind]))]
            self._keys[first] = STANDING["crouch"]
            self._keys[first + 1 : last] = mirrored(move) if random.random() < 0.5 else move
            self._keys[last] = STANDING["crouch"]
        elif hold.kind == "ground" and last - first >= 2:
            self._keys[first] = self._keys[last] = STANDING["crouch"]
            for beat in range(first + 1, last, 2):
                self._keys[beat : min(beat + 2, last)] = _ground_move(random)
        elif hold.kind == "hide":
            self._keys[first : last + 1] = HIDING + 0.08 * (self._keys[first : last + 1] - REST)
        elif hold.kind == "spin" and length > 0.9:
            self._spins.append((hold.start, float(random.uniform(0.8, 1.1)), float(random.choice([-360, 360]))))
        elif hold.kind == "jump" and length > 0.8:
            self._jumps.append((hold.start + 0.35, float(random.uniform(0.18, 0.4))))

    def place(self, time: float) -> Place:
        """Where the dancer is at `time` seconds."""
        x, z, yaw, _, _ = self._travel(time)
        for start, length, turn in self._spins:
            yaw += turn * float(_ease((time - start) / length)) if time > start else 0.0
        return Place(x, z, yaw, self._lift(time))

    def away(self, time: float) -> bool:
        """Whether the dancer waits off stage."""
        before = [station for station in self._route.stations if station.arrival <= time]
        moving = any(station.departure < time < station.arrival for station in self._route.stations)
        return bool(before) and before[-1].away and not moving

    def pose(self, time: float) -> np.ndarray:
        """The pose at `time` seconds, (P,)."""
        _, _, yaw, velocity, speed = self._travel(time)
        danced = self._danced(time - self._lag)
        walking = float(np.clip((speed - 0.15) / 0.7, 0, 1))
        if walking > 0 and danced[INDEX["anchored"]] >= 0.9:
            danced = (1 - walking) * danced + walking * self._walk(time, yaw, velocity, danced)
        if self._lift(time) > 0:
            danced[INDEX["foot_point_l"]] = danced[INDEX["foot_point_r"]] = 45
        return danced

    def _lift(self, time: float) -> float:
        for start, height in self._jumps:
            airborne = 2 * np.sqrt(2 * height / 9.81)
            share = (time - start) / airborne
            if 0 < share < 1:
                return float(4 * height * share * (1 - share))
        return 0.0

    def _travel(self, time: float) -> tuple[float, float, float, np.ndarray, float]:
        """x, z, yaw, velocity (2,) in metres a second and speed."""
        stations = self._route.stations
        current = max(bisect_right(stations, time, key=lambda station: station.departure) - 1, 0)
        here = stations[current]
        if current == 0 or time >= here.arrival:
            return here.x, here.z, here.yaw, np.zeros(2), 0.0
        before = stations[current - 1]
        duration = here.arrival - here.departure
        share = (time - here.departure) / duration
        path = np.array([here.x - before.x, here.z - before.z])
        eased = float(_glide(share))
        x, z = np.array([before.x, before.z]) + eased * path
        velocity = path * float(_glide_rate(share)) / duration
        heading = float(np.degrees(np.arctan2(path[0], path[1])))
        if before.away or here.away or np.linalg.norm(path) > 2.2:
            yaw = _turn(before.yaw, heading, share / 0.22)
            yaw = _turn(yaw, here.yaw, (share - 0.8) / 0.2)
        else:
            yaw = _turn(before.yaw, here.yaw, share)
        return float(x), float(z), yaw, velocity, float(np.linalg.norm(velocity))

    def _danced(self, time: float) -> np.ndarray:
        beat = float(np.clip(time / BEAT, 0, len(self._keys) - 1.001))
        index = int(beat)
        share = float(_ease((beat - index) / 0.8))
        first, second = self._keys[index], self._keys[index + 1]
        mixed = (1 - share) * first + share * second
        lifting = np.sin(np.pi * share) * 0.25
        for side in "lr":
            x, y, z = (INDEX[f"foot_{axis}_{side}"] for axis in "xyz")
            mixed[y] += lifting * float(np.hypot(first[x] - second[x], first[z] - second[z]))
        mixed[INDEX["pelvis_height"]] -= 0.025 * (0.5 + 0.5 * np.cos(2 * np.pi * beat))
        return mixed

    def _walk(self, time: float, yaw: float, velocity: np.ndarray, danced: np.ndarray) -> np.ndarray:
        """A walking step, feet fixed to the floor while they carry."""
        angle = np.radians(yaw)
        across = velocity[0] * np.cos(angle) - velocity[1] * np.sin(angle)
        ahead = velocity[0] * np.sin(angle) + velocity[1] * np.cos(angle)
        step = pose(pelvis_height=0.95, elbow=35, spine_bend=4)
        half = 0.5 * _STRIDE_SECONDS * _CARRY / self._build.leg
        for side, sign, offset in (("l", 1, 0.0), ("r", -1, 0.5)):
            phase = (time / _STRIDE_SECONDS + self._stride_phase + offset) % 1
            swing = max(0.0, (phase - _CARRY) / (1 - _CARRY))
            carry = 1 - 2 * phase / _CARRY if swing == 0 else -np.cos(np.pi * swing)
            raised = np.sin(np.pi * swing)
            step[INDEX[f"foot_x_{side}"]] = 0.11 + sign * across * half * carry
            step[INDEX[f"foot_z_{side}"]] = ahead * half * carry
            step[INDEX[f"foot_y_{side}"]] = 0.16 * raised
            step[INDEX[f"foot_point_{side}"]] = 35 * raised + 20 * max(0.0, -carry)
            step[INDEX[f"arm_flex_{side}"]] = -20 * carry * np.sign(ahead)
        arms = [index for name, index in INDEX.items() if name.startswith(("arm", "elbow"))]
        step[arms] = 0.65 * step[arms] + 0.35 * danced[arms]
        return step


def _ground_move(random: np.random.Generator) -> np.ndarray:
    move = {**FLOOR, **GROUND}[_GROUND_MOVES[int(random.integers(len(_GROUND_MOVES)))]]
    return mirrored(move) if random.random() < 0.5 else move


def score_of(beats: int, random: np.random.Generator) -> list[np.ndarray]:
    """A key pose for every beat: standing poses and their mirror images, now and then held for two beats."""
    names = list(STANDING)
    keys: list[np.ndarray] = []
    while len(keys) < beats:
        key = STANDING[names[int(random.integers(len(names)))]]
        key = mirrored(key) if random.random() < 0.5 else key
        keys.extend([key * 0.85 + _LOOSE * 0.15] * (2 if random.random() < 0.25 else 1))
    return keys[:beats]


def _spread() -> np.ndarray:
    """How much two dancers differ in the same pose, (P,)."""
    spread = np.full(len(REST), 5.0)
    for name, index in INDEX.items():
        if name.startswith(("foot_x", "foot_z", "pelvis_x", "pelvis_z", "pelvis_height")):
            spread[index] = 0.015
        elif name in ("anchored", "foot_y_l", "foot_y_r"):
            spread[index] = 0.0
    return spread


def _ease(share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _glide(share: float) -> float:
    """Speeds up over the first `_RAMP` of the way, slows down over the last."""
    share = min(max(share, 0.0), 1.0)
    if share < _RAMP:
        return share * share / (2 * _RAMP * (1 - _RAMP))
    if share > 1 - _RAMP:
        return 1 - (1 - share) ** 2 / (2 * _RAMP * (1 - _RAMP))
    return (share - _RAMP / 2) / (1 - _RAMP)


def _glide_rate(share: float) -> float:
    return min(1.0, share / _RAMP, (1 - share) / _RAMP) / (1 - _RAMP)


def _turn(start: float, end: float, share: float) -> float:
    """From one yaw to another by the shorter way."""
    difference = (end - start + 180) % 360 - 180
    return start + difference * _ease(share)
