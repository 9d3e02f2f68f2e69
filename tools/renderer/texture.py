"""Textures of cloth, skin and hair, as float32 BGR pictures."""

from __future__ import annotations

import cv2
import numpy as np

from .costume import Cloth, Colour
from .patterns import PATTERNS


def flat(colour: Colour, rows: int, columns: int) -> np.ndarray:
    """(rows, columns, 3) of one colour."""
    return np.broadcast_to(np.array(colour, np.float32), (rows, columns, 3)).copy()


def cloth(
    garment: Cloth, rows: int, columns: int, length: float, around: float, random: np.random.Generator
) -> np.ndarray:
    """Cloth `length` by `around` metres with its pattern and folds, (rows, columns, 3)."""
    y, x = np.meshgrid(np.linspace(0, length, rows), np.linspace(0, around, columns), indexing="ij")
    share = PATTERNS[garment.pattern](x, y, random)[..., None]
    picture = (1 - share) * np.array(garment.colour) + share * np.array(garment.second)
    return (picture * folds(rows, columns, 0.1, random)[..., None]).astype(np.float32)


def skin(colour: Colour, rows: int, columns: int, random: np.random.Generator) -> np.ndarray:
    """Skin with faint blotches, (rows, columns, 3)."""
    blotches = cv2.GaussianBlur(random.standard_normal((rows, columns, 1)).astype(np.float32), (0, 0), 4).reshape(
        rows, columns, 1
    )
    return flat(colour, rows, columns) * (1 + 0.25 * blotches)


def strands(colour: Colour, rows: int, columns: int, random: np.random.Generator) -> np.ndarray:
    """Hair running down the picture, (rows, columns, 3)."""
    noise = random.standard_normal((rows, columns)).astype(np.float32)
    streaks = cv2.GaussianBlur(noise, (0, 0), sigmaX=0.7, sigmaY=7)
    streaks = (streaks / streaks.std())[..., None]
    return np.array(colour, np.float32) * (1 + 0.22 * streaks).clip(0.4, 1.8) + 4 * streaks.clip(0)


def folds(rows: int, columns: int, strength: float, random: np.random.Generator) -> np.ndarray:
    """Brightness factors about 1, (rows, columns), of creased cloth."""
    total = np.zeros((rows, columns), np.float32)
    for across, down in ((2.5, 14.0), (12.0, 1.8), (2.0, 2.0)):
        noise = random.standard_normal((rows, columns)).astype(np.float32)
        crease = cv2.GaussianBlur(noise, (0, 0), across, sigmaY=down)
        total += crease / crease.std()
    return (1 + strength * np.tanh(total / 1.7)).astype(np.float32)


def emblem(
    picture: np.ndarray, kind: str, colour: Colour, centre: tuple[int, int], size: int, number: int
) -> np.ndarray:
    """The picture as uint8 with a logo: "disc", "star", "number", "word" or "" for none."""
    picture = picture.clip(0, 255).astype(np.uint8)
    x, y = centre
    if kind == "disc":
        cv2.circle(picture, centre, size, colour, -1, cv2.LINE_AA)
        cv2.circle(picture, centre, size // 2, (240, 240, 240), -1, cv2.LINE_AA)
    elif kind == "star":
        angle = np.arange(10) * np.pi / 5 - np.pi / 2
        radius = size * np.where(np.arange(10) % 2 == 0, 1.3, 0.55)
        corners = np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)
        cv2.fillPoly(picture, [corners.astype(np.int32)], colour, cv2.LINE_AA)
    elif kind in ("number", "word"):
        text = str(number) if kind == "number" else ("CREW", "MOVE", "BEAT", "DANCE")[number % 4]
        scale = size / (11 if kind == "number" else 24)
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 2)
        corner = (x - width // 2, y + height // 2)
        cv2.putText(picture, text, corner, cv2.FONT_HERSHEY_DUPLEX, scale, colour, 2, cv2.LINE_AA)
    return picture
