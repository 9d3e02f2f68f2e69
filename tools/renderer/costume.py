"""A dancer's appearance: body, skin, hair and clothes, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from .skeleton import Build

Colour = tuple[float, float, float]
"""BGR, 0 to 255."""

SKINS: tuple[Colour, ...] = (
    (188, 208, 240),
    (165, 190, 230),
    (140, 170, 215),
    (115, 150, 200),
    (90, 125, 175),
    (70, 100, 150),
    (50, 75, 115),
    (40, 56, 88),
)
HAIRS: tuple[Colour, ...] = (
    (22, 20, 22),
    (30, 34, 44),
    (28, 42, 68),
    (38, 62, 100),
    (70, 110, 150),
    (105, 165, 205),
    (60, 70, 165),
    (150, 150, 155),
)
DYED: tuple[Colour, ...] = ((60, 40, 190), (180, 90, 60), (150, 70, 170), (160, 130, 235))
HAIR_STYLES = ("short", "short", "crop", "bob", "long", "long", "ponytail", "ponytail", "bun", "afro", "cap")
TOPS = {"tank": 0.0, "tee": 0.72, "shirt": 1.93, "hoodie": 1.9}
"""Where the sleeve ends: 0 the shoulder, 1 the elbow, 2 the wrist."""
LOOSENESS = {"tank": 0.006, "tee": 0.018, "shirt": 0.02, "hoodie": 0.034}
"""How far the cloth of a top stands off, in metres."""
BOTTOMS = {"trousers": 1.93, "wide": 1.96, "leggings": 1.86, "joggers": 1.85, "shorts": 0.72, "skirt": 0.12}
"""Where the leg of the garment ends: 0 the hip, 1 the knee, 2 the ankle."""

_TOP_PATTERNS = {
    "plain": 0.3,
    "hoops": 0.1,
    "stripes": 0.1,
    "checks": 0.1,
    "dots": 0.08,
    "camouflage": 0.06,
    "fade": 0.08,
    "halves": 0.08,
    "chest band": 0.1,
}
_BOTTOM_PATTERNS = {"plain": 0.7, "side stripe": 0.12, "checks": 0.1, "camouflage": 0.08}
"""How often each is worn."""


@dataclass(frozen=True)
class Cloth:
    """A garment's two colours and the pattern they make (see `patterns.PATTERNS`)."""

    colour: Colour
    second: Colour
    pattern: str


@dataclass(frozen=True)
class Costume:
    """A dancer's appearance. `seed` decides the patterns' details, so twins share it.

    `worn` names what is worn or carried besides (see `accessories.ACCESSORIES`), `worn_cloth` its cloth.
    """

    build: Build
    skin: Colour
    hair: Colour
    hair_style: str
    top: str
    top_cloth: Cloth
    bottom: str
    bottom_cloth: Cloth
    shoes: Colour
    soles: Colour
    socks: Colour
    logo: str
    logo_colour: Colour
    seed: int
    worn: tuple[str, ...] = ()
    worn_cloth: Cloth = Cloth((40.0, 40.0, 40.0), (90.0, 90.0, 90.0), "plain")


def costumes(dancers: int, twins: int, random: np.random.Generator) -> list[Costume]:
    """The costumes of ids 1 to `dancers`; the first `twins` differ only in hair, shoes and a little in build."""
    costumes = [_costume(random) for _ in range(dancers)]
    for row in range(1, twins):
        costumes[row] = twin(costumes[0], row, random)
    return costumes


def _pick(random: np.random.Generator, choices: tuple) -> Colour:
    return choices[int(random.integers(len(choices)))]


def dye(random: np.random.Generator) -> Colour:
    """A colour of cloth, any hue."""
    hue, saturation = random.uniform(0, 180), random.choice([20, 90, 150, 190, 210])
    value = random.choice([35, 60, 110, 170, 215, 235])
    pixel = np.array([[[hue, saturation * (0.5 if value > 200 else 1), value]]], np.uint8)
    blue, green, red = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].astype(float)
    return (blue, green, red)


def _cloth(random: np.random.Generator, patterns: dict[str, float]) -> Cloth:
    grey = float(random.choice([28, 40, 225, 235]))
    first = (grey, grey, grey) if random.random() < 0.4 else dye(random)
    second = (235.0, 235.0, 232.0) if sum(first) < 330 and random.random() < 0.5 else dye(random)
    return Cloth(first, second, str(random.choice(list(patterns), p=list(patterns.values()))))


def _costume(random: np.random.Generator) -> Costume:
    woman = random.random() < 0.55
    build = Build(
        height=float(random.normal(1.66, 0.05) if woman else random.normal(1.78, 0.06)),
        shoulders=float(random.uniform(0.88, 0.95) if woman else random.uniform(1.0, 1.1)),
        hips=float(random.uniform(1.0, 1.1) if woman else random.uniform(0.9, 0.98)),
        waist=float(random.uniform(0.82, 0.95) if woman else random.uniform(0.95, 1.1)),
        girth=float(random.uniform(0.86, 1.0) if woman else random.uniform(0.95, 1.14)),
        bust=float(random.uniform(0.5, 1.0)) if woman else 0.0,
        legs=float(random.uniform(0.97, 1.03)),
    )
    men_hair = ("short", "short", "crop", "afro", "cap", "bob")
    bottoms = ["trousers", "trousers", "wide", "leggings", "joggers", "shorts", "skirt"]

    shoe = float(random.choice([30, 235]))
    return Costume(
        build=build,
        skin=_pick(random, SKINS),
        hair=_pick(random, DYED if random.random() < 0.12 else HAIRS),
        hair_style=str(random.choice(HAIR_STYLES if woman else men_hair)),
        top=str(random.choice(list(TOPS))),
        top_cloth=_cloth(random, _TOP_PATTERNS),
        bottom=str(random.choice(bottoms if woman else bottoms[:-1])),
        bottom_cloth=_cloth(random, _BOTTOM_PATTERNS),
        shoes=(shoe, shoe, shoe) if random.random() < 0.6 else dye(random),
        soles=(230.0, 232.0, 232.0) if random.random() < 0.7 else (40.0, 40.0, 40.0),
        socks=(225.0, 225.0, 225.0) if random.random() < 0.5 else (40.0, 40.0, 44.0),
        logo=str(random.choice(["", "", "disc", "star", "number", "word"])),
        logo_colour=dye(random),
        seed=int(random.integers(2**31)),
    )


def twin(original: Costume, row: int, random: np.random.Generator) -> Costume:
    """The original's clothes on a person with other hair, other shoes and a slightly other height."""
    other_hairs = [hair for hair in HAIRS if hair != original.hair]
    return replace(
        original,
        build=replace(original.build, height=original.build.height * float(random.uniform(0.98, 1.02))),
        hair=other_hairs[(row * 3 + int(random.integers(2))) % len(other_hairs)],
        shoes=dye(random),
    )
