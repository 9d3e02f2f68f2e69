"""Torso with neck, and the skirt."""

from __future__ import annotations

import cv2
import numpy as np

from .costume import BOTTOMS, LOOSENESS, Cloth, Costume
from .figure_part import FigurePart, Sway
from .mesh import Surface, normals_of, ring, sweep
from .rotation import unit
from .skeleton import SPINE_STEPS, PosedSkeleton
from .texture import cloth, emblem, skin

_COLUMNS = 23
_STANDARD = 1.70
_PROFILE = np.array(
    [
        # height above the hips, half width, half depth, shift forwards: metres of a body 1.70 m tall
        [-0.115, 0.050, 0.060, 0.000],
        [-0.085, 0.120, 0.095, -0.006],
        [-0.045, 0.158, 0.112, -0.014],
        [0.000, 0.166, 0.114, -0.014],
        [0.060, 0.160, 0.108, -0.004],
        [0.110, 0.143, 0.098, 0.002],
        [0.165, 0.130, 0.090, 0.004],
        [0.220, 0.133, 0.092, 0.002],
        [0.280, 0.146, 0.101, 0.000],
        [0.340, 0.158, 0.110, 0.000],
        [0.390, 0.163, 0.108, -0.002],
        [0.435, 0.166, 0.096, -0.004],
        [0.470, 0.160, 0.080, -0.006],
        [0.492, 0.138, 0.068, -0.006],
        [0.510, 0.110, 0.062, -0.006],
        [0.526, 0.078, 0.057, -0.004],
        [0.545, 0.056, 0.055, 0.000],
        [0.600, 0.051, 0.054, 0.003],
        [0.660, 0.050, 0.054, 0.004],
    ]
)
_SHOULDER_LINE, _NECK_TOP, _COLLAR = 0.493, 0.66, 0.528


def torso(costume: Costume) -> FigurePart:
    """The trunk from crotch to chin, dressed."""
    random = np.random.default_rng(costume.seed)
    hem = 0.135 if costume.top == "tank" or costume.bottom == "skirt" or costume.seed % 3 == 0 else 0.005
    heights = np.sort(np.concatenate([_PROFILE[:, 0], [hem - 0.001, hem + 0.001, _COLLAR - 0.001, _COLLAR + 0.001]]))
    width, depth, shift = (np.interp(heights, _PROFILE[:, 0], column) for column in _PROFILE.T[1:])
    width, depth, shift = _individual(costume, heights, width, depth, shift)
    dressed = (heights > hem) & (heights < _COLLAR)
    slack = LOOSENESS[costume.top] * (
        0.35 + 0.65 * np.interp(heights, [hem, hem + 0.12, 0.36, 0.5], [1.2, 1.0, 0.5, 0.15])
    )
    slack = np.where(dressed, slack, np.where(heights <= hem, 0.006, 0.0))
    scale = costume.build.height / _STANDARD
    radii = np.stack([width + slack, depth + slack], axis=1) * scale
    outline = np.stack([ring(_COLUMNS, 2.5 if height < 0.46 else 2.1) for height in heights])

    def shape(skeleton: PosedSkeleton, sway: Sway) -> Surface:
        centres, frames = _along_spine(skeleton, heights)
        centres = centres + frames[:, :, 2] * (shift * scale)[:, None]
        return sweep(centres, frames[:, :, 0], frames[:, :, 2], radii, outline)

    rows = 1 - (heights - heights[0]) / np.ptp(heights)
    nearer = np.where(dressed, np.interp(heights, [hem, 0.2, 0.3], [0.07, 0.02, 0.0]), 0.0)
    nearer[heights <= hem] = -0.05
    return FigurePart(shape, rows, _COLUMNS, _torso_texture(costume, hem, random), nearer=nearer)


