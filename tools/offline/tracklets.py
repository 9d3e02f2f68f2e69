"""Tracks cut into tracklets, within which a track is unlikely to have passed from one person to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker import boxes
from tracker.doubt import DoubtOptions
from tracker.types import Detections, FrameTracks

ITSELF = 0.95
"""Overlap (IoU) from which a detection is taken for the row's own box."""


@dataclass(frozen=True, slots=True)
class TrackletOptions:
    """Where a track is cut."""

    contact: float = DoubtOptions().contact
    """Two people are in contact when this share of the smaller box lies within the other."""
    rival_score: float = 0.3
    """Minimum score at which a detection without a track counts as a person in contact."""
    gap: float = 0.2
    """Seconds unseen after which the track continues as another tracklet."""
    jump: float = 0.2
    """Minimum overlap (IoU) with the box before; below it, the track continues as another tracklet."""


@dataclass(slots=True)
class _Last:
    """A track's last row: its tracklet, time, box, and whether it was in contact."""

    tracklet: int
    time: float
    xyxy: np.ndarray
    contact: bool


class TrackletCutter:
    """Numbers the rows of a video's tracks by tracklet, frame after frame; the numbers start at 0.

    A track is cut where it comes into contact with another person and where that ends, where it was unseen, where it
    jumps, and where the tracker found that it was another person (`recovered`, an exchange).
    """

    def __init__(self, options: TrackletOptions) -> None:
        self.options = options
        self.count = 0
        self._last: dict[int, _Last] = {}

    def cut(self, tracks: FrameTracks, contact: np.ndarray) -> np.ndarray:
        """The tracklet of each row, (T,) int; `contact` (T,) bool says which rows are in contact."""
        changed = {recovery.id for recovery in tracks.recoveries if recovery.exchanged}
        changed.update(tracks.ids[tracks.recovered].tolist())
        rows = zip(tracks.ids.tolist(), tracks.xyxy, contact.tolist(), strict=True)
        return np.array([self._tracklet(*row, tracks.time, row[0] in changed) for row in rows], int)

    def _tracklet(self, track: int, xyxy: np.ndarray, contact: bool, time: float, changed: bool) -> int:
        last = self._last.get(track)
        if (
            last is None
            or changed
            or last.contact != contact
            or time - last.time > self.options.gap
            or boxes.iou(last.xyxy[None], xyxy[None])[0, 0] < self.options.jump
        ):
            number, self.count = self.count, self.count + 1
        else:
            number = last.tracklet
        self._last[track] = _Last(number, time, xyxy, contact)
        return number


def in_contact(tracks: FrameTracks, detections: Detections, options: TrackletOptions) -> np.ndarray:
    """Which rows share much of their box, or of the other's, with another person in the frame, (T,) bool."""
    rivals = np.concatenate([tracks.xyxy, detections.xyxy[detections.score >= options.rival_score]])
    contact = boxes.in_contact(tracks.xyxy, rivals, options.contact)  # (T, rivals)
    contact[boxes.iou(tracks.xyxy, rivals) > ITSELF] = False
    return np.any(contact, axis=1)
