"""Hair styles: a shell over the skull, and what hangs or stands off it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .costume import Costume
from .figure_part import FigurePart, Sway
from .head import DEPTH, TALL, WIDTH, on_head
from .mesh import Surface, ball, ring, sweep
from .rotation import unit
from .skeleton import PosedSkeleton
from .texture import cloth, flat, strands

_COLUMNS = 25


def shell(costume: Costume, thickness: float, edge: tuple[float, float, float], texture: np.ndarray) -> FigurePart:
    """Hair `thickness` times the skull, down to `edge` degrees from the crown at the brow, the temples and the nape."""
    height = costume.build.height
    angle = np.abs(np.linspace(-180, 180, _COLUMNS))
    bottom = np.radians(np.interp(angle, [0, 42, 62, 95, 180], [edge[0], edge[0] + 4, edge[1] - 8, edge[1], edge[2]]))
    share = np.linspace(0.02, 1, 12)[:, None]
    down = share * bottom[None, :]
    swell = thickness * (1 - 0.35 * (1 - 1 / thickness) * share**4 * (angle < 60))
    outline = ring(_COLUMNS)
    points = np.empty((12, _COLUMNS, 3))
    points[..., 0] = np.sin(down) * outline[:, 0] * WIDTH * swell * 1.02
    points[..., 1] = np.cos(down) * TALL * (1 + 0.75 * (swell - 1))
    points[..., 2] = np.sin(down) * outline[:, 1] * DEPTH * swell - 0.003
    below = np.clip(down - np.pi / 2, 0, None)
    points[..., 0] *= 1 - 0.12 * below
    return on_head(points * height, texture, gloss=0.25, two_sided=True, nearer=0.01)


def _hanging(
    costume: Costume, start: tuple[float, float, float], length: float, radii: tuple[float, float], clearance: float
) -> FigurePart:
    """Hair that hangs from `start` on the head and trails behind movement, clear of the back."""
    height = costume.build.height
    rows = 9
    down = np.linspace(0, 1, rows)
    across = np.interp(down, [0, 0.15, 0.6, 1], [0.6, 1, 0.95, 0.35]) * radii[0] * height
    deep = np.interp(down, [0, 0.15, 0.6, 1], [0.7, 1, 0.9, 0.3]) * radii[1] * height
    root = np.array(start) * height

    def shape(skeleton: PosedSkeleton, sway: Sway) -> Surface:
        head, chest = skeleton.head_frame, skeleton.spine_frame[-1]
        hang = unit(np.array([0.0, -1.0, 0.0]) + 2.2 * sway.hair)
        direction = unit((1 - down)[:, None] ** 2 * -0.8 * head[:, 2] + 1.2 * down[:, None] ** 0.5 * hang + 0.1 * hang)
        centres = skeleton.head + head @ root + np.cumsum(direction, axis=0) * (length * height / rows)
        behind = (centres - skeleton.spine[-1]) @ -chest[:, 2]
        level = (centres - skeleton.spine[-1]) @ chest[:, 1]
        push = np.where(level < 0.03, np.clip(clearance * height - behind, 0, 0.25), 0.0)
        centres = centres - push[:, None] * chest[:, 2]
        side = np.broadcast_to(unit(head[:, 0] + chest[:, 0]), centres.shape)
        front = unit(np.cross(side, -direction))
        return sweep(centres, side, front, np.stack([across, deep], axis=1), ring(11))

    texture = strands(costume.hair, 64, 64, np.random.default_rng(costume.seed + 50))
    return FigurePart(shape, down, 11, texture, gloss=0.25, two_sided=True)


def _knot(costume: Costume, centre: tuple[float, float, float], radius: float, texture: np.ndarray) -> FigurePart:
    height = costume.build.height
    points = ball((radius * height, radius * height, radius * 0.9 * height), 8, 11) + np.array(centre) * height
    return on_head(points, texture, gloss=0.2)


def _cap(costume: Costume) -> list[FigurePart]:
    random = np.random.default_rng(costume.seed + 60)
    fabric = cloth(costume.top_cloth, 64, 64, 0.2, 0.6, random) * 0.85
    fabric[:, 24:40] = flat(costume.logo_colour, 1, 1)[0]
    height = costume.build.height
    brim = ball((0.04 * height, 0.004 * height, 0.045 * height), 6, 11) + np.array([0.0, 0.026, 0.055]) * height
    return [shell(costume, 1.13, (64, 72, 84), fabric), on_head(brim, fabric[:20])]


SHELLS = {
    # thickness in skulls, and the edge's degrees from the crown at the brow, the temples and the nape
    "short": (1.13, (58, 92, 118)),
    "crop": (1.05, (54, 88, 112)),
    "bob": (1.2, (56, 138, 140)),
    "long": (1.15, (56, 132, 138)),
    "ponytail": (1.07, (55, 92, 116)),
    "bun": (1.07, (55, 92, 116)),
    "afro": (1.5, (60, 105, 128)),
    "cap": (1.06, (60, 92, 116)),
    "buzz": (1.02, (52, 86, 108)),
    "quiff": (1.24, (48, 84, 108)),
    "fringe": (1.16, (74, 100, 122)),
    "braids": (1.07, (55, 96, 118)),
}
EXTRAS: dict[str, Callable[[Costume, np.ndarray], list[FigurePart]]] = {
    "long": lambda costume, _: [
        _hanging(costume, (0.0, 0.01, -0.03), 0.24 + (costume.seed % 5) * 0.02, (0.052, 0.026), 0.062)
    ],
    "ponytail": lambda costume, _: [
        _hanging(costume, (0.0, 0.03, -0.055), 0.2 + (costume.seed % 4) * 0.02, (0.02, 0.018), 0.05)
    ],
    "bun": lambda costume, texture: [_knot(costume, (0.0, 0.052, -0.046), 0.026, texture)],
    "cap": lambda costume, _: _cap(costume),
    "braids": lambda costume, _: [
        _hanging(costume, (side * 0.03, 0.0, -0.035), 0.26, (0.014, 0.014), 0.05) for side in (-1, 1)
    ],
}
"""What a style has besides its shell."""


def parts(costume: Costume) -> list[FigurePart]:
    """The costume's hair style."""
    texture = strands(costume.hair, 64, 64, np.random.default_rng(costume.seed + 51))
    if costume.hair_style == "afro":
        rough = np.random.default_rng(costume.seed).uniform(0.7, 1.25, (*texture.shape[:2], 1))
        texture = (texture * rough).astype(np.float32)
    extras = EXTRAS.get(costume.hair_style, lambda *_: [])
    return [shell(costume, *SHELLS[costume.hair_style], texture), *extras(costume, texture)]
