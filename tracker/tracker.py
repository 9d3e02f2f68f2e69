"""The tracker: detections of one frame after the other in, identities out.

`update` reads as the life of a frame: predict -> associate -> birth -> confirm or recover -> retire -> report.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .association import AssociationOptions, box_similarity, match
from .boxes import area, intersection, iou
from .gallery import Gallery, GalleryOptions
from .motion import MotionOptions
from .recovery import Recovery as RecoverySearch
from .recovery import RecoveryOptions, Verdict
from .track import Life, Sighting, Track, boxes_of
from .types import Detections, Embedder, Frame, FrameTracks, InputError, Recovery


@dataclass(frozen=True, slots=True)
class TrackerOptions:
    """How a track lives; all times in seconds."""

    cast: int | None = None
    """How many people there are at most: no more ids than this are ever given."""
    birth_score: float = 0.7
    """A detection no track took starts a new one from this score on."""
    birth_overlap: float = 0.85
    """... unless it overlaps a box that is taken by this much (IoU): then it is a second box on the same person."""
    confirm_after: float = 0.1
    """Age at which a newborn is confirmed, and seen in at least three frames."""
    passer_by_height: float = 0.5
    """A newborn smaller than this share of the cast's median height may only be passing in the background ..."""
    passer_by_seconds: float = 2.0
    """... and is confirmed at this age."""
    tentative_gap: float = 0.1
    """A newborn not seen for this long is dropped."""
    coast: float = 1.5
    """A live track not seen for this long is left to recovery."""
    remember: float = 600.0
    """A lost person is forgotten after this long, to keep memory bounded."""
    association: AssociationOptions = field(default_factory=AssociationOptions)
    motion: MotionOptions = field(default_factory=MotionOptions)
    recovery: RecoveryOptions = field(default_factory=RecoveryOptions)
    gallery: GalleryOptions = field(default_factory=GalleryOptions)

    def __post_init__(self) -> None:
        if self.cast is not None and self.cast < 1:
            raise InputError(f"--cast must be at least 1, not {self.cast}: it is the number of people in the video")


class Tracker:
    """Follows people through one video; make a new one for the next. Ids start at 1 and have no gaps."""

    def __init__(
        self,
        options: TrackerOptions | None = None,
        embedder: Embedder | None = None,
        picture: tuple[int, int] | None = None,
    ) -> None:
        """Without an `embedder`, lost people are recovered by time, place and size alone.

        `picture` is (width, height) in pixels, needed only where frames come without images.
        """
        self.options = options or TrackerOptions()
        self.recovery = RecoverySearch(self.options.recovery, embedder)
        self.people = 0
        self._tracks: list[Track] = []
        self.picture = picture
        self._last_time: float | None = None

    @property
    def embedded(self) -> int:
        """How many crops had to be embedded so far."""
        return self.recovery.embedded

    def update(self, frame: Frame, detections: Detections) -> FrameTracks:
        """Take one frame's detections, which may be none; call it for **every** frame, in order.

        Returns the confirmed people seen in this frame, with rows of earlier frames in `backfill`.
        Raises ValueError if time does not advance.
        """
        self._advance(frame)
        free = self._associate(frame, detections)
        self._give_birth(frame, detections[free])
        recoveries = self._confirm(frame)
        self._retire(frame.time)
        return self._report(frame, recoveries)

    def _advance(self, frame: Frame) -> None:
        """Move every track on to this frame's time."""
        if self._last_time is not None:
            seconds = frame.time - self._last_time
            if seconds <= 0:
                raise ValueError(f"frame {frame.index}: {frame.time:.3f} s does not come after {self._last_time:.3f} s")
            for track in self._tracks:
                track.predict(seconds, frame.time)
        self._last_time = frame.time
        if frame.image is not None:
            self.picture = (frame.image.shape[1], frame.image.shape[0])

    def _associate(self, frame: Frame, detections: Detections) -> np.ndarray:
        """Continue tracks with detections; returns the indices of confident detections nobody took."""
        options = self.options.association
        high = np.flatnonzero(detections.score >= options.high_score)
        low = np.flatnonzero((detections.score >= options.low_score) & (detections.score < options.high_score))
        within_reach = [track for track in self._tracks if track.unseen(frame.time) <= self.options.coast]
        similarity = box_similarity(*boxes_of(within_reach), detections.xyxy, options)  # (T, N)

        tracks, taken = match(similarity[:, high], options.least_similarity)
        pairs = list(zip(tracks, high[taken], strict=True))
        waiting = _others(len(within_reach), tracks)
        if len(low) and len(waiting):
            rows, low_taken = match(similarity[np.ix_(waiting, low)], options.least_similarity_low)
            pairs += zip(waiting[rows], low[low_taken], strict=True)

        views = clear_views(detections, self.options.gallery) if self.recovery.embedder is not None else None
        for track, detection in pairs:
            self._take(within_reach[track], frame, detections[[int(detection)]], views is not None and views[detection])
        return high[_others(len(high), taken)]

    def _take(self, track: Track, frame: Frame, detection: Detections, clear: bool) -> None:
        track.take(frame, detection)
        if track.life is Life.LOST:
            track.life = Life.LIVE
        if clear and frame.image is not None and track.gallery.wants(frame.time):
            track.gallery.add(frame.time, crop(frame.image, detection.xyxy[0]))

    def _give_birth(self, frame: Frame, detections: Detections) -> None:
        seen = [track.last_xyxy for track in self._tracks if track.last_time == frame.time]
        for row in np.flatnonzero(detections.score >= self.options.birth_score):
            newborn = detections[[int(row)]]
            if seen and iou(newborn.xyxy, np.stack(seen)).max() > self.options.birth_overlap:
                continue
            self._tracks.append(Track(frame, newborn, self.options.motion, Gallery(self.options.gallery)))
            seen.append(newborn.xyxy[0])

    def _confirm(self, frame: Frame) -> list[tuple[Track, Recovery]]:
        """Newborns old enough become somebody lost, or somebody new."""
        ready = [track for track in self._tracks if self._is_ready(track, frame.time)]
        if not ready:
            return []
        lost = [track for track in self._tracks if track.life is Life.LOST]
        full = self.options.cast is not None and self.people >= self.options.cast
        options = self.options.recovery
        least = options.least_log_odds_cast_full if full else options.least_log_odds
        verdicts = self.recovery.settle(ready, lost, self.picture, least)
        recoveries = [self._recover(ready[verdict.newborn], lost[verdict.lost], verdict) for verdict in verdicts]
        for index, track in enumerate(ready):
            if index not in {verdict.newborn for verdict in verdicts}:
                self._name(track)
        return recoveries

    def _is_ready(self, track: Track, now: float) -> bool:
        """Whether a newborn has been seen long enough to be confirmed in this frame."""
        if track.life is not Life.TENTATIVE or track.last_time != now or track.sightings < 3:
            return False
        cast = [other.motion.height for other in self._tracks if other.id is not None]
        small = bool(cast) and track.motion.height < self.options.passer_by_height * float(np.median(cast))
        return track.age(now) >= (self.options.passer_by_seconds if small else self.options.confirm_after)

    def _recover(self, newborn: Track, lost: Track, verdict: Verdict) -> tuple[Track, Recovery]:
        assert lost.id is not None
        first = newborn.unreported[0]
        away = first.time - lost.last_time
        lost.absorb(newborn)
        return lost, Recovery(first.frame, first.time, lost.id, away, verdict.similarity, verdict.margin)

    def _name(self, track: Track) -> None:
        """Give a newborn an identity of her own, if the cast has room."""
        if self.options.cast is not None and self.people >= self.options.cast:
            return
        self.people += 1
        track.id = self.people
        track.life = Life.LIVE

    def _retire(self, now: float) -> None:
        for track in self._tracks:
            if track.life is Life.TENTATIVE and track.unseen(now) > self.options.tentative_gap:
                track.life = Life.GONE
            elif track.life is Life.LIVE and track.unseen(now) > 0:
                track.life = Life.LOST
            elif track.life is Life.LOST and track.unseen(now) > self.options.remember:
                track.life = Life.GONE
        self._tracks = [track for track in self._tracks if track.life is not Life.GONE]

    def _report(self, frame: Frame, recoveries: list[tuple[Track, Recovery]]) -> FrameTracks:
        """The rows of this frame and, as backfill, those of earlier ones that were only now confirmed."""
        starts = {(recovery.frame, recovery.id) for _, recovery in recoveries}
        rows: dict[tuple[int, float], list[tuple[int, Sighting]]] = {(frame.index, frame.time): []}
        for track in self._tracks:
            if track.life is Life.LIVE and track.id is not None:
                for sighting in track.unreported:
                    rows.setdefault((sighting.frame, sighting.time), []).append((track.id, sighting))
                track.unreported = []
        now = rows.pop((frame.index, frame.time))
        backfill = tuple(_frame_tracks(*key, rows[key], starts) for key in sorted(rows))
        return _frame_tracks(
            frame.index, frame.time, now, starts, tuple(recovery for _, recovery in recoveries), backfill
        )


