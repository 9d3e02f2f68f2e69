"""Arms with sleeves and hands, legs with trousers and shoes."""

from __future__ import annotations

import numpy as np

from .costume import BOTTOMS, LOOSENESS, TOPS, Costume
from .figure_part import FigurePart, Sway, rigid_part
from .mesh import Surface, ball, ring, sweep
from .rotation import unit
from .skeleton import PosedSkeleton
from .texture import cloth, flat, skin

_STANDARD = 1.70
_ARM = np.array(
    [
        # place along the arm (0 shoulder, 1 elbow, 2 wrist), radii across and front, in metres of a body 1.70 m tall
        [-0.14, 0.012, 0.012],
        [-0.09, 0.031, 0.034],
        [0.00, 0.043, 0.050],
        [0.20, 0.045, 0.051],
        [0.55, 0.040, 0.046],
        [0.90, 0.034, 0.036],
        [1.05, 0.034, 0.037],
        [1.25, 0.033, 0.040],
        [1.60, 0.026, 0.031],
        [1.90, 0.020, 0.027],
        [2.00, 0.019, 0.027],
    ]
)
_LEG = np.array(
    [
        # place along the leg (0 hip, 1 knee, 2 ankle), radius across, radius front, shift forwards
        [-0.12, 0.060, 0.070, 0.000],
        [0.00, 0.086, 0.094, -0.004],
        [0.15, 0.088, 0.094, 0.000],
        [0.50, 0.074, 0.080, 0.006],
        [0.85, 0.056, 0.062, 0.004],
        [1.00, 0.051, 0.058, 0.004],
        [1.12, 0.049, 0.055, -0.004],
        [1.32, 0.052, 0.060, -0.016],
        [1.60, 0.041, 0.046, -0.010],
        [1.85, 0.031, 0.036, -0.002],
        [2.02, 0.033, 0.040, 0.000],
    ]
)
_SLACK = {
    # how far the cloth of a leg stands off, as places along the leg and metres
    "trousers": ([0, 1, 1.93], [0.008, 0.020, 0.034]),
    "wide": ([0, 1, 1.96], [0.012, 0.048, 0.085]),
    "leggings": ([0, 1, 2], [0.003, 0.003, 0.003]),
    "joggers": ([0, 1, 1.7, 1.84], [0.014, 0.032, 0.036, 0.008]),
    "shorts": ([0, 0.72], [0.014, 0.042]),
    "skirt": ([0, 1], [0.002, 0.002]),
}
_KNEE_BLEND = 0.14


def _tube(joints: np.ndarray, frames: np.ndarray, places: np.ndarray, radii: np.ndarray, shift: np.ndarray) -> Surface:
    """A limb of two bones: joints (3, 3), frames (2, 3, 3), places (rows,) from 0, its root, to 2, its end."""
    lower = np.clip((places - 1 + _KNEE_BLEND) / (2 * _KNEE_BLEND), 0, 1)
    lower = (lower * lower * (3 - 2 * lower))[:, None, None]
    blended = (1 - lower) * frames[0] + lower * frames[1]
    first = joints[0] + np.minimum(places, 1)[:, None] * (joints[1] - joints[0])
    centres = first + np.clip(places - 1, 0, None)[:, None] * (joints[2] - joints[1])
    side, front = unit(blended[:, :, 0]), unit(blended[:, :, 2])
    return sweep(centres + front * shift[:, None], side, front, radii, ring(13))


def _with_edge(places: np.ndarray, edge: float) -> np.ndarray:
    inner = np.linspace(places[0], places[-1], 19)
    return np.unique(np.concatenate([places, inner, [edge - 0.004, edge + 0.004]]))


def arm(costume: Costume, row: int) -> FigurePart:
    """One arm from inside the shoulder to the wrist; row 0 is the left."""
    end = TOPS[costume.top]
    places = _with_edge(_ARM[:, 0], end)
    girth = 0.35 + 0.65 * costume.build.girth
    radii = np.stack([np.interp(places, _ARM[:, 0], column) for column in _ARM.T[1:]], axis=1) * girth
    slack = LOOSENESS[costume.top] * np.interp(
        places, [-0.14, 0.0, 0.5, 1.0, 1.75, 1.92], [0.0, 0.15, 0.7, 0.9, 0.8, 0.35]
    )
    radii = (radii + np.where(places < end, slack, 0.0)[:, None]) * costume.build.height / _STANDARD
    shift = np.zeros(len(places))

    def shape(skeleton: PosedSkeleton, sway: Sway) -> Surface:
        return _tube(skeleton.arm[row], skeleton.arm_frame[row], places, radii, shift)

    random = np.random.default_rng(costume.seed + 10 + row)
    along = np.linspace(places[0], places[-1], 128)
    texture = skin(costume.skin, 128, 64, random)
    texture[along < end] = cloth(costume.top_cloth, 128, 64, 0.6, 0.3, random)[along < end]
    texture[(along < end) & (along > end - 0.05)] *= 0.72
    return FigurePart(shape, (places - places[0]) / np.ptp(places), 13, texture)


