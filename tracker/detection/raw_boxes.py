"""What a network that detects puts out, made people's boxes, as Ultralytics does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..boxes import cxcywh_to_xyxy
from ..types import Detections
from .letterbox import Letterbox

BOX = 4
"""Rows of the output before those of the classes' scores: centre x and y, width, height."""
MOST = 300
"""Boxes in a picture, as Ultralytics has it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which boxes are kept: of these classes, with more than the score `conf`, none that overlaps a better one by more
    than `iou`. A box is of its likeliest class."""

    classes: Sequence[int]
    conf: float
    iou: float

    def __call__(self, found: np.ndarray, box: Letterbox) -> Detections:
        """Boxes in the picture that `box` fitted into the network, of its output (4 + classes, N)."""
        sure = (found[BOX:][self.classes] > self.conf).any(axis=0)  # (N,)
        found = found[:, sure].T  # a copy
        likeliest = found[:, BOX:].argmax(axis=1) if len(found) else np.zeros(0, int)
        asked = np.isin(likeliest, self.classes)
        found, likeliest = found[asked], likeliest[asked]
        score = found[np.arange(len(found)), BOX + likeliest]
        kept = list(_kept(found[:, :BOX], score, likeliest, self.iou))[:MOST]
        return Detections(box.back(cxcywh_to_xyxy(found[kept, :BOX])), score[kept])


def _kept(cxcywh: np.ndarray, score: np.ndarray, of_class: np.ndarray, iou: float) -> Iterator[int]:
    """Rows that non-maximum suppression among those of a class (N,) leaves of (N, 4) boxes, the best first."""
    corner = cxcywh.astype(float)
    corner[:, :2] -= corner[:, 2:] / 2
    if len(corner):
        yield from cv2.dnn.NMSBoxesBatched(corner.tolist(), score.tolist(), of_class.tolist(), 0.0, iou)
