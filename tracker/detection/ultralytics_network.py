"""A network run by Ultralytics: of any kind, on any device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..types import Detections
from .weights import chosen_classes, class_names, load_network

if TYPE_CHECKING:
    from .detector import DetectorOptions

COCO_JOINTS = 17


class UltralyticsNetwork:
    """Raises InputError where the weights are missing or are none, know no people, or hold code and are not trusted.

    `copy` is what was made of them for OpenVINO, and runs in their place.
    """

    def __init__(self, weights: Path, copy: Path | None, options: DetectorOptions) -> None:
        self._network = load_network(weights, options.device, copy=copy, trust=options.trust)
        self._asked: dict[str, Any] = {
            "conf": options.conf,
            "iou": options.iou,
            "imgsz": options.imgsz,
            "classes": chosen_classes(options.classes, class_names(self._network), weights),
            **({"device": options.device} if options.device else {}),
            **({"half": True} if options.half else {}),
        }
        predictor = self._network.predictor
        self._on_gpu = predictor is not None and predictor.device.type == "cuda"
        self._sizes: set[int] = set()

    def __call__(self, images: list[np.ndarray]) -> list[Detections]:
        """People in pictures (H, W, 3) uint8 BGR, one batch. Raises what torch and Ultralytics may."""
        pictures = self._filled(images) if self._on_gpu else images
        results = list(self._network.predict(pictures, verbose=False, save=False, **self._asked))
        return [_detections(each) for each in results[: len(images)]]

    def _filled(self, images: list[np.ndarray]) -> list[np.ndarray]:
        """The pictures, the last one repeated up to a size of batch that has been run: a new one, such as the last
        batch of a video, costs a GPU a second or two, in which cuDNN prepares each convolution for it."""
        size = min((size for size in self._sizes if size >= len(images)), default=len(images))
        self._sizes.add(size)
        return [*images, *[images[-1]] * (size - len(images))]


def _detections(result: Any) -> Detections:
    """Ultralytics' boxes of one picture as ours: within the picture, keypoints of 17 joints."""
    height, width = result.orig_shape
    boxes = result.boxes.cpu().numpy()
    return Detections(boxes.xyxy.clip(0, (width, height, width, height)), boxes.conf, _keypoints(result))


def _keypoints(result: Any) -> np.ndarray | None:
    """(N, 17, 3) COCO keypoints, confidence 1 where the model gives none; None where it has no such keypoints."""
    if result.keypoints is None:
        return None
    data = result.keypoints.data.cpu().numpy()
    if data.ndim != 3 or data.shape[1] != COCO_JOINTS:
        return None
    return data if data.shape[2] == 3 else np.concatenate([data, np.ones_like(data[..., :1])], axis=2)
