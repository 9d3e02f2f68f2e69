"""The tracker: detections of one frame after the other in, identities out.

`update` reads as the life of a frame: predict -> associate -> birth -> look -> settle who is who -> retire -> report.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .association import AssociationOptions, box_similarity, expected, match
from .boxes import iou
from .camera_cuts import CameraCutOptions, CameraCuts
from .cast_memory import CastMemory
from .doubt import DoubtOptions, doubt_returned, forget_gone, is_clear_again, spread_doubt, touching
from .exchange import exchange
from .gallery import Gallery, GalleryOptions, clear_views, crop
from .motion import MotionOptions, box_noise
from .recollection import Candidates, Recollection, RecollectionOptions
from .recovery import NOBODY, RecoveryOptions
from .recovery import Recovery as RecoverySearch
from .track import Identity, Life, Sighting, Track
from .types import Detections, Embedder, Frame, FrameTracks, InputError, Recovery


@dataclass(frozen=True, slots=True)
class TrackerOptions:
    """How a track lives; all times in seconds."""

    cast: int | None = None
    """How many people there are at most: no more ids than this are ever given. With a --cast-file of so many people,
    everybody is one of them."""
    birth_score: float = 0.65
    """A detection no track took starts a new one from this score on."""
    birth_overlap: float = 0.85
    """... unless it overlaps a box that is taken by this much (IoU): then it is a second box on the same person."""
    confirm_after: float = 0.1
    """Age at which a newborn is confirmed, and seen in at least three frames."""
    look_for: float = 0.9
    """A newborn who might be somebody lost, but does not look like it yet, is given this long before she is new."""
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
    cuts: bool = True
    """Look out for camera cuts: where people were says nothing across one, so they are known by their looks alone."""
    camera_cuts: CameraCutOptions = field(default_factory=CameraCutOptions)
    association: AssociationOptions = field(default_factory=AssociationOptions)
    motion: MotionOptions = field(default_factory=MotionOptions)
    recovery: RecoveryOptions = field(default_factory=RecoveryOptions)
    recollection: RecollectionOptions = field(default_factory=RecollectionOptions)
    gallery: GalleryOptions = field(default_factory=GalleryOptions)
    doubt: DoubtOptions = field(default_factory=DoubtOptions)

    def __post_init__(self) -> None:
        if self.cast is not None and self.cast < 1:
            raise InputError(f"--cast must be at least 1, not {self.cast}: it is the number of people in the video")


class Tracker:
    """Follows people through one video; make a new one for the next.

    Ids start at 1 and have no gaps. Those of people remembered in a cast file are kept, and newcomers count on from it.
    """

    def __init__(
        self,
        options: TrackerOptions | None = None,
        embedder: Embedder | None = None,
        picture: tuple[int, int] | None = None,
        memory: CastMemory | None = None,
    ) -> None:
        """Without an `embedder`, lost people are recovered by time, place and size alone.

        `picture` is (width, height) in pixels, needed only where frames come without images. `memory` are people of
        earlier videos, as the same `embedder` saw them. Raises InputError for a memory without an embedder.
        """
        if memory is not None and embedder is None:
            raise InputError("people of a cast file are known by their looks: that needs a re-ID encoder")
        self.options = options or TrackerOptions()
        self.identities: list[Identity] = []
        """Everybody given an id so far, where galleries are lasting (`GalleryOptions`); else nobody, to save memory."""
        self._newcomers = 0
        self._recollection = Recollection(self.options.recollection, memory, self.options.gallery)
        association = self.options.association
        self._association = association if embedder is None else association.with_looks()
        self._recovery = RecoverySearch(self.options.recovery, embedder)
        self._cuts = CameraCuts(self.options.camera_cuts)
        self._tracks: list[Track] = []
        self._picture = picture
        self._last: Frame | None = None

    @property
    def people(self) -> int:
        """How many people were seen so far."""
        return self._recollection.seen + self._newcomers

    @property
    def embedded(self) -> int:
        """How many crops had to be embedded so far."""
        return self._recovery.embedded

    def update(self, frame: Frame, detections: Detections) -> FrameTracks:
        """Take one frame's detections, which may be none; call it for **every** frame, in order.

        Returns the confirmed people seen in this frame, with rows of earlier frames in `backfill`.
        Raises ValueError if time does not advance.
        """
        self._advance(frame)
        cut = self.options.cuts and self._cuts.is_cut(frame)
        if cut:
            self._cut_away()
        free = self._associate(frame, detections)
        self._give_birth(frame, detections[free])
        if self._recovery.embedder is not None:
            self._look(frame, detections)
        recoveries = self._settle(frame)
        self._retire(frame.time)
        return self._report(frame, recoveries, cut)

    def finish(self) -> FrameTracks:
        """Call it once, after the last frame: whoever still waits to be recognised is decided on what was seen of her.

        All rows are in `backfill`, those of the last frame, too. Raises ValueError where there was no frame at all.
        """
        if self._last is None:
            raise ValueError("no frame was given to this tracker: there is nothing to finish")
        recoveries = self._settle(self._last, last=True)
        told = self._report(self._last, recoveries, cut=False)
        backfill = (*told.backfill, replace(told, recoveries=(), backfill=()))
        return replace(FrameTracks.empty(told.frame, told.time), recoveries=told.recoveries, backfill=backfill)

    def _advance(self, frame: Frame) -> None:
        """Move every track on to this frame's time."""
        if self._last is not None:
            seconds = frame.time - self._last.time
            if seconds <= 0:
                raise ValueError(f"frame {frame.index}: {frame.time:.3f} s does not come after {self._last.time:.3f} s")
            for track in self._tracks:
                track.predict(seconds, frame.time)
        self._last = replace(frame, image=None)
        if frame.image is not None:
            self._picture = (frame.image.shape[1], frame.image.shape[0])

    def _cut_away(self) -> None:
        """Another camera: everybody is lost, and only looks tell who is who. Newborns are dropped."""
        for track in self._tracks:
            forget_gone(track)
            track.fresh = Gallery(track.fresh.options)
            track.cut_off = True
            track.life = Life.GONE if track.identity is None else Life.LOST
        self._tracks = [track for track in self._tracks if track.life is Life.LOST]

    def _within_reach(self, now: float) -> list[Track]:
        """Those whom motion may still continue."""
        return [track for track in self._tracks if track.unseen(now) <= self.options.coast and not track.cut_off]

    def _associate(self, frame: Frame, detections: Detections) -> np.ndarray:
        """Continue tracks with detections; returns the indices of confident detections nobody took."""
        options = self._association
        high = np.flatnonzero(detections.score >= options.high_score)
        low = np.flatnonzero((detections.score >= options.low_score) & (detections.score < options.high_score))
        within_reach = self._within_reach(frame.time)
        noise = box_noise(detections.score, self.options.motion)
        similarity = box_similarity(expected(within_reach, frame.time), detections.xyxy, noise, options)  # (T, N)

        tracks, taken = match(similarity[:, high], options.least_similarity)
        pairs = list(zip(tracks, high[taken], strict=True))
        waiting = _others(len(within_reach), tracks)
        if len(low) and len(waiting):
            rows, low_taken = match(similarity[np.ix_(waiting, low)], options.least_similarity_low)
            pairs += zip(waiting[rows], low[low_taken], strict=True)

        returned = []
        for row, detection in pairs:
            track = within_reach[row]
            if track.life is Life.LOST:
                track.life = Life.LIVE
                returned += [track] if track.unseen(frame.time) >= self.options.doubt.unseen else []
            track.take(frame, detections[[int(detection)]])
        if self._recovery.embedder is not None:
            doubt_returned(returned, within_reach)
        return high[_others(len(high), taken)]

    def _give_birth(self, frame: Frame, detections: Detections) -> None:
        seen = [track.last_xyxy for track in self._tracks if track.last_time == frame.time]
        for row in np.flatnonzero(detections.score >= self.options.birth_score):
            newborn = detections[[int(row)]]
            if seen and iou(newborn.xyxy, np.stack(seen)).max() > self.options.birth_overlap:
                continue
            self._tracks.append(Track(frame, newborn, self.options.motion, self.options.gallery))
            seen.append(newborn.xyxy[0])

    def _look(self, frame: Frame, detections: Detections) -> None:
        """Note who touches whom, and keep views of those who are seen clearly."""
        near = [track for track in self._within_reach(frame.time) if track.identity is not None]
        contact = touching(near, frame.time, self.options.doubt)
        spread_doubt(near, contact)
        in_contact = {near[index] for index in np.flatnonzero(contact.any(axis=1))}
        seen = [track for track in self._tracks if track.last_time == frame.time and track not in in_contact]
        if frame.image is None or not seen:
            return
        clear = clear_views(
            np.stack([track.last_xyxy for track in seen]), detections, self.options.gallery.clear_overlap
        )
        for track in np.array(seen, dtype=object)[clear]:
            in_doubt = track.identity is None or track.group is not None
            gallery = track.fresh if in_doubt else track.identity.gallery
            if gallery.wants(frame.time):
                gallery.add(frame.time, crop(frame.image, track.last_xyxy))

    def _settle(self, frame: Frame, *, last: bool = False) -> list[Recovery]:
        """Newborns old enough become somebody lost, or somebody new; whoever stands clear again is told apart.

        In the last frame nobody waits for a better view.
        """
        now = frame.time
        newborns = [track for track in self._tracks if self._is_ready(track, now, last)]
        settled = [track for track in self._tracks if is_clear_again(track, now, self.options.doubt)]
        if not newborns and not settled:
            return []
        doubtful = [track for track in self._tracks if track.life is Life.LIVE and track.group is not None]
        lost = [track for track in self._tracks if track.life is Life.LOST]
        options = self.options.recovery
        least = options.least_log_odds_cast_full if self._cast_is_full() else options.least_log_odds
        candidates = self._candidates()
        verdicts = self._recovery.settle(newborns, doubtful, lost, self._picture, least, candidates)
        recoveries = exchange(verdicts, [*doubtful, *lost], frame)
        for verdict in verdicts:
            if self._recollection.appeared(verdict.identity):
                self._keep(verdict.identity)
        missing = bool(lost or candidates.people)
        for track in newborns:
            if track.identity is None and self._may_be_new(track, now, missing and not last):
                track.identity = Identity(
                    self._recollection.first_free_id + self._newcomers, Gallery(self.options.gallery)
                )
                self._newcomers += 1
                self._keep(track.identity)
        for track in (*newborns, *settled):
            if track.identity is not None:
                track.life = Life.LIVE
                track.trust()
        return recoveries

    def _keep(self, identity: Identity) -> None:
        if self.options.gallery.lasting:
            self.identities.append(identity)

    def _candidates(self) -> Candidates:
        """The remembered people who may still appear: none of them once all the cast is here."""
        options, cast = self.options.recollection, self.options.cast
        if cast is not None and self.people >= cast:
            return NOBODY
        least = -np.inf if self._cast_is_full() else options.least_log_odds
        return Candidates(self._recollection.absent, options.prior_log_odds, least, options.views)

    def _may_be_new(self, newborn: Track, now: float, anybody_missing: bool) -> bool:
        """Whether a newborn who was not recognised gets an identity of her own in this frame."""
        if self._cast_is_full():
            return False
        wait = self._recovery.embedder is not None and anybody_missing
        return not wait or newborn.age(now) >= self.options.look_for

    def _cast_is_full(self) -> bool:
        """Whether as many people are known, from this video or before it, as there are."""
        return self.options.cast is not None and self._recollection.known + self._newcomers >= self.options.cast

    def _is_ready(self, track: Track, now: float, last: bool) -> bool:
        """Whether a newborn has been seen long enough to be confirmed in this frame, which may be the last."""
        if track.life is not Life.TENTATIVE or track.last_time != now or track.sightings < 3:
            return False
        cast = [other for other in self._tracks if other.identity is not None]
        age, options = track.age(now), self.options
        heights = [other.motion.height for other in cast if not other.cut_off]
        if heights and track.motion.height < options.passer_by_height * float(np.median(heights)):
            return age >= options.passer_by_seconds
        if self._recovery.embedder is not None and not track.fresh.views and not last:
            missing = any(other.life is Life.LOST or other.group is not None for other in cast)
            missing = missing or bool(self._candidates().people)
            return age >= (options.look_for if missing else options.confirm_after)
        return age >= options.confirm_after

    def _retire(self, now: float) -> None:
        for track in self._tracks:
            if track.life is Life.TENTATIVE and track.unseen(now) > self.options.tentative_gap:
                track.life = Life.GONE
            elif track.life is Life.LIVE and track.unseen(now) > 0:
                track.life = Life.LOST
            elif track.life is Life.LOST and track.unseen(now) > self.options.remember:
                track.life = Life.GONE
        for track in self._tracks:
            if track.life is Life.GONE:
                forget_gone(track)
        self._tracks = [track for track in self._tracks if track.life is not Life.GONE]

    def _report(self, frame: Frame, recoveries: list[Recovery], cut: bool) -> FrameTracks:
        """The rows of this frame and, as backfill, those of earlier ones that were only now confirmed."""
        starts = {(recovery.frame, recovery.id) for recovery in recoveries if not recovery.remembered}
        rows: dict[tuple[int, float], list[tuple[int, Sighting]]] = {(frame.index, frame.time): []}
        for track in self._tracks:
            if track.life is Life.LIVE and track.identity is not None:
                for sighting in track.unreported:
                    rows.setdefault((sighting.frame, sighting.time), []).append((track.identity.id, sighting))
                    track.identity.reported = sighting.time
                track.unreported = []
        now = rows.pop((frame.index, frame.time))
        backfill = tuple(_frame_tracks(*key, rows[key], starts) for key in sorted(rows))
        told = _frame_tracks(frame.index, frame.time, now, starts, tuple(recoveries), backfill)
        return replace(told, cut=True) if cut else told


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
