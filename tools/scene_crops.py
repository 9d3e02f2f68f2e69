"""Crops of all dancers of rendered scenes, several scenes at a time."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import cv2
import numpy as np

from reid.dancereid_folder import widened_crop
from tracker.types import InputError

from .interruption import Interruption
from .stage.options import StageOptions
from .stage.scene import Scene, StageFrame

KEPT_EVERY = 5  # frames of the 25 a second a camera would give
FPS = 25.0
PATIENCE = 0.2  # seconds between two looks at whether a stop was asked for


@dataclass(frozen=True)
class SceneCrop:
    """One dancer in one frame: `image` (h, w, 3) uint8 BGR with `joints` (17, 2) in its pixels, nan where unknown.

    `frame` counts what a camera of `FPS` would have taken, `xyxy` (4,) is her box in the scene's picture.
    """

    person: int
    frame: int
    time: float
    xyxy: np.ndarray
    image: np.ndarray
    joints: np.ndarray


def cut_scenes(
    scenes: Sequence[StageOptions], height: int, processes: int, interruption: Interruption
) -> Iterator[list[SceneCrop]]:
    """The crops of each scene, in order; ends early, without those of the scenes at hand, when a stop is asked for.

    Raises InputError where a process was killed, as happens when memory runs out.
    """
    # Not forked: a fork copies the locks of whatever threads the caller has running.
    workers = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=settle_in)
    try:
        renderings = deque(workers.submit(cut_scene, scene, height) for scene in scenes)
        while renderings:
            crops = outcome(renderings.popleft(), interruption)
            if crops is None:
                return
            yield crops
    except BrokenProcessPool as error:
        raise InputError(
            "a process that rendered a scene was killed; with fewer --processes less memory is needed"
        ) from error
    finally:
        for worker in multiprocessing.active_children():
            worker.terminate()
        workers.shutdown(cancel_futures=True)


def settle_in() -> None:
    """Of a process that renders: Ctrl-C is for its parent to answer, and the other cores have work of their own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


def outcome(rendering: Future[list[SceneCrop]], interruption: Interruption) -> list[SceneCrop] | None:
    """The crops once they are there; None as soon as a stop is asked for."""
    while not interruption.asked:
        try:
            return rendering.result(timeout=PATIENCE)
        except TimeoutError:
            continue
    return None


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
