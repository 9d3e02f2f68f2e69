"""Things worn or carried besides clothes and hair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .costume import Costume
from .figure_part import FigurePart, rigid_part
from .hair import shell
from .head import EYE, on_head
from .mesh import ball
from .skeleton import PosedSkeleton
from .texture import cloth, flat

Point = tuple[float, float, float]


def _box(half: Point, centre: Point, height: float) -> np.ndarray:
    """Points (9, 17, 3) of a box with rounded edges; half sizes and centre as shares of the body's height."""
    points = ball((1.0, 1.0, 1.0), 9, 17)
    rounded = np.sign(points) * np.abs(points) ** 0.45
    return (rounded * np.array(half) + np.array(centre)) * height


def _fabric(costume: Costume) -> np.ndarray:
    return cloth(costume.worn_cloth, 48, 64, 0.5, 0.6, np.random.default_rng(costume.seed + 70))


def _on_spine(step: int) -> Callable[[PosedSkeleton], tuple[np.ndarray, np.ndarray]]:
    return lambda skeleton: (skeleton.spine[step], skeleton.spine_frame[step])


def glasses(costume: Costume) -> list[FigurePart]:
    """Dark lenses."""
    height = costume.build.height
    lens = ball((0.014 * height, 0.010 * height, 0.006 * height), 5, 9)
    dark = flat((30.0, 26.0, 26.0), 8, 8)
    places = [np.array([side * EYE[0], EYE[1], EYE[2] + 0.004]) * height for side in (1, -1)]
    return [on_head(lens + place, dark, gloss=0.4, nearer=0.01) for place in places]


def beanie(costume: Costume) -> list[FigurePart]:
    """A knitted cap down to the ears."""
    return [shell(costume, 1.16, (62, 86, 100), _fabric(costume))]


def hat(costume: Costume) -> list[FigurePart]:
    """A hat with a brim all round."""
    height = costume.build.height
    brim = ball((0.085 * height, 0.006 * height, 0.09 * height), 6, 17) + np.array([0.0, 0.03, 0.0]) * height
    return [
        shell(costume, 1.24, (64, 68, 72), _fabric(costume)),
        on_head(brim, _fabric(costume)[:20] * 0.85, nearer=0.02),
    ]


def scarf(costume: Costume) -> list[FigurePart]:
    """A scarf round the neck."""
    height = costume.build.height
    points = ball((0.062 * height, 0.03 * height, 0.06 * height), 8, 15) + np.array([0.0, 0.024, 0.006]) * height
    return [rigid_part(points, _fabric(costume), _on_spine(-1), nearer=0.03)]


def backpack(costume: Costume) -> list[FigurePart]:
    """A backpack; its straps are on the torso's texture."""
    points = _box((0.082, 0.12, 0.045), (0.0, 0.03, -0.1), costume.build.height)
    return [rigid_part(points, _fabric(costume), _on_spine(5), nearer=0.03)]


def shoulder_bag(costume: Costume) -> list[FigurePart]:
    """A bag at the left hip; its strap is on the torso's texture."""
    points = _box((0.03, 0.065, 0.085), (0.135, -0.03, 0.0), costume.build.height)
    return [rigid_part(points, _fabric(costume), _on_spine(1), nearer=0.06)]


def handbag(costume: Costume) -> list[FigurePart]:
    """A bag that hangs from a hand."""
    row = costume.seed % 2
    points = _box((0.03, 0.07, 0.085), (0.0, -0.15, 0.01), costume.build.height)
    return [
        rigid_part(
            points, _fabric(costume), lambda skeleton: (skeleton.arm[row, 2], skeleton.spine_frame[0]), nearer=0.02
        )
    ]


ACCESSORIES: dict[str, Callable[[Costume], list[FigurePart]]] = {
    "glasses": glasses,
    "beanie": beanie,
    "hat": hat,
    "scarf": scarf,
    "backpack": backpack,
    "shoulder bag": shoulder_bag,
    "handbag": handbag,
}


def parts(costume: Costume) -> list[FigurePart]:
    """All of them that the costume names; a coat and an open jacket belong to the torso."""
    return [part for name in costume.worn if name in ACCESSORIES for part in ACCESSORIES[name](costume)]
