"""What was detected, kept for what reads it a second time, after the tracker."""

from __future__ import annotations

from tracker.types import Detections, Frame


class KeptDetections:
    """Detections that can be asked for once more, frame by frame, when the tracker is done with them."""

    def __init__(self) -> None:
        self._kept: dict[int, Detections] = {}

    def keep(self, frame: Frame, detections: Detections) -> None:
        """Keep those of a frame: for `pipeline.track`."""
        self._kept[frame.index] = detections

    def take(self, frame: int) -> Detections:
        """The frame's detections, which are then forgotten."""
        return self._kept.pop(frame)
