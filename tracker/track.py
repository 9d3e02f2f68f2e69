"""One track: detections followed from frame to frame, and the identity they are taken for.

`TrackState`, `identity` and `group` change in the methods of `Track` and nowhere else.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from .gallery import Gallery, GalleryOptions
from .motion import Motion, MotionOptions, box_noise, predict_all, update_all
from .shared_view import Similarity
from .types import Detections, Frame

CONTACT_PAUSE = 0.15
"""Seconds: contacts that are no farther apart are one, and so are those of neighbouring frames."""
DIRECTION_SECONDS = 0.16
"""Over this long the direction of a track is taken: one frame's step is mostly noise."""

MOST_UNREPORTED = 3600
"""Observations that a track keeps unreported: somebody beyond the cast may be in sight for hours."""


class TrackState(Enum):
    """Tentative until seen often enough, then confirmed; lost while unseen; deleted once lost for too long."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Observation:
    """One detection matched to a track: the frame's number and time, its detections, and which row of them it is."""

    frame: int
    time: float
    detections: Detections
    row: int

    @property
    def xyxy(self) -> np.ndarray:
        """The box, (4,) pixels."""
        return self.detections.xyxy[self.row]

    @property
    def score(self) -> float:
        """The detector's score of it."""
        return float(self.detections.score[self.row])


@dataclass(slots=True, eq=False)
class Identity:
    """A person: the id that is reported, views of the person, and the time of the last row that was reported.

    `look` is the mean of the views as it counts in the `SharedLook`, (D,); None before it does.
    """

    id: int
    gallery: Gallery
    reported: float = -math.inf
    look: np.ndarray | None = None


