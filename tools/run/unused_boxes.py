"""unused.txt: the detector's boxes that no track took, kept for the review of the run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tracker.results.mot_files import format_detections
from tracker.results.whole_files import RowFile
from tracker.types import Detections, Frame, FrameTracks

from .kept_detections import KeptDetections

UNUSED = "unused.txt"


class UnusedBoxes:
    """A sink that writes the boxes of at least `min_score` that are in no row, as MOT text of detections.

    The run must give it what was `detected`, too. Raises InputError where the file cannot be written.
    """

    def __init__(self, path: Path, min_score: float) -> None:
        self.detected = KeptDetections()
        self._path = path
        self._min_score = min_score

    def __enter__(self) -> UnusedBoxes:
        self._file = RowFile(self._path)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Take in one frame with all its rows, which hold the detector's boxes unchanged."""
        unused = unused_boxes(self.detected.take(frame.index), tracks, self._min_score)
        self._file.add(format_detections(frame.index, unused))


def unused_boxes(detections: Detections, tracks: FrameTracks, min_score: float) -> Detections:
    """Those of at least `min_score` that are the box of no row."""
    taken = {tuple(box) for box in tracks.xyxy.tolist()}
    free = np.array([tuple(box) not in taken for box in detections.xyxy.tolist()], bool)
    return detections[(detections.score >= min_score) & free]