def _individual(
    costume: Costume, heights: np.ndarray, width: np.ndarray, depth: np.ndarray, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    build = costume.build
    share = np.interp(heights, [-0.02, 0.17, 0.44, 0.55], [0, 1, 2, 3])
    factor = np.interp(share, range(4), [build.hips, build.waist, build.shoulders, 0.5 + 0.5 * build.girth])
    bust = build.bust * np.exp(-(((heights - 0.35) / 0.05) ** 2))
    return width * factor * (0.5 + 0.5 * build.girth), depth * build.girth + 0.008 * bust, shift + 0.02 * bust


def _along_spine(skeleton: PosedSkeleton, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    share = heights / _SHOULDER_LINE * (SPINE_STEPS - 1)
    low = np.clip(np.floor(share).astype(int), 0, SPINE_STEPS - 2)
    part = np.clip(share - low, None, 1.0)[:, None]
    centres = (1 - part) * skeleton.spine[low] + part * skeleton.spine[low + 1]
    inside = np.clip(part, 0, 1)[..., None]
    frames = (1 - inside) * skeleton.spine_frame[low] + inside * skeleton.spine_frame[low + 1]
    up_neck = np.clip((heights - _SHOULDER_LINE) / (_NECK_TOP - _SHOULDER_LINE), 0, 1)[:, None]
    centres = centres + up_neck * (skeleton.head - skeleton.spine[-1]) * 0.95
    frames = frames + 0.6 * up_neck[..., None] * (skeleton.head_frame - frames)
    return centres, frames


def _torso_texture(costume: Costume, hem: float, random: np.random.Generator) -> np.ndarray:
    rows, columns = 160, 256
    height = np.linspace(_NECK_TOP, _PROFILE[0, 0], rows)[:, None]
    around = np.abs(np.linspace(-1, 1, columns))[None, :]
    picture = cloth(costume.top_cloth, rows, columns, 0.77, 0.95, random)
    centre = (columns // 2, round(rows * 0.4))
    picture = emblem(picture, costume.logo, costume.logo_colour, centre, 17, costume.seed % 90 + 1).astype(np.float32)
    neckline = _COLLAR - 0.002 - (0.06 if costume.top == "tank" else 0.02) * np.exp(-((around / 0.11) ** 2))
    bare = np.broadcast_to(height > neckline, (rows, columns))
    _paint_worn(picture, costume)
    picture[bare] = skin(costume.skin, rows, columns, random)[bare]
    picture[np.broadcast_to(np.abs(height - neckline) < 0.006, (rows, columns))] *= 0.75
    lower = np.broadcast_to(height <= hem, (rows, columns))
    picture[lower] = cloth(costume.bottom_cloth, rows, columns, 0.77, 0.95, random)[lower]
    picture[np.broadcast_to((height <= hem) & (height > hem - 0.012), (rows, columns))] *= 0.6
    picture *= np.interp(height, [-0.115, -0.04, 0.56, 0.63], [0.75, 1.0, 1.0, 0.72])[..., None]
    return picture.astype(np.float32)


def _paint_worn(picture: np.ndarray, costume: Costume) -> None:
    """An open jacket's inside and the straps of bags on the texture (h, w, 3) of the torso, in place."""
    rows, middle = picture.shape[0], picture.shape[1] // 2
    if "open jacket" in costume.worn:
        picture[:, middle - 13 : middle + 13] = costume.worn_cloth.second
    if "backpack" in costume.worn:
        for side in (-1, 1):
            picture[: rows * 6 // 10, middle + side * 34 - 5 : middle + side * 34 + 5] = costume.worn_cloth.colour
    if "shoulder bag" in costume.worn:
        strap = (float(value) for value in costume.worn_cloth.colour)
        cv2.line(picture, (middle - 45, 20), (middle + 60, rows - 20), tuple(strap), 7, cv2.LINE_AA)


def skirt(costume: Costume) -> FigurePart:
    """A skirt from the waist over both thighs, with waves, wider while its wearer spins."""
    random = np.random.default_rng(costume.seed + 1)
    length = float(random.uniform(0.42, 0.62)) * costume.build.height / _STANDARD
    return _draped(costume, costume.bottom_cloth, length, float(random.uniform(0.05, 0.13)), random)


def coat(costume: Costume) -> FigurePart:
    """The part of a long coat below the waist, of the top's cloth."""
    random = np.random.default_rng(costume.seed + 2)
    length = float(random.uniform(0.35, 0.75)) * costume.build.height / _STANDARD
    return _draped(costume, costume.top_cloth, length, float(random.uniform(0.03, 0.08)), random, loose=1.12)


def _draped(
    costume: Costume,
    fabric: Cloth,
    length: float,
    flare: float,
    random: np.random.Generator,
    loose: float = 1.0,
) -> FigurePart:
    """Cloth that hangs `length` metres from the waist, `flare` metres wider at the hem."""
    rows, columns = 9, 33
    down = np.linspace(0, 1, rows)
    angle = np.linspace(0, 2 * np.pi, columns)
    wave = 1 + down[:, None] * (0.07 * np.sin(9 * angle + random.uniform(0, 6)) + 0.03 * np.sin(4 * angle))
    outline = ring(columns)[None] * wave[..., None]
    hips = 0.165 * costume.build.hips * costume.build.height / _STANDARD * loose

    def shape(skeleton: PosedSkeleton, sway: Sway) -> Surface:
        pelvis = skeleton.spine_frame[0]
        falling = unit(unit(skeleton.leg[:, 1] - skeleton.leg[:, 0]) - 0.9 * pelvis[:, 1])
        thighs = skeleton.leg[:, 0, None] + (down[:, None] * length) * falling[:, None]
        waist = skeleton.spine[0] + pelvis[:, 1] * 0.13
        centres = thighs.mean(axis=0) + (1 - down)[:, None] * (waist - skeleton.leg[:, 0].mean(axis=0))
        apart = 0.5 * np.linalg.norm(thighs[0] - thighs[1], axis=1)
        flying = down * (flare + 0.16 * min(abs(sway.spin), 1.2))
        reach = hips * np.interp(down, [0, 0.25, 1], [0.86, 1.04, 1.1]) + flying
        across = np.maximum(reach, (apart + 0.1) * np.minimum(1, down * 3))
        radii = np.stack([across, np.maximum(reach * 0.88, 0.6 * across)], axis=1)
        side = unit(pelvis[:, 0] + down[:, None] * (unit(thighs[0] - thighs[1]) - pelvis[:, 0]))
        front = np.cross(side, unit(waist - centres[-1]))
        points = centres[:, None] + side[:, None] * (outline * radii[:, None])[..., :1]
        points = points + unit(front)[:, None] * (outline * radii[:, None])[..., 1:]
        return Surface(points, normals_of(points, centres))

    texture = cloth(fabric, 96, 256, length, 1.4, random)
    return FigurePart(shape, down, columns, texture, two_sided=True, nearer=0.1)


def parts(costume: Costume) -> list[FigurePart]:
    """The trunk's parts."""
    pieces = [torso(costume)]
    if BOTTOMS[costume.bottom] == BOTTOMS["skirt"]:
        pieces.append(skirt(costume))
    if "coat" in costume.worn:
        pieces.append(coat(costume))
    return pieces