def leg(costume: Costume, row: int) -> FigurePart:
    """One leg from inside the hip to the ankle; row 0 is the left."""
    end = BOTTOMS[costume.bottom]
    places = _with_edge(_LEG[:, 0], end)
    girth = 0.3 + 0.7 * costume.build.girth
    across, front, shift = (np.interp(places, _LEG[:, 0], column) for column in _LEG.T[1:])
    slack = np.where(places < end, np.interp(places, *np.array(_SLACK[costume.bottom])), 0.0)
    scale = costume.build.height / _STANDARD
    radii = (np.stack([across, front], axis=1) * girth + slack[:, None]) * scale

    def shape(skeleton: PosedSkeleton, sway: Sway) -> Surface:
        return _tube(skeleton.leg[row], skeleton.leg_frame[row], places, radii, shift * scale)

    random = np.random.default_rng(costume.seed + 20 + row)
    along = np.linspace(places[0], places[-1], 192)
    texture = skin(costume.skin, 192, 96, random)
    texture[along > 1.78] = flat(costume.socks, 1, 96)[0]
    texture[along < end] = cloth(costume.bottom_cloth, 192, 96, 0.9, 0.5, random)[along < end]
    texture[(along < end) & (along > end - 0.03)] *= 0.75
    inner = np.abs(np.linspace(0, 1, 96) - (0.25, 0.75)[row])
    texture *= (1 - 0.22 * np.exp(-((inner / 0.14) ** 2)))[None, :, None]
    return FigurePart(shape, (places - places[0]) / np.ptp(places), 13, texture)


def hand(costume: Costume, row: int) -> list[FigurePart]:
    """Palm with fingers, and the thumb."""
    height = costume.build.height
    side = 1 - 2 * row
    palm = ball((0.012 * height, 0.056 * height, 0.025 * height), 8, 9)
    palm[..., 2] *= np.interp(palm[..., 1], [-0.056 * height, -0.02 * height, 0.05 * height], [0.75, 1.0, 0.8])
    palm += np.array([0.0, -0.046 * height, 0.004 * height])
    thumb = ball((0.008 * height, 0.026 * height, 0.009 * height), 5, 7)
    thumb[..., 2] -= 0.25 * thumb[..., 1]
    thumb += np.array([-0.006 * side * height, -0.03 * height, 0.027 * height])
    random = np.random.default_rng(costume.seed + 30)
    texture = skin(costume.skin, 32, 32, random)
    texture[16:, ::4] *= 0.8
    pieces = ((palm, texture), (thumb, texture[:16]))
    return [rigid_part(*piece, lambda skeleton: (skeleton.arm[row, 2], skeleton.arm_frame[row, 1])) for piece in pieces]


def shoe(costume: Costume, row: int) -> FigurePart:
    """A shoe, heel to toe."""
    build = costume.build
    places = np.array([-0.235, -0.225, -0.17, -0.05, 0.08, 0.25, 0.42, 0.56, 0.66, 0.715, 0.73])
    half = np.array([0.02, 0.10, 0.135, 0.15, 0.15, 0.165, 0.185, 0.18, 0.14, 0.08, 0.02]) * build.foot
    top = np.array([-0.6, 0.0, 0.25, 0.32, 0.15, -0.25, -0.48, -0.58, -0.66, -0.75, -0.85]) * build.ankle
    middle, tall = (top - build.ankle) / 2, (top + build.ankle) / 2
    outline = ring(11, 3.0)
    points = np.empty((len(places), 11, 3))
    points[..., 0] = half[:, None] * outline[:, 0]
    points[..., 1] = middle[:, None] + tall[:, None] * outline[:, 1]
    points[..., 2] = places[:, None] * build.foot
    texture = flat(costume.shoes, 32, 64)
    texture[:, :15] = texture[:, 49:] = costume.soles
    texture[10:22:3, 28:36] = costume.soles
    return rigid_part(points, texture, lambda skeleton: (skeleton.leg[row, 2], skeleton.foot_frame[row]), gloss=0.15)


def parts(costume: Costume) -> list[FigurePart]:
    """Both arms and both legs."""
    limbs = [limb(costume, row) for limb in (arm, leg, shoe) for row in (0, 1)]
    return limbs + [piece for row in (0, 1) for piece in hand(costume, row)]
