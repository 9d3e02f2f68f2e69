"""Crops that show no person, for timing: smooth noise with landmarks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from reid.data.crops import UNKNOWN_CAMERA, Crop, Split
from tracker.detection.ultralytics_network import COCO_JOINTS

PEOPLE = 24
FRAMES_APART = 20
COARSENESS = 8  # JPEG then has about as much to do as with a photograph


def synthetic_split(folder: Path, height: int, crops: int) -> Split:
    """`crops` training crops (height, height / 2) of each of 24 people, twenty frames apart, written as JPEG."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    records = []
    for place in range(crops):
        for person in range(PEOPLE):
            noise = random.integers(0, 255, (height // COARSENESS, height // COARSENESS // 2, 3), np.uint8)
            path = folder / f"{person}_{place}.jpg"
            cv2.imwrite(str(path), cv2.resize(noise, (height // 2, height), interpolation=cv2.INTER_CUBIC))
            joints = random.uniform(0, (height / 2, height), (COCO_JOINTS, 2)).astype(np.float32)
            frame = FRAMES_APART * place
            records.append(Crop(path, person, UNKNOWN_CAMERA, "noise", frame, frame / 30, joints))
    return Split(records, [], [])
