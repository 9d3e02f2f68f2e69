"""The exact truth of a frame: boxes, keypoints and visibility."""

from __future__ import annotations

import numpy as np

from tracker.types import FrameTracks

from .camera import Camera
from .compositing import Actor
from .head import EAR, EYE, NOSE

_FLESH = np.array([0.06] * 5 + [0.2, 0.2] + [0.14] * 4 + [0.24, 0.24] + [0.16] * 4)
"""How far in metres a COCO joint may lie behind the surface seen and still count as visible."""


def observe(
    index: int, time: float, actors: list[Actor], owners: np.ndarray, camera: Camera, min_visible: float
) -> tuple[FrameTracks, np.ndarray]:
    """The frame's truth, and the visibility (T,) of its rows; see `StageFrame` for what they mean."""
    rows = []
    for actor in sorted(actors, key=lambda actor: actor.id):
        silhouette = int((actor.sprite.alpha > 127).sum())
        visible = int((owners == actor.id).sum()) / max(silhouette, 1)
        limits = np.array([camera.width, camera.height] * 2, np.float32)
        xyxy = np.clip(actor.sprite.xyxy, 0, limits)
        if visible > 0 and visible >= min_visible and (xyxy[2:] - xyxy[:2]).min() >= 1:
            rows.append((actor.id, xyxy, visible, _keypoints(actor, owners, camera)))
    if not rows:
        return FrameTracks.empty(index, time), np.zeros(0, np.float32)
    ids, xyxy, visibility, keypoints = (np.stack(column) for column in zip(*rows, strict=True))
    tracks = FrameTracks(
        index, time, ids, xyxy, np.ones(len(ids)), np.zeros(len(ids), bool), keypoints.astype(np.float32)
    )
    return tracks, visibility.astype(np.float32)


def joints(actor: Actor) -> np.ndarray:
    """The 17 COCO joints in world metres, (17, 3): nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles,
    each left before right."""
    skeleton, height = actor.skeleton, actor.build.height
    left = np.array([NOSE, EYE, EAR]) * height
    right = left * np.array([-1.0, 1.0, 1.0])
    face = np.stack([left[0], left[1], right[1], left[2], right[2]]) @ skeleton.head_frame.T + skeleton.head
    limbs = [limb[:, joint] for limb in (skeleton.arm, skeleton.leg) for joint in range(3)]
    return np.concatenate([face, *limbs])


def _keypoints(actor: Actor, owners: np.ndarray, camera: Camera) -> np.ndarray:
    pixels, depth = camera.project(joints(actor))
    column, row = np.floor(pixels).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < camera.width) & (row < camera.height)
    state = np.where(inside, 1.0, 0.0)
    sprite = actor.sprite
    for joint in np.flatnonzero(inside):
        x, y = column[joint] - sprite.left, row[joint] - sprite.top
        if not (0 <= y < sprite.depth.shape[0] and 0 <= x < sprite.depth.shape[1]):
            continue
        surface = sprite.depth[y, x]
        unhidden = owners[row[joint], column[joint]] == actor.id
        if unhidden and depth[joint] - surface < _FLESH[joint]:
            state[joint] = 2.0
    return np.concatenate([np.where(inside[:, None], pixels, 0), state[:, None]], axis=1)
