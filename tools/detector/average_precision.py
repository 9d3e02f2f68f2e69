"""How well a detector finds the people in labelled pictures: average precision as COCO defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracker.boxes import iou
from tracker.detection.detector import DetectorOptions, YoloDetector
from tracker.types import Detections, Detector, Frame

from .pictures import read_labels, read_picture

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST_BOXES = 100
"""COCO scores the hundred surest boxes of a picture."""


@dataclass(frozen=True, slots=True)
class Precision:
    """Scores of one part: `ap50` at an overlap of 0.5 and `ap` as the mean over 0.5, 0.55, ..., 0.95, both in 0..1."""

    pictures: int
    people: int
    ap50: float
    ap: float


def score_detector(weights: Path, data: Path, imgsz: int = 640) -> dict[str, Precision]:
    """Average precision on each part of the pictures kept aside in `data/aside`, on torch and in float32."""
    detector = YoloDetector(weights, DetectorOptions(conf=0.001, imgsz=imgsz, batch=1, openvino=False))
    parts: dict[str, list[tuple[Detections, np.ndarray]]] = {}
    for path in sorted((data / "aside" / "images").glob("*.jpg")):
        parts.setdefault(path.name.partition("-")[0], []).append(_found_and_truth(detector, path))
    return {part: average_precision(pictures) for part, pictures in parts.items()}


def average_precision(pictures: Sequence[tuple[Detections, np.ndarray]]) -> Precision:
    """Each picture is what was found in it and its true boxes (N, 4); precision is interpolated at 101 recalls."""
    people = sum(len(truth) for _, truth in pictures)
    hits = np.concatenate([true_positives(found, truth) for found, truth in pictures])
    score = np.concatenate([found.score[_surest(found)] for found, _ in pictures])
    hits = hits[np.argsort(-score, kind="stable")].cumsum(axis=0)
    recall = hits / max(people, 1)
    precision = hits / np.arange(1, len(hits) + 1)[:, None]
    scores = [_area_under(recall[:, k], precision[:, k]) for k in range(len(THRESHOLDS))]
    return Precision(len(pictures), people, scores[0], float(np.mean(scores)))


def true_positives(found: Detections, truth: np.ndarray) -> np.ndarray:
    """(N, 10) bool: the surest box first, each takes the person left whom it overlaps most, if by the threshold."""
    overlap = iou(found.xyxy[_surest(found)], truth)
    hits = np.zeros((len(overlap), len(THRESHOLDS)), bool)
    for column, threshold in enumerate(THRESHOLDS):
        left = overlap.copy()
        for row in range(len(left)):
            best = int(left[row].argmax()) if left.shape[1] else 0
            if left.shape[1] and left[row, best] >= threshold:
                hits[row, column] = True
                left[:, best] = -1
    return hits


def _surest(found: Detections) -> np.ndarray:
    return np.argsort(-found.score, kind="stable")[:MOST_BOXES]


def _area_under(recall: np.ndarray, precision: np.ndarray) -> float:
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(envelope, 0.0)[at].mean())


def _found_and_truth(detector: Detector, path: Path) -> tuple[Detections, np.ndarray]:
    image = read_picture(path)
    labels = path.parent.parent / "labels" / f"{path.stem}.txt"
    return detector(Frame(0, 0.0, image)), read_labels(labels, image)
