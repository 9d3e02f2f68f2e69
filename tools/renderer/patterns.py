"""Cloth patterns: how much of the second colour shows at each point of the cloth, 0 to 1.

A pattern takes x and y in metres on the cloth (arrays of one shape) and a random generator.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Pattern = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def plain(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.zeros_like(x)


def hoops(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    pitch = random.uniform(0.05, 0.14)
    return (np.mod(y, pitch) < 0.45 * pitch).astype(float)


def stripes(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return hoops(y, x, random)


def checks(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    pitch = random.uniform(0.06, 0.12)
    return 0.5 * (np.mod(x, pitch) < 0.5 * pitch) + 0.5 * (np.mod(y, pitch) < 0.5 * pitch)


def dots(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    pitch = random.uniform(0.06, 0.1)
    row = np.floor(y / pitch)
    across = np.mod(x + 0.5 * pitch * np.mod(row, 2), pitch) - 0.5 * pitch
    down = np.mod(y, pitch) - 0.5 * pitch
    return (np.hypot(across, down) < 0.3 * pitch).astype(float)


def camouflage(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    noise = cv2.GaussianBlur(random.standard_normal(x.shape), (0, 0), 7)
    noise = noise / noise.std()
    return 0.5 * (noise > -0.2) + 0.5 * (noise > 0.7)


def fade(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.clip((y - y.min()) / max(np.ptp(y), 1e-6), 0, 1)


def halves(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return (x < x.mean()).astype(float)


def chest_band(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    middle = y.min() + np.ptp(y) * random.uniform(0.35, 0.55)
    return (np.abs(y - middle) < random.uniform(0.05, 0.1)).astype(float)


def side_stripe(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    quarter = x.min() + np.ptp(x) * np.array([0.25, 0.75])
    return (np.minimum(np.abs(x - quarter[0]), np.abs(x - quarter[1])) < 0.025).astype(float)


def diagonal(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return hoops(x, x * random.choice([-1, 1]) + y, random)


def plaid(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    pitch = random.uniform(0.08, 0.18)
    bands = sum(
        weight * ((np.mod(axis / pitch, 1) < wide).astype(float) + (np.mod(axis / pitch + 0.6, 1) < 0.06))
        for axis, wide, weight in ((x, 0.35, 0.5), (y, 0.35, 0.5))
    )
    return np.clip(bands, 0, 1)


def blossoms(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    share = np.zeros(x.shape)
    for _ in range(int(random.integers(15, 60))):
        away = np.hypot(x - random.uniform(0, x.max()), y - random.uniform(0, y.max()))
        share = np.maximum(share, np.clip(1.5 - away / random.uniform(0.015, 0.045), 0, 1))
    return share


def blocks(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    edge = y.min() + np.ptp(y) * random.uniform(0.3, 0.7)
    return (y > edge).astype(float) * random.uniform(0.6, 1.0)


def marl(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.clip(0.35 + 0.3 * random.standard_normal(x.shape), 0, 1)


def centre_stripe(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return (np.abs(x - x.mean()) < random.uniform(0.02, 0.09)).astype(float)


PATTERNS: dict[str, Pattern] = {
    "plain": plain,
    "hoops": hoops,
    "stripes": stripes,
    "checks": checks,
    "dots": dots,
    "camouflage": camouflage,
    "fade": fade,
    "halves": halves,
    "chest band": chest_band,
    "side stripe": side_stripe,
    "diagonal": diagonal,
    "plaid": plaid,
    "blossoms": blossoms,
    "blocks": blocks,
    "marl": marl,
    "centre stripe": centre_stripe,
}