def _others(count: int, chosen: np.ndarray) -> np.ndarray:
    """The numbers below `count` that are not among the chosen, ascending."""
    left = np.ones(count, bool)
    left[chosen] = False
    return np.flatnonzero(left)


def _frame_tracks(
    frame: int,
    time: float,
    rows: list[tuple[int, Sighting]],
    starts: set[tuple[int, int]],
    recoveries: tuple[Recovery, ...] = (),
    backfill: tuple[FrameTracks, ...] = (),
) -> FrameTracks:
    if not rows:
        empty = FrameTracks.empty(frame, time)
        return FrameTracks(frame, time, empty.ids, empty.xyxy, empty.score, empty.recovered, None, recoveries, backfill)
    ids = [id for id, _ in rows]
    detections = [sighting.detection for _, sighting in rows]
    keypoints = [detection.keypoints for detection in detections]
    return FrameTracks(
        frame,
        time,
        np.array(ids),
        np.concatenate([detection.xyxy for detection in detections]),
        np.concatenate([detection.score for detection in detections]),
        np.array([(frame, id) in starts for id in ids]),
        None if any(k is None for k in keypoints) else np.concatenate([k for k in keypoints if k is not None]),
        recoveries,
        backfill,
    )


def clear_views(detections: Detections, options: GalleryOptions) -> np.ndarray:
    """Which detections show one person clearly: confident, and not much of the box under other boxes, (N,) bool."""
    shared = intersection(detections.xyxy, detections.xyxy)
    np.fill_diagonal(shared, 0.0)
    overlap = shared.max(axis=1, initial=0.0) / np.maximum(area(detections.xyxy), 1.0)
    return (detections.score >= options.clear_score) & (overlap <= options.clear_overlap)


def crop(image: np.ndarray, xyxy: np.ndarray) -> np.ndarray:
    """The part of the picture (H, W, 3) inside the box, at least one pixel."""
    height, width = image.shape[:2]
    left, top = int(np.clip(xyxy[0], 0, width - 1)), int(np.clip(xyxy[1], 0, height - 1))
    right, bottom = int(np.clip(np.ceil(xyxy[2]), left + 1, width)), int(np.clip(np.ceil(xyxy[3]), top + 1, height))
    return image[top:bottom, left:right]
