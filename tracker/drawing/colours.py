"""One colour per identity: far apart, stable, and legible text on top of it.

The palette is found by farthest-point sampling (Gonzalez 1985) among bright, saturated colours in OKLab (Ottosson
2020), where distance is close to what the eye sees: any first k of its colours are about as far apart as k can be.
"""

from __future__ import annotations

from functools import cache

import numpy as np

PALETTE_SIZE = 48

_LIGHTNESS = np.linspace(0.62, 0.90, 8)
_CHROMA = (0.12, 0.15, 0.18, 0.21, 0.24)
_HUE = np.deg2rad(np.arange(0, 360, 4.0))
_FIRST = (0.78, 0.14, np.deg2rad(64.0))  # amber: lightness, chroma, hue

_OKLAB_TO_LMS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_LMS_TO_LINEAR_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def oklab_to_linear_rgb(oklab: np.ndarray) -> np.ndarray:
    """(..., 3) OKLab to linear-light sRGB, (..., 3); inside 0..1 only where the screen can show the colour."""
    return (oklab @ _OKLAB_TO_LMS.T) ** 3 @ _LMS_TO_LINEAR_RGB.T


def _encode(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB values 0..255 (IEC 61966-2-1)."""
    linear = linear.clip(0, 1)
    return np.rint(255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def luminance(bgr: tuple[int, int, int]) -> float:
    """Relative luminance in 0..1 of a BGR colour 0..255 (WCAG 2.1)."""
    rgb = np.array(bgr[::-1]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ _LUMINANCE)


@cache
def palette() -> np.ndarray:
    """(PALETTE_SIZE, 3) uint8 BGR, each colour the farthest from all before it."""
    grid = np.stack(np.meshgrid(_LIGHTNESS, _CHROMA, _HUE, indexing="ij"), axis=-1).reshape(-1, 3)
    lightness, chroma, hue = np.concatenate([[_FIRST], grid]).T
    candidates = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)  # OKLCh to OKLab
    linear = oklab_to_linear_rgb(candidates)
    shown = ((linear >= 0) & (linear <= 1)).all(axis=1)
    candidates, linear = candidates[shown], linear[shown]
    chosen = [0]
    distance = np.linalg.norm(candidates - candidates[0], axis=1)
    while len(chosen) < PALETTE_SIZE:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(candidates - candidates[chosen[-1]], axis=1))
    return _encode(linear[chosen]).astype(np.uint8)[:, ::-1]


def colour_of(identity: int) -> tuple[int, int, int]:
    """BGR colour of an id; ids count from 1, the palette begins again after `PALETTE_SIZE`."""
    blue, green, red = palette()[(identity - 1) % PALETTE_SIZE].tolist()
    return blue, green, red


def text_colour(background: tuple[int, int, int]) -> tuple[int, int, int]:
    """Black or white, whichever has the higher contrast (WCAG 2.1) on a BGR background."""
    on_white, on_black = 1.05 / (luminance(background) + 0.05), (luminance(background) + 0.05) / 0.05
    return (255, 255, 255) if on_white > on_black else (0, 0, 0)


def css(bgr: tuple[int, int, int]) -> str:
    """`#rrggbb` of a BGR colour."""
    blue, green, red = bgr
    return f"#{red:02x}{green:02x}{blue:02x}"
