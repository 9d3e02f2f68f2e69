"""One track: detections followed from frame to frame, and the identity they are taken for.

`TrackState`, `identity` and `group` change in the methods of `Track` and nowhere else.
"""

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


class TrackState(Enum):
    """Tentative until seen often enough, then confirmed; lost while unseen; deleted once lost for too long."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Observation:
    """One detection matched to a track: the frame's number and time, and the detection as a single row."""

    frame: int
    time: float
    detection: Detections


@dataclass(slots=True, eq=False)
class Identity:
    """A person: the id that is reported, views of the person, and the time of the last row that was reported."""

    id: int
    gallery: Gallery
    reported: float = -math.inf


class Track:
    """Detections followed from frame to frame.

    `identity` is None until the track is confirmed. `fresh` holds views that are not yet trusted to show the identity:
    those of a tentative track, and those since the track was last in doubt. `group` are the tracks among which
    identities may have been exchanged, this one included; None while the track is not in doubt. `before_cut`: the
    track was last seen before a camera cut, so its position says nothing about where the person is now. `missed` are
    the seconds from the last observation to the frame before this one: none for a track seen in that frame, whatever
    the frame rate. `hits` counts the observations, `unreported` keeps those that no `FrameTracks` has reported yet.
    """

    def __init__(self, frame: Frame, detection: Detections, motion: MotionOptions, views: GalleryOptions) -> None:
        """`detection` is one row."""
        self.identity: Identity | None = None
        self.state = TrackState.TENTATIVE
        self.motion = Motion(detection.xyxy[0], motion)
        self.fresh = Gallery(replace(views, spacing=views.fresh_spacing))
        self.group: set[Track] | None = None
        self.before_cut = False
        self.missed = 0.0
        self.first_time = frame.time
        self.hits = 0
        self._centres: deque[tuple[float, np.ndarray]] = deque()  # times and centres of the last observations
        self.unreported: list[Observation] = []
        self._observe(frame, detection)

    def _observe(self, frame: Frame, detection: Detections) -> None:
        self.last_xyxy = detection.xyxy[0]
        self.last_time = frame.time
        self.noise = box_noise(float(detection.score[0]), self.motion.options)
        while self._centres and self._centres[0][0] < frame.time - DIRECTION_SECONDS:
            self._centres.popleft()
        self._centres.append((frame.time, (self.last_xyxy[:2] + self.last_xyxy[2:]) / 2))
        self.hits += 1
        self.unreported.append(Observation(frame.index, frame.time, detection))

    def predict(self, seconds: float, now: float) -> None:
        """Move on to `now`, `seconds` after the last frame."""
        self.missed = max(now - seconds - self.last_time, 0.0)
        self.motion.predict(seconds, seen=self.last_time >= now - 1.5 * seconds)

    def update(self, frame: Frame, detection: Detections) -> None:
        """Continue with a detection of this frame (one row); a lost track is confirmed again."""
        self.motion.update(detection.xyxy[0], float(detection.score[0]))
        self._observe(frame, detection)
        if self.state is TrackState.LOST:
            self.state = TrackState.CONFIRMED

    def mark_missed(self, now: float, max_tentative_gap: float, max_lost_time: float) -> None:
        """Account for the seconds without an observation: a confirmed track is lost, others are deleted in time."""
        unseen = self.time_since_update(now)
        if self.state is TrackState.TENTATIVE and unseen > max_tentative_gap:
            self.delete()
        elif self.state is TrackState.CONFIRMED and unseen > 0:
            self.state = TrackState.LOST
        elif self.state is TrackState.LOST and unseen > max_lost_time:
            self.delete()

    def cut_away(self) -> None:
        """After a camera cut: a track with an identity is lost, others are deleted."""
        self.leave_group()
        self.drop_fresh_views()
        self.before_cut = True
        if self.identity is None:
            self.delete()
        else:
            self.state = TrackState.LOST

    def delete(self) -> None:
        """End the track."""
        self.state = TrackState.DELETED
        self.leave_group()

    def take_identity(self, identity: Identity) -> None:
        """From now on this track is that person; observations up to their last reported row are dropped."""
        self.unreported = [seen for seen in self.unreported if seen.time > identity.reported]
        self.identity = identity

    def confirm(self) -> None:
        """The fresh views do show the identity: its gallery gets them, and the track is no longer in doubt."""
        assert self.identity is not None
        self.state = TrackState.CONFIRMED
        self.identity.gallery.extend(self.fresh)
        self.drop_fresh_views()
        self.leave_group()

    def join_group(self, other: Track) -> None:
        """The two may have exchanged identities, and so may all that either was in doubt with."""
        if self.group is None or self.group is not other.group:
            joined = (self.group or {self}) | (other.group or {other})
            for track in joined:
                track.group = joined

    def leave_group(self) -> None:
        """The track is not in doubt, or no longer."""
        if self.group is not None:
            self.group.discard(self)
            self.group = None

    def drop_fresh_views(self) -> None:
        """Forget the fresh views: they may show another person."""
        self.fresh = Gallery(self.fresh.options)

    def report(self) -> list[Observation]:
        """The observations not reported yet; each is reported once."""
        observations, self.unreported = self.unreported, []
        if observations and self.identity is not None:
            self.identity.reported = observations[-1].time
        return observations

    @property
    def step(self) -> np.ndarray:
        """Movement of the centre over the last observations, (2,) pixels; zero after a single one."""
        return self._centres[-1][1] - self._centres[0][1]

    def time_since_update(self, now: float) -> float:
        """Seconds since the last observation."""
        return now - self.last_time

    def age(self, now: float) -> float:
        """Seconds since the first observation."""
        return now - self.first_time
