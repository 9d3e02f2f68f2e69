"""Crops of all dancers of a rendered scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reid.dancereid.folder import widened_crop

from ..renderer.options import StageOptions
from ..renderer.scene import Scene, StageFrame

KEPT_EVERY = 5  # frames of the 25 a second a camera would give
FPS = 25.0


@dataclass(frozen=True)
class SceneCrop:
    """One dancer in one frame: `image` (h, w, 3) uint8 BGR with `joints` (17, 2) in its pixels, nan where unknown.

    `frame` counts what a camera of `FPS` would have taken, `xyxy` (4,) is their box in the scene's picture.
    """

    person: int
    frame: int
    time: float
    xyxy: np.ndarray
    image: np.ndarray
    joints: np.ndarray


def cut_scene(options: StageOptions, height: int) -> list[SceneCrop]:
    """Every dancer of every frame of a scene, as crops of (height, height / 2)."""
    return [crop for frame in Scene(options).frames() for crop in cut_frame(frame, height)]


def cut_frame(frame: StageFrame, height: int) -> Iterator[SceneCrop]:
    """The frame's dancers; joints outside the picture are not known."""
    tracks, image = frame.truth, frame.frame.image
    assert image is not None
    assert tracks.keypoints is not None
    for person, xyxy, keypoints in zip(tracks.ids.tolist(), tracks.xyxy, tracks.keypoints, strict=True):
        seen = np.where(keypoints[:, 2:] > 0, keypoints[:, :2], np.nan)
        crop, joints = widened_crop(image, xyxy, seen, height)
        yield SceneCrop(person, tracks.frame * KEPT_EVERY, tracks.time, xyxy, crop, joints)
