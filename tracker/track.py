"""One person's track: its motion, its life, its gallery, and the sightings not yet reported."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from .gallery import Gallery
from .motion import Motion, MotionOptions
from .types import Detections, Frame


class Life(Enum):
    """Tentative until seen often enough, then live; lost while unseen; gone once its time is up."""

    TENTATIVE = "tentative"
    LIVE = "live"
    LOST = "lost"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One detection taken by a track: the frame's number and time, and the detection as a single row."""

    frame: int
    time: float
    detection: Detections


class Track:
    """A person followed from frame to frame. `id` is None until she is confirmed."""

    def __init__(self, frame: Frame, detection: Detections, motion: MotionOptions, gallery: Gallery) -> None:
        """`detection` is one row."""
        self.id: int | None = None
        self.life = Life.TENTATIVE
        self.motion = Motion(detection.xyxy[0], motion)
        self.gallery = gallery
        self.first_time = frame.time
        self.sightings = 0
        self.unreported: list[Sighting] = []
        self.take(frame, detection)

    def predict(self, seconds: float, now: float) -> None:
        self.motion.predict(seconds, seen=self.last_time >= now - 1.5 * seconds)

    def take(self, frame: Frame, detection: Detections) -> None:
        """Continue with a detection of this frame (one row)."""
        if self.sightings:
            self.motion.update(detection.xyxy[0], float(detection.score[0]))
        self.last_xyxy = detection.xyxy[0]
        self.last_time = frame.time
        self.sightings += 1
        self.unreported.append(Sighting(frame.index, frame.time, detection))

    def absorb(self, newborn: Track) -> None:
        """Go on as `newborn`: the same person, found again. The identity and the gallery persist, the motion is new."""
        self.motion = newborn.motion
        self.last_xyxy, self.last_time = newborn.last_xyxy, newborn.last_time
        self.sightings += newborn.sightings
        self.unreported = newborn.unreported
        self.gallery.extend(newborn.gallery)
        self.life = Life.LIVE
        newborn.life = Life.GONE

    def unseen(self, now: float) -> float:
        """Seconds since the last sighting."""
        return now - self.last_time

    def age(self, now: float) -> float:
        """Seconds since the first sighting."""
        return now - self.first_time


def boxes_of(tracks: list[Track]) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and last seen boxes, two (T, 4) arrays."""
    if not tracks:
        return np.zeros((0, 4)), np.zeros((0, 4))
    return np.stack([track.motion.xyxy for track in tracks]), np.stack([track.last_xyxy for track in tracks])
