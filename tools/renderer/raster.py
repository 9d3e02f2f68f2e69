"""Draws a figure's mesh: quads are filled back to front with their numbers, then every pixel is shaded once.

Deferred shading keeps Python's share small: the only loop is one OpenCV fill a quad.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .camera import Camera
from .figure import Figure
from .light import Lighting

SUPERSAMPLE = 2
_SHIFT = 4
_HIGHLIGHT = 5


@dataclass(frozen=True)
class Sprite:
    """A drawn figure, whole even where the picture ends; `left`, `top` are the pixels of its first column and row.

    colour (h, w, 3) uint8 BGR premultiplied by alpha (h, w) uint8; depth (h, w) float32 metres, infinite where empty;
    xyxy (4,) the silhouette's box in picture pixels, not clipped.
    """

    left: int
    top: int
    colour: np.ndarray
    alpha: np.ndarray
    depth: np.ndarray
    xyxy: np.ndarray


def draw(
    figure: Figure, points: np.ndarray, normals: np.ndarray, camera: Camera, lighting: Lighting, brightness: np.ndarray
) -> Sprite | None:
    """The figure's sprite, or None where nothing of it lies in the picture. brightness (3,) multiplies the light."""
    drawn = draw_with_faces(figure, points, normals, camera, lighting, brightness)
    return None if drawn is None else drawn[0]


def draw_with_faces(
    figure: Figure, points: np.ndarray, normals: np.ndarray, camera: Camera, lighting: Lighting, brightness: np.ndarray
) -> tuple[Sprite, np.ndarray] | None:
    """As `draw`, and a vertex (h, w) int of what is seen at each of the sprite's pixels, any where nothing is."""
    pixels, depth = camera.project(points)
    low, high = np.floor(pixels.min(axis=0)).astype(int) - 1, np.ceil(pixels.max(axis=0)).astype(int) + 2
    outside = (high <= 0).any() or low[0] >= camera.width or low[1] >= camera.height
    if outside or depth.min() < 0.3 or (high - low).max() > 4 * max(camera.width, camera.height):
        return None
    eye = np.array(camera.position)
    faces, centre_depth = _ordered(figure, points, normals, depth, eye)
    width, height = (high - low) * SUPERSAMPLE
    corners = (pixels - low) * SUPERSAMPLE - 0.5
    numbers = _fill(corners[faces], width, height)
    light, highlight = lighting.on(points, normals, eye)
    attributes = np.concatenate([figure.uv, light * brightness, (highlight * figure.gloss)[:, None]], axis=1)
    canvas, filled = _shade(numbers, corners[faces], attributes[faces], figure.atlas)
    small = cv2.resize(canvas, None, fx=1 / SUPERSAMPLE, fy=1 / SUPERSAMPLE, interpolation=cv2.INTER_AREA)
    seen = numbers[::SUPERSAMPLE, ::SUPERSAMPLE] - 1
    nearest = np.append(centre_depth, np.inf).astype(np.float32)[seen]
    columns, rows = np.flatnonzero(filled.any(axis=0)), np.flatnonzero(filled.any(axis=1))
    if len(columns) == 0:
        return None
    edges = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / SUPERSAMPLE + np.tile(low, 2)
    sprite = Sprite(int(low[0]), int(low[1]), small[..., :3], small[..., 3], nearest, edges.astype(np.float32))
    return sprite, faces[seen, 0]


def _ordered(
    figure: Figure, points: np.ndarray, normals: np.ndarray, depth: np.ndarray, eye: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    towards = ((eye - points) * normals).sum(axis=1)[figure.faces]
    seen = figure.two_sided | (towards > 0).any(axis=1)
    faces = figure.faces[seen]
    centre_depth = depth[faces].mean(axis=1)
    order = np.argsort(figure.nearer[seen] - centre_depth, kind="stable")
    return faces[order], centre_depth[order]


def _fill(corners: np.ndarray, width: int, height: int) -> np.ndarray:
    """Numbers (height, width) int32 of the nearest quad at each sample, from 1; 0 where there is none."""
    numbers = np.zeros((height, width), np.int32)
    fixed = np.round(corners * (1 << _SHIFT)).astype(np.int32)
    for number, quad in enumerate(fixed, start=1):
        cv2.fillConvexPoly(numbers, quad, number, cv2.LINE_8, _SHIFT)
    return numbers


def _shade(
    numbers: np.ndarray, corners: np.ndarray, attributes: np.ndarray, atlas: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Colours with alpha (H, W, 4) uint8, and where there are any (H, W) bool.

    Attributes (F, 4, 6), texel place, light and highlight, vary over a quad as over the parallelogram nearest to it.
    Each is computed as an array of its own, (pixels,), which is twice as fast as rows of all.
    """
    filled = numbers > 0
    places = np.flatnonzero(filled)
    y, x = np.divmod(places.astype(np.int32), np.int32(numbers.shape[1]))
    faces = numbers.reshape(-1)[places].astype(np.intp) - 1
    table = np.ascontiguousarray(_table(corners, attributes).T)
    own = np.take(table[:6], faces, axis=1)  # (6, pixels)
    x, y = x.astype(np.float32) - own[0], y.astype(np.float32) - own[1]
    s = np.clip(own[2] * x + own[3] * y, -0.5, 0.5)
    t = np.clip(own[4] * x + own[5] * y, -0.5, 0.5)
    values = [
        np.take(table[6 + k], faces) + s * np.take(table[12 + k], faces) + t * np.take(table[18 + k], faces)
        for k in range(6)
    ]
    texel = values[1].astype(np.intp) * atlas.shape[1] + values[0].astype(np.intp)
    shaded = np.empty((len(faces), 4), np.uint8)
    shine = 190 * values[_HIGHLIGHT]
    colours = np.take(atlas.reshape(-1, 3), texel, axis=0)
    for channel in range(3):
        shaded[:, channel] = np.clip(colours[:, channel] * values[2 + channel] + shine, 0, 255)
    shaded[:, 3] = 255
    canvas = np.zeros((*numbers.shape, 4), np.uint8)
    canvas.view(np.uint32).reshape(-1)[places] = shaded.view(np.uint32)[:, 0]  # four bytes at once
    return canvas, filled


def _table(corners: np.ndarray, attributes: np.ndarray) -> np.ndarray:
    """For each quad: centre (2), matrix from pixels to its own two coordinates (4), attributes at the centre and their
    change along both (3 x 6)."""
    a, b, c, d = np.moveaxis(corners, 1, 0)
    first, second = (b - a + c - d) / 2, (d - a + c - b) / 2
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    area = np.where(np.abs(area) < 1e-3, 1e-3, area)[:, None]
    to_own = np.stack([second[:, 1], -second[:, 0], -first[:, 1], first[:, 0]], axis=1) / area
    p, q, r, s = np.moveaxis(attributes, 1, 0)
    middle, along, down = (p + q + r + s) / 4, (q - p + r - s) / 2, (s - p + r - q) / 2
    return np.concatenate([(a + b + c + d) / 4, to_own, middle, along, down], axis=1).astype(np.float32)
