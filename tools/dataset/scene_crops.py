"""Crops of all dancers of a rendered scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reid.dancereid.folder import widened_crop

from ..renderer.options import StageOptions
from ..renderer.scene import Scene, StageFrame
from .box_noise import detected

FPS = 25.0


@dataclass(frozen=True)
class CutOptions:
    """How people are cut out: crops `height` pixels high; one frame in `every` of the camera's is kept; `box_noise` is
    the degree of `box_noise.detected`, drawn from `seed`."""

    height: int
    every: int = 5
    box_noise: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class SceneCrop:
    """One dancer in one frame: `image` (h, w, 3) uint8 BGR with `joints` (17, 2) in its pixels, nan where unknown.

    `frame` counts what a camera of `FPS` would have taken, `xyxy` (4,) is the box, with its noise, that was cut out of
    the scene's picture.
    """

    person: int
    frame: int
    time: float
    xyxy: np.ndarray
    image: np.ndarray
    joints: np.ndarray


def cut_scene(scene: tuple[StageOptions, CutOptions]) -> list[SceneCrop]:
    """Every dancer of every frame of a scene, as crops of (height, height / 2)."""
    options, cut = scene
    return [crop for frame in Scene(options).frames() for crop in cut_frame(frame, cut)]


def cut_frame(frame: StageFrame, cut: CutOptions) -> Iterator[SceneCrop]:
    """The frame's dancers; joints outside the picture are not known."""
    tracks, image = frame.truth, frame.frame.image
    assert image is not None
    assert tracks.keypoints is not None
    for row, (person, keypoints) in enumerate(zip(tracks.ids.tolist(), tracks.keypoints, strict=True)):
        seen = np.where(keypoints[:, 2:] > 0, keypoints[:, :2], np.nan)
        xyxy = _box(frame, row, cut) if cut.box_noise else tracks.xyxy[row]
        crop, joints = widened_crop(image, xyxy, seen, cut.height)
        yield SceneCrop(person, tracks.frame * cut.every, tracks.time, xyxy, crop, joints)


def _box(frame: StageFrame, row: int, cut: CutOptions) -> np.ndarray:
    """The box (4,) that a detector gives for the person in a row of the truth."""
    tracks = frame.truth
    assert tracks.keypoints is not None
    random = np.random.default_rng([cut.seed, 17, tracks.frame, int(tracks.ids[row])])
    others = np.delete(tracks.xyxy, row, axis=0)
    visibility = float(frame.visibility[row])
    return detected(tracks.xyxy[row], tracks.keypoints[row], visibility, others, cut.box_noise, random)
