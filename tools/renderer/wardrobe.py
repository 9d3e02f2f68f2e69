"""Costumes beyond those of `costume.costumes`: a wider choice of people and clothes, and uniforms."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from .costume import HAIRS, SKINS, TOPS, Cloth, Colour, Costume, dye, twin
from .options import StageOptions
from .patterns import PATTERNS
from .skeleton import Build

EVERYDAY: dict[str, Colour] = {
    # BGR
    "black": (28, 26, 26),
    "charcoal": (58, 55, 54),
    "grey": (128, 126, 125),
    "white": (236, 236, 234),
    "cream": (205, 226, 236),
    "beige": (150, 185, 205),
    "khaki": (100, 140, 155),
    "brown": (45, 66, 100),
    "olive": (52, 84, 84),
    "green": (66, 104, 48),
    "navy": (74, 42, 32),
    "denim": (128, 92, 66),
    "light denim": (182, 154, 128),
    "blue": (170, 96, 44),
    "burgundy": (48, 26, 98),
    "red": (44, 36, 178),
    "pink": (176, 158, 222),
    "mustard": (42, 148, 202),
}
_STYLES = (
    *("short", "crop", "buzz", "quiff", "fringe", "bob", "long", "long", "ponytail", "ponytail"),
    *("bun", "afro", "braids", "cap"),
)
_MEN_STYLES = ("short", "short", "crop", "buzz", "quiff", "fringe", "afro", "cap", "bob", "long")
_UNIFORM = (("top", "top_cloth", "logo", "logo_colour", "seed"), ("bottom", "bottom_cloth"), ("socks",), ("soles",))
"""Fields of a costume that a uniform decides together."""
_OUTER, _BAGS, _HATS = ("coat", "open jacket"), ("backpack", "shoulder bag", "handbag"), ("beanie", "hat")


def dress(costumes: list[Costume], options: StageOptions) -> list[Costume]:
    """The costumes as `options.realism` changes them; without it they stay as they are."""
    realism = options.realism
    if realism.variety:
        wide = [various(np.random.default_rng([options.seed, 10, row])) for row in range(len(costumes))]
        twins = np.random.default_rng([options.seed, 11])
        costumes = [twin(wide[0], row, twins) if 0 < row < options.twins else wide[row] for row in range(len(wide))]
    if realism.alike:
        costumes = uniformed(costumes, realism.alike, np.random.default_rng([options.seed, 12]))
    return costumes


def uniformed(costumes: list[Costume], likeness: float, random: np.random.Generator) -> list[Costume]:
    """Each in the first one's clothes: each piece with the chance `likeness`, else an own piece.

    The dyes of a uniform differ by about 4% in brightness and 2% in hue; build, skin, hair, shoes and half of what is
    worn besides stay each person's own.
    """
    leader, dressed = costumes[0], []
    for costume in costumes:
        pieces = [piece for piece in _UNIFORM if random.random() < likeness]
        same = {name: getattr(leader, name) for piece in pieces for name in piece}
        shoes = leader.shoes if random.random() < 0.5 * likeness else costume.shoes
        worn = leader.worn if random.random() < 0.5 * likeness else costume.worn
        costume = replace(costume, **same, shoes=shoes, worn=worn, worn_cloth=costume.worn_cloth)
        tops, bottoms = (_redyed(cloth, random) for cloth in (costume.top_cloth, costume.bottom_cloth))
        dressed.append(replace(costume, top_cloth=tops, bottom_cloth=bottoms))
    return dressed


def _redyed(cloth: Cloth, random: np.random.Generator) -> Cloth:
    shift = (1 + random.normal(0, 0.04)) * (1 + random.normal(0, 0.02, 3))
    first, second = (_colour(np.array(colour) * shift) for colour in (cloth.colour, cloth.second))
    return replace(cloth, colour=first, second=second)


def _colour(values: np.ndarray) -> Colour:
    blue, green, red = (float(value) for value in np.clip(values, 12, 245))
    return blue, green, red


def various(random: np.random.Generator) -> Costume:
    """A person of any build, skin, hair and clothes: in the street as often as on a stage."""
    woman = random.random() < 0.5
    bottoms = ["trousers", "trousers", "trousers", "wide", "leggings", "joggers", "shorts", "skirt"]
    bottom = str(random.choice(bottoms if woman else [name for name in bottoms if name not in ("skirt", "leggings")]))
    style = str(random.choice(_STYLES if woman else _MEN_STYLES))
    top_cloth, bottom_cloth = _cloth(random, 0.5), _cloth(random, 0.75)
    if random.random() < (0.5 if bottom == "skirt" else 0.06):
        bottom_cloth = top_cloth  # a dress, or a suit
    skin = _skin(random)
    return Costume(
        build=_build(random, woman),
        skin=skin,
        hair=_hair(random),
        hair_style=style,
        top=str(random.choice(list(TOPS), p=(0.1, 0.3, 0.3, 0.3))),
        top_cloth=top_cloth,
        bottom=bottom,
        bottom_cloth=bottom_cloth,
        shoes=_dyed(random, 0.25),
        soles=(230.0, 232.0, 232.0) if random.random() < 0.6 else (40.0, 40.0, 40.0),
        socks=skin if random.random() < 0.4 else _dyed(random, 0.2),
        logo=str(random.choice(["", "", "", "disc", "star", "number", "word"])),
        logo_colour=_dyed(random, 0.7),
        seed=int(random.integers(2**31)),
        worn=_worn(random, style),
        worn_cloth=_cloth(random, 0.6),
    )


def _build(random: np.random.Generator, woman: bool) -> Build:
    """Children are one in sixteen."""
    height = random.normal(1.65, 0.065) if woman else random.normal(1.77, 0.07)
    height *= random.uniform(0.72, 0.9) if random.random() < 1 / 16 else 1.0
    weight = random.normal(0, 1)
    return Build(
        height=float(height),
        shoulders=float(random.uniform(0.86, 0.98) if woman else random.uniform(0.97, 1.13)),
        hips=float(random.uniform(0.98, 1.15) if woman else random.uniform(0.88, 1.0)),
        waist=float((0.88 if woman else 1.02) + 0.08 * weight + random.uniform(-0.04, 0.04)),
        girth=float(np.clip((0.95 if woman else 1.04) + 0.11 * weight, 0.78, 1.4)),
        bust=float(random.uniform(0.3, 1.1)) if woman else 0.0,
        legs=float(random.uniform(0.94, 1.05)),
    )


def _skin(random: np.random.Generator) -> Colour:
    place = random.uniform(0, len(SKINS) - 1)
    tones = np.array(SKINS)
    mixed = [np.interp(place, range(len(SKINS)), column) for column in tones.T]
    return _colour(np.array(mixed) * (1 + random.normal(0, 0.03, 3)))


def _hair(random: np.random.Generator) -> Colour:
    if random.random() < 0.08:
        return dye(random)
    first, second = random.integers(len(HAIRS), size=2)
    share = random.uniform(0, 0.35)
    return _colour((1 - share) * np.array(HAIRS[first]) + share * np.array(HAIRS[second]))


def _dyed(random: np.random.Generator, bright: float) -> Colour:
    """An everyday colour, or with the chance `bright` any."""
    if random.random() < bright:
        hue, saturation, value = random.uniform(0, 180), random.uniform(20, 225), random.uniform(40, 240)
        pixel = cv2.cvtColor(np.array([[[hue, saturation, value]]], np.uint8), cv2.COLOR_HSV2BGR)[0, 0]
        return _colour(pixel.astype(float))
    names = list(EVERYDAY)
    return _colour(np.array(EVERYDAY[names[int(random.integers(len(names)))]]) * (1 + random.normal(0, 0.06, 3)))


def _cloth(random: np.random.Generator, plain: float) -> Cloth:
    pattern = "plain" if random.random() < plain else str(random.choice([name for name in PATTERNS if name != "plain"]))
    return Cloth(_dyed(random, 0.22), _dyed(random, 0.4), pattern)


def _worn(random: np.random.Generator, style: str) -> tuple[str, ...]:
    """Each kind of thing with its own chance; no hat on a cap or an afro."""
    worn = []
    for kinds, chance in ((_OUTER, 0.3), (_BAGS, 0.35), (("glasses",), 0.12), (("scarf",), 0.08), (_HATS, 0.12)):
        here, kind = random.random() < chance, kinds[int(random.integers(len(kinds)))]
        if here and not (kinds is _HATS and style in ("cap", "afro")):
            worn.append(kind)
    return tuple(worn)
