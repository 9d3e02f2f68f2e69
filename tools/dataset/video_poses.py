"""Landmarks for the people of a frame: from the detector itself, or from a pose model whose boxes are matched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker.association import match
from tracker.boxes import iou
from tracker.detection.ultralytics_network import COCO_JOINTS
from tracker.types import Detections, Detector, Frame, InputError

SURE = 0.25
"""Joints that the model is less sure of are not known."""
MIN_OVERLAP = 0.5
"""Overlap (IoU) from which a pose model's person is the one whose crop is kept."""


class PoseFinder:
    """Takes the poses of given boxes from a pose model. Raises InputError where the model knows no 17 COCO joints."""

    def __init__(self, detector: Detector, name: str) -> None:
        self.detector, self.name = detector, name

    def __call__(self, frame: Frame, xyxy: np.ndarray) -> list[np.ndarray | None]:
        """Keypoints (17, 3) in the frame's pixels for each box (N, 4), None where the model finds no person there."""
        people = self.detector(frame)
        if people.keypoints is None:
            if len(people):
                raise no_pose_model(self.name)
            return [None] * len(xyxy)
        return matched(people, xyxy)


def matched(people: Detections, xyxy: np.ndarray) -> list[np.ndarray | None]:
    """Each box's keypoints by the best overlap, no pose twice."""
    assert people.keypoints is not None
    found: list[np.ndarray | None] = [None] * len(xyxy)
    for row, person in zip(*match(iou(xyxy, people.xyxy), MIN_OVERLAP), strict=True):
        found[row] = people.keypoints[person]
    return found


def no_pose_model(name: object) -> InputError:
    return InputError(f"{name} finds no {COCO_JOINTS} COCO joints: give a pose model, for example yolo11n-pose.pt")


def sure_joints(keypoints: Sequence[np.ndarray | None], sure: float = SURE) -> list[np.ndarray]:
    """(17, 2) pixels of each pose, nan where a joint or the whole pose is not known."""
    unknown = np.full((COCO_JOINTS, 2), np.nan)
    return [unknown if pose is None else np.where(pose[:, 2:] >= sure, pose[:, :2], np.nan) for pose in keypoints]
