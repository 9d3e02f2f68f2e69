"""One person's track: a body that is followed from frame to frame, and the identity it is taken for."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from .gallery import Gallery, GalleryOptions
from .motion import Motion, MotionOptions, box_noise
from .types import Detections, Frame

DIRECTION_SECONDS = 0.16
"""Over this long the direction of a track is taken: one frame's step is mostly noise."""


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


@dataclass(slots=True, eq=False)
class Identity:
    """Who somebody is: the id that is reported, what she looks like, and up to what time rows were reported of her."""

    id: int
    gallery: Gallery
    reported: float = -math.inf


class Track:
    """A body followed from frame to frame.

    `identity` is None until the track is confirmed. `fresh` holds views of the body that are not yet trusted to show
    the identity: those of a newborn, and those since the track was last in doubt. `group` are the tracks among which
    identities may have been exchanged, this one included; None while there is no doubt. `cut_off` tells that the
    camera cut away from her: where she was says nothing about where she is. `missed` are the seconds from the last
    sighting to the frame before this one: none for who was seen in it, whatever the frame rate.
    """

    def __init__(self, frame: Frame, detection: Detections, motion: MotionOptions, views: GalleryOptions) -> None:
        """`detection` is one row."""
        self.identity: Identity | None = None
        self.life = Life.TENTATIVE
        self.motion = Motion(detection.xyxy[0], motion)
        self.fresh = Gallery(replace(views, spacing=views.fresh_spacing))
        self.group: set[Track] | None = None
        self.cut_off = False
        self.missed = 0.0
        self.first_time = frame.time
        self.sightings = 0
        self._way: deque[tuple[float, np.ndarray]] = deque()  # times and centres of the last sightings
        self.unreported: list[Sighting] = []
        self.take(frame, detection)

    def predict(self, seconds: float, now: float) -> None:
        """Move on to `now`, `seconds` after the last frame."""
        self.missed = max(now - seconds - self.last_time, 0.0)
        self.motion.predict(seconds, seen=self.last_time >= now - 1.5 * seconds)

    def take(self, frame: Frame, detection: Detections) -> None:
        """Continue with a detection of this frame (one row)."""
        if self.sightings:
            self.motion.update(detection.xyxy[0], float(detection.score[0]))
        self.last_xyxy = detection.xyxy[0]
        self.last_time = frame.time
        self.noise = box_noise(float(detection.score[0]), self.motion.options)
        while self._way and self._way[0][0] < frame.time - DIRECTION_SECONDS:
            self._way.popleft()
        self._way.append((frame.time, (self.last_xyxy[:2] + self.last_xyxy[2:]) / 2))
        self.sightings += 1
        self.unreported.append(Sighting(frame.index, frame.time, detection))

    @property
    def step(self) -> np.ndarray:
        """Where the centre went over the last sightings, (2,) pixels; zero after a single one."""
        return self._way[-1][1] - self._way[0][1]

    def trust(self) -> None:
        """The fresh views do show the identity: it learns from them, and there is no doubt any more."""
        assert self.identity is not None
        self.identity.gallery.extend(self.fresh)
        self.fresh = Gallery(self.fresh.options)
        if self.group is not None:
            self.group.discard(self)
            self.group = None

    def unseen(self, now: float) -> float:
        """Seconds since the last sighting."""
        return now - self.last_time

    def age(self, now: float) -> float:
        """Seconds since the first sighting."""
        return now - self.first_time