class Track:
    """Detections followed from frame to frame.

    `identity` is None until the track is confirmed. `fresh` holds views that are not yet trusted to show the identity:
    those of a tentative track, and those since the track was last in doubt. `group` are the tracks among which
    identities may have been exchanged, this one included; None while the track is not in doubt. `before_cut`: the track
    was last seen before a camera cut, so its position says nothing about where the person is now. `unsure`: it came
    back into sight by motion alone while in doubt, and its appearance has not confirmed since who it is. `mixed`:
    seconds from and to which it was last in contact with others, or twice the time at which it came back into sight;
    None once it was identified in contact. `touched`: when it was last in contact; `identified`: when it was identified
    in contact, unless it was covered since.
    `missed` are the seconds from the last observation to the frame before this one: none for a track seen in that
    frame, whatever the frame rate; `step` are those from that frame to this one. `last_xyxy` (4,) pixels,
    `last_velocity` (2,) pixels per second and `last_time` are of the last observation. `sure_time`: when a box of it
    was first sure enough to be a new person's; infinite until then. `hits` counts the observations, `unreported` keeps
    those that no `FrameTracks` has reported yet: of more than `MOST_UNREPORTED` the first and the last ones.
    """

    def __init__(
        self, frame: Frame, detections: Detections, row: int, motion: MotionOptions, views: GalleryOptions
    ) -> None:
        """It starts on one row of a frame's detections."""
        self.identity: Identity | None = None
        self.state = TrackState.TENTATIVE
        self.motion = Motion(detections.xyxy[row], motion)
        self.fresh = Gallery(replace(views, spacing=views.fresh_spacing))
        self.group: set[Track] | None = None
        self.before_cut = False
        self.unsure = False
        self.mixed: tuple[float, float] | None = None
        self.touched = self.identified = -math.inf
        self.missed = self.step = 0.0
        self.first_time = frame.time
        self.sure_time = math.inf
        self.hits = 0
        self._recent: deque[tuple[float, np.ndarray]] = deque()  # times and boxes of the last observations
        self.unreported: list[Observation] = []
        self._observe(frame, detections, row)

    def _observe(self, frame: Frame, detections: Detections, row: int) -> None:
        self.last_xyxy = detections.xyxy[row]
        self.last_time = frame.time
        self.last_velocity = self.motion.velocity
        self.noise = box_noise(float(detections.score[row]), self.motion.options)
        while self._recent and self._recent[0][0] < frame.time - DIRECTION_SECONDS:
            self._recent.popleft()
        self._recent.append((frame.time, self.last_xyxy))
        self.hits += 1
        self.unreported.append(Observation(frame.index, frame.time, detections, row))
        if len(self.unreported) > MOST_UNREPORTED:
            del self.unreported[1]

    def observe(self, frame: Frame, detections: Detections, row: int) -> None:
        """Continue with one row of this frame's detections; a lost track is confirmed again."""
        self._observe(frame, detections, row)
        if self.state is TrackState.LOST:
            self.state = TrackState.CONFIRMED

    def see_surely(self, now: float) -> None:
        """The box of this frame is sure enough to be a new person's."""
        self.sure_time = min(self.sure_time, now)

    def mark_missed(self, now: float, max_tentative_gap: float) -> None:
        """Account for the seconds without an observation: a confirmed track is lost, a tentative one deleted."""
        unseen = self.time_since_update(now)
        if self.state is TrackState.TENTATIVE and unseen > max_tentative_gap:
            self.delete()
        elif self.state is TrackState.CONFIRMED and unseen > 0:
            self.state = TrackState.LOST

    def move(self, similarity: Similarity) -> None:
        """After a camera cut to another view of the same place: go on there; tracks without identity are deleted."""
        if self.identity is None:
            self.delete()
            return
        self.motion.move(similarity)
        self.last_xyxy = similarity.boxes(self.last_xyxy[None])[0]
        self.last_velocity = similarity.matrix[:, :2] @ self.last_velocity
        self._recent = deque((time, similarity.boxes(xyxy[None])[0]) for time, xyxy in self._recent)

    def cut_away(self) -> None:
        """After a camera cut: a track with an identity is lost, others are deleted."""
        self.leave_group()
        self.drop_fresh_views()
        self.before_cut = True
        self.unsure = False
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
        """The fresh views do show the identity, and the track is no longer in doubt, until it is touched again.

        The gallery gets the views, but not those of a track in contact: they show others, too.
        """
        assert self.identity is not None
        self.state = TrackState.CONFIRMED
        if self.in_contact:
            self.mixed, self.identified = None, self.last_time
        else:
            self.identity.gallery.extend(self.fresh)
        self.drop_fresh_views()
        self.leave_group()
        self.unsure = False

    def touch(self, now: float) -> None:
        """The track is in contact with another: one of the two may go on as the other."""
        first, last = self.mixed or (now, -math.inf)
        goes_on = now - last <= max(CONTACT_PAUSE, self.step + 1e-6)  # times are sums of steps
        self.mixed = (first if goes_on else now, now)
        self.touched = now

    @property
    def in_contact(self) -> bool:
        """Whether it was in contact with another when it was last seen."""
        return self.touched >= self.last_time

    def come_back(self, now: float) -> None:
        """Motion continued the track after it was out of sight: from now on it may be somebody else."""
        self.mixed = (now, now)
        self.drop_fresh_views()

    def cover(self) -> None:
        """Nearer people cover the track in contact: the box may go on with another person."""
        self.identified = -math.inf
        self.drop_fresh_views()

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
    def came_from(self) -> np.ndarray:
        """The first box of the last observations, (4,) pixels: from it to the last box is the track's direction."""
        return self._recent[0][1]

    def may_coast(self, now: float, max_coast_time: float) -> bool:
        """Whether motion may still continue the track; if not, it can only be recognised, and it never may again."""
        return not self.before_cut and now - self.last_time <= max_coast_time

    def time_since_update(self, now: float) -> float:
        """Seconds since the last observation."""
        return now - self.last_time

    def age(self, now: float) -> float:
        """Seconds since the first observation."""
        return now - self.first_time


def predict(tracks: Sequence[Track], seconds: float, now: float, steadiness: float) -> None:
    """Move all tracks on to `now`, `seconds` after the last frame; `steadiness` is that of the video."""
    for track in tracks:
        track.missed, track.step = max(now - seconds - track.last_time, 0.0), seconds
    seen = [track.missed < 1e-6 for track in tracks]  # times are sums of steps
    predict_all([track.motion for track in tracks], seconds, seen, steadiness)


def update(tracks: Sequence[Track], frame: Frame, detections: Detections, rows: Sequence[int]) -> None:
    """Continue each of the T tracks with one of this frame's detections, `rows` (T,)."""
    taken = list(rows)
    update_all([track.motion for track in tracks], detections.xyxy[taken], detections.score[taken])
    for track, row in zip(tracks, taken, strict=True):
        track.observe(frame, detections, row)
