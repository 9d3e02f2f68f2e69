"""Average precision of a detector on labelled pictures, computed by COCO's own evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from tracker.boxes import area, xyxy_to_xywh
from tracker.detection.detector import DetectorOptions, YoloDetector
from tracker.types import Detections, Frame

from .pictures import VALIDATION, read_labels, read_picture

PERSON = 1


@dataclass(frozen=True, slots=True)
class Precision:
    """Scores of one part: `ap50` at an overlap of 0.5 and `ap` as the mean over 0.5, 0.55, ..., 0.95, both in 0..1."""

    pictures: int
    people: int
    ap50: float
    ap: float


def score_detector(weights: Path, data: Path, *, trust: bool = False) -> dict[str, Precision]:
    """Average precision on each part of the validation pictures in `data`, on torch and in float32."""
    options = DetectorOptions(conf=0.001, batch=1, openvino=False, trust=trust)
    detector = YoloDetector(weights, options)
    parts: dict[str, list[tuple[Detections, np.ndarray]]] = {}
    for path in sorted((data / VALIDATION / "images").glob("*.jpg")):
        image = read_picture(path)
        truth = read_labels(data / VALIDATION / "labels" / f"{path.stem}.txt", image)
        parts.setdefault(path.name.partition("-")[0], []).append((detector(Frame(0, 0.0, image)), truth))
    return {part: average_precision(pictures) for part, pictures in parts.items()}


def average_precision(pictures: Sequence[tuple[Detections, np.ndarray]]) -> Precision:
    """Each picture is what was found in it and its true boxes (N, 4).

    COCO (Lin et al. 2014) counts the hundred surest boxes of a picture and interpolates precision at 101 recalls.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    images = {"images": [{"id": number} for number in range(len(pictures))], "categories": [{"id": PERSON}]}
    annotations = (
        _rows([(boxes, np.ones(len(boxes))) for _, boxes in pictures]),
        _rows([(found.xyxy, found.score) for found, _ in pictures]),
    )
    truth_and_found = COCO(), COCO()
    with redirect_stdout(StringIO()):  # it prints its progress
        for boxes, rows in zip(truth_and_found, annotations, strict=True):
            boxes.dataset = images | {"annotations": list(rows)}
            boxes.createIndex()
        evaluation = COCOeval(*truth_and_found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    ap, ap50 = evaluation.stats[:2].clip(0)  # -1 where there is nothing to find
    return Precision(len(pictures), sum(len(boxes) for _, boxes in pictures), float(ap50), float(ap))


def _rows(pictures: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterator[dict[str, Any]]:
    """COCO's records of boxes xyxy (N, 4) with scores (N,), picture by picture."""
    numbers = count(1)  # 0 would say that a box has no match
    for image, (xyxy, score) in enumerate(pictures):
        for box, size, each in zip(xyxy_to_xywh(xyxy).tolist(), area(xyxy).tolist(), score.tolist(), strict=True):
            facts = {"id": next(numbers), "image_id": image, "category_id": PERSON, "iscrowd": 0}
            yield facts | {"bbox": box, "area": size, "score": each}
