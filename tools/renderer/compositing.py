"""Puts the drawn dancers onto the set: shadows, reflections, then all dancers from the back to the front."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from .backdrop import Backdrop
from .camera import Camera
from .footage import Footage
from .light_show import LightShow
from .options import StageOptions
from .raster import Sprite
from .skeleton import Build, Place, PosedSkeleton

_SHADOW_SCALE = 2


@dataclass(frozen=True)
class Actor:
    """A dancer in one frame."""

    id: int
    place: Place
    skeleton: PosedSkeleton
    build: Build
    sprite: Sprite


class Canvas:
    """Composes frames of one size on one set; keeps the empty set between frames while the camera stands still."""

    def __init__(self, backdrop: Backdrop, light_show: LightShow, options: StageOptions) -> None:
        self._backdrop, self._light_show = backdrop, light_show
        self._seed = options.seed
        self._set = lru_cache(1)(backdrop.picture)
        self._vignette = _vignette(options.width, options.height)
        self._footage = Footage(options)

    def compose(self, index: int, time: float, actors: list[Actor], camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        """The picture (H, W, 3) uint8 and the id in front at each pixel (H, W) uint8, 0 where no dancer is."""
        image = self._light_show.lit(self._shadowed(actors, camera), time, camera)
        for actor in actors:
            self._reflect(image, actor, camera)
        owners = np.zeros(image.shape[:2], np.uint8)
        for actor in sorted(actors, key=lambda actor: float(camera.project(actor.skeleton.spine[0])[1]), reverse=True):
            window, part = overlap(actor.sprite, camera)
            alpha = actor.sprite.alpha[part]
            image[window] = _over(image[window], actor.sprite.colour[part], alpha)
            owners[window][alpha > 127] = actor.id
        return self._footage.filmed(self._finish(image, index), index), owners

    def _shadowed(self, actors: list[Actor], camera: Camera) -> np.ndarray:
        light: np.ndarray = np.ones((camera.height // _SHADOW_SCALE, camera.width // _SHADOW_SCALE), np.uint8) * 255
        for lamp in self._backdrop.lighting.lamps[:2]:
            shade = np.zeros_like(light)
            for actor in actors:
                _cast_shadow(shade, actor, np.array(lamp.direction), camera)
            blur = cv2.GaussianBlur(shade, (0, 0), 0.0035 * camera.width / _SHADOW_SCALE * 2)
            light = cv2.subtract(light, cv2.multiply(blur, np.array([min(0.5, 0.75 * max(lamp.colour))])))
        wide = cv2.resize(light, (camera.width, camera.height), interpolation=cv2.INTER_LINEAR)
        return cv2.multiply(self._set(camera), cv2.cvtColor(wide, cv2.COLOR_GRAY2BGR), scale=1 / 255)

    def _reflect(self, image: np.ndarray, actor: Actor, camera: Camera) -> None:
        """Mirror the sprite about the line where its dancer touches the floor."""
        sprite = actor.sprite
        foot = np.array([actor.place.x, 0.0, actor.place.z])
        line = round(float(camera.project(foot)[0][1]))
        top = 2 * line - (sprite.top + len(sprite.alpha))
        fade = np.clip(1 - (top + np.arange(len(sprite.alpha)) - line) / len(sprite.alpha), 0, 1)[:, None] ** 1.5
        weight = (fade * self._backdrop.gloss).astype(np.float32)
        alpha = cv2.blur(sprite.alpha[::-1], (3, 9)) * weight
        colour = cv2.blur(sprite.colour[::-1], (3, 9)) * weight[..., None]
        mirrored = Sprite(sprite.left, top, colour, alpha, sprite.depth, sprite.xyxy)
        window, part = overlap(mirrored, camera)
        if alpha[part].size:
            image[window] = _over(image[window], colour[part], alpha[part])

    def _finish(self, image: np.ndarray, index: int) -> np.ndarray:
        """Lens and sensor: slight blur, darker corners, grain."""
        image = cv2.multiply(cv2.GaussianBlur(image, (3, 3), 0.5), self._vignette, scale=1 / 255)
        height, width = image.shape[:2]
        random = np.random.default_rng([self._seed, 7, index])
        grain = random.integers(0, 6, (height // 2, width // 2, 1), np.uint8)
        wide = cv2.cvtColor(cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR), cv2.COLOR_GRAY2BGR)
        return cv2.subtract(cv2.add(image, wide), np.full_like(wide, 3))


def overlap(sprite: Sprite, camera: Camera) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where the sprite lies in the picture, and which part of the sprite that is, as (rows, columns) each."""
    height, width = sprite.alpha.shape[:2]
    top, left = max(sprite.top, 0), max(sprite.left, 0)
    bottom, right = max(top, min(sprite.top + height, camera.height)), max(left, min(sprite.left + width, camera.width))
    picture = slice(top, bottom), slice(left, right)
    return picture, (slice(top - sprite.top, bottom - sprite.top), slice(left - sprite.left, right - sprite.left))


def _over(below: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Premultiplied colour over a picture, both (h, w, 3), with alpha (h, w), all 0..255."""
    kept = (255 - alpha.astype(np.float32)) / 255
    return np.clip(below * kept[..., None] + colour, 0, 255).astype(np.uint8)


def _cast_shadow(shade: np.ndarray, actor: Actor, towards: np.ndarray, camera: Camera) -> None:
    skeleton, height = actor.skeleton, actor.build.height
    chains = [
        (skeleton.spine, 0.15),
        (np.stack([skeleton.spine[-1], skeleton.head]), 0.09),
        *((limb, 0.055) for limb in skeleton.arm),
        *((limb, 0.085) for limb in skeleton.leg),
        *(
            (np.stack([limb[2], limb[2] + frame[:, 2] * 0.1 * height]), 0.06)
            for limb, frame in zip(skeleton.leg, skeleton.foot_frame, strict=True)
        ),
    ]
    for points, radius in chains:
        fallen = points - points[:, 1:2] * towards / towards[1]
        pixels, depth = camera.project(fallen)
        if depth.min() < 0.5:
            continue
        thick = max(1, round(1.5 * radius * camera.focal / float(depth.mean()) / _SHADOW_SCALE))
        line = np.round(np.clip(pixels / _SHADOW_SCALE, -4000, 4000)).astype(np.int32)
        cv2.polylines(shade, [line], False, 255, min(thick, 255))


def _vignette(width: int, height: int) -> np.ndarray:
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    shade = 255 * (1 - 0.2 * np.clip((x * x + y * y) / 2, 0, 1) ** 1.3)
    return np.repeat(shade.astype(np.uint8)[..., None], 3, axis=2)
