"""A detector whose boxes are wanted a second time, after the tracker."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.types import Detections, Detector, Frame


class OverheardDetector:
    """A detector whose boxes can be asked for once more, frame by frame, when the tracker is done with them."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self._heard: dict[int, Detections] = {}

    def __call__(self, frame: Frame) -> Detections:
        return self.batch([frame])[0]

    def batch(self, frames: Sequence[Frame]) -> list[Detections]:
        found = self.detector.batch(frames)
        self._heard.update((frame.index, detections) for frame, detections in zip(frames, found, strict=True))
        return found

    def take(self, frame: int) -> Detections:
        """The frame's boxes, which are then forgotten."""
        return self._heard.pop(frame)
