"""Outlines: a box around every person, and a ring that closes in on a person who came back."""

from __future__ import annotations

import numpy as np

from ..types import FrameTracks
from . import strokes
from .colours import colour_of
from .marks import Marks

_CORNER = 8
_DASH = 20


class Outlines:
    """Boxes in the people's colours, the nearest person's on top; dashed where a recovery is doubtful."""

    def __init__(self, marks: Marks, boxes: bool = True) -> None:
        self._marks, self._boxes = marks, boxes
        self.memory = marks.seconds

    def draw(self, image: np.ndarray, tracks: FrameTracks, unit: float) -> None:
        """Draw into a (H, W, 3) uint8 BGR image, in place; a `unit` is so many pixels."""
        for row in np.argsort(tracks.xyxy[:, 3], kind="stable").tolist():
            self._draw_person(image, int(tracks.ids[row]), tracks.xyxy[row].astype(float), unit)

    def _draw_person(self, image: np.ndarray, identity: int, box: np.ndarray, unit: float) -> None:
        remaining = self._marks.remaining(identity)
        if self._boxes:
            outline = strokes.rounded_box(box, _CORNER * unit)
            doubtful = self._marks.is_doubtful(identity)
            paths = strokes.dashes(outline, _DASH * unit) if doubtful else [outline]
            strokes.draw_edged(image, paths, colour_of(identity), 3.5 if remaining else 2.2, unit)
        if remaining:
            strokes.draw_edged(image, [_ring(box, remaining, unit)], (255, 255, 255), 2.5, unit)


def _ring(box: np.ndarray, remaining: float, unit: float) -> np.ndarray:
    """Outline (K, 2) around a box (4,), closing in on it while the `remaining` share of the mark goes from 1 to 0."""
    reach = 5 * unit + remaining * min(18 * unit, 0.08 * (box[3] - box[1]))
    return strokes.rounded_box(box + reach * np.array([-1, -1, 1, 1]), _CORNER * unit + reach)
