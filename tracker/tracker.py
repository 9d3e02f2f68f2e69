"""The tracker: detections of one frame after the other in, identities out.

`update` processes one frame in this order: predict -> associate -> start tracks -> collect views -> mark missed
tracks -> resolve identities -> report; without re-ID there are no views, and missed tracks are marked after identities.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

import numpy as np

from .association import AssociationOptions, box_similarity, expected, match
from .birth import Birth, BirthOptions
from .boxes import occlusion
from .camera_cuts import CameraCutOptions, CameraCuts, with_cuts
from .cast_memory import CastMemory
from .contest import Contest, ContestOptions
from .crossing import CrossingOptions, Crossings
from .doubt import DoubtOptions, doubt_returned, drop_views_of_another, may_be_identified, spread_doubt, touching
from .exchange import exchange, exchange_two, renamings
from .gallery import GalleryOptions, clear_views, crop, embed_all
from .holders import Holders
from .motion import MotionOptions, box_noise
from .option_ranges import require_numbers
from .recollection import Candidates, RecollectionOptions
from .recovery import IdentityMatcher, RecoveryOptions, Unresolved
from .roster import Roster
from .score_scale import ScoreScale
from .shared_look import SharedLook
from .shared_view import LastPicture
from .steadiness import Steadiness, SteadinessOptions
from .track import Identity, Observation, Track, TrackState, predict, update
from .types import (
    Detections,
    Embedder,
    Frame,
    FrameTracks,
    InputError,
    Picture,
    PictureSize,
    Recovery,
    Renaming,
    as_frame,
    require,
)


@dataclass(frozen=True, slots=True)
class TrackerOptions:
    """How people are tracked; all times in seconds."""

    cast: int | None = None
    """Maximum number of people: no more ids are given. With a --cast-file of as many people, every person is one
    of them."""
    max_coast_time: float = 3.0
    """Maximum time a track that is not seen is continued by motion; after it only by recovery."""
    max_lost_time: float = 600.0
    """Maximum time a lost track is kept, to bound the memory."""
    cuts: bool = True
    """Detect camera cuts: after a cut, people are recognised by appearance alone; without an encoder they go on if the
    pictures share a view."""
    camera_cuts: CameraCutOptions = field(default_factory=CameraCutOptions)
    birth: BirthOptions = field(default_factory=BirthOptions)
    association: AssociationOptions = field(default_factory=AssociationOptions)
    contest: ContestOptions = field(default_factory=ContestOptions)
    motion: MotionOptions = field(default_factory=MotionOptions)
    steadiness: SteadinessOptions = field(default_factory=SteadinessOptions)
    recovery: RecoveryOptions = field(default_factory=RecoveryOptions)
    recollection: RecollectionOptions = field(default_factory=RecollectionOptions)
    gallery: GalleryOptions = field(default_factory=GalleryOptions)
    doubt: DoubtOptions = field(default_factory=DoubtOptions)
    crossing: CrossingOptions = field(default_factory=CrossingOptions)

    def __post_init__(self) -> None:
        require_numbers(self)
        if self.cast is not None and self.cast < 1:
            raise InputError(f"--cast must be at least 1, not {self.cast}: it is the number of people in the video")


class Tracker:
    """Tracks people through one video; make a new one for the next.

    Ids start at 1 and have no gaps. Those of people remembered in a cast file are kept, and new people count on.
    """

    def __init__(
        self,
        options: TrackerOptions | None = None,
        embedder: Embedder | None = None,
        picture_size: PictureSize = None,
        memory: CastMemory | None = None,
        fps: float = 30.0,
    ) -> None:
        """Without an `embedder`, lost people are recovered by time, position and size alone.

        `picture_size` is (width, height) in pixels, needed only where frames come without images. `memory` are people
        of earlier videos, as the same `embedder` saw them. `fps` gives the times of frames that are plain images.
        Raises InputError for a memory without an embedder, TypeError for arguments of another kind.
        """
        if options is not None:
            require(options, TrackerOptions, "the options of a tracker")
        if embedder is not None and not (callable(embedder) and hasattr(embedder, "calibration")):
            kind = type(embedder).__name__
            raise TypeError(f"the embedder must be an Embedder with a calibration, or None, not {kind}")
        if not fps > 0:
            raise InputError(f"fps must be above 0, not {fps}: it is the number of frames per second")
        if memory is not None and embedder is None:
            raise InputError("people of a cast file are recognised by appearance: that needs a re-ID encoder")
        self.options = options or TrackerOptions()
        self._coast_time = min(self.options.max_coast_time, self.options.max_lost_time)
        association, birth = self.options.association, self.options.birth
        self._uses_appearance = embedder is not None
        if self._uses_appearance:
            association, birth = association.with_appearance(), birth.with_appearance()
        self._association = association
        self._birth = Birth(
            birth, self._uses_appearance, self.options.recovery, self.options.motion, self.options.gallery
        )
        self._roster = Roster(self.options.cast, memory, self.options.recollection, self.options.gallery)
        look = SharedLook(embedder) if embedder is not None else None
        self._contest = Contest(self.options.contest, embedder, look)
        self._matcher = IdentityMatcher(self.options.recovery, embedder, look)
        self._scores = ScoreScale()
        self._steadiness = Steadiness(self.options.steadiness)
        self._crossings = Crossings(self.options.crossing)
        self._cuts = CameraCuts(self.options.camera_cuts)
        self._last_picture = LastPicture()
        self._cut_times: list[float] = []
        self._tracks: list[Track] = []
        self._asleep = Holders()  # lost for longer than motion continues a track: nothing is done with them
        self._picture_size = picture_size
        self._period = 1 / fps
        self._last: Frame | None = None
        self._renamed: tuple[Renaming, ...] = ()  # by exchanges that were found out in this frame

    @property
    def people(self) -> int:
        """Number of people seen so far."""
        return self._roster.count

    @property
    def identities(self) -> list[Identity]:
        """The people seen so far, where galleries are lasting (`GalleryOptions`); else none, to save memory."""
        return self._roster.people

    @property
    def embedded(self) -> int:
        """How many crops had to be embedded so far."""
        return self._matcher.embedded + self._contest.embedded

    def min_frames(self, fps: float) -> int:
        """The least number of frames, `fps` a second, in which a person can be confirmed."""
        return self._birth.options.min_frames(fps)

    def update(self, frame: Picture, detections: Detections) -> FrameTracks:
        """Take one frame's detections, which may be none; call it for **every** frame, in order.

        frame: a `Frame`, or its image alone, (H, W, 3) uint8 BGR, which is taken to follow the last frame at `fps`.
        Returns the confirmed people seen in this frame, with rows of earlier frames in `backfill`.
        Raises InputError if time or index does not advance, for an array that is no image or where the embedder fails,
        TypeError for arguments of another kind.
        """
        require(detections, Detections, "the detections of a frame")
        last = self._last
        frame = as_frame(frame) if last is None else as_frame(frame, last.index + 1, last.time + self._period)
        self._predict(frame)
        cut = self.options.cuts and self._cuts.is_cut(frame)
        if cut:
            self._cut_times.append(frame.time)
            self._cut_to(frame)
        if self.options.cuts and not self._uses_appearance and frame.image is not None:
            self._last_picture.follow(frame.image)
        confidence = self._scores.read(detections.score)
        free = self._associate(frame, detections, confidence)
        # Motion itself continues the others; only looks tell whether a weak box is one of them.
        lost = (Holders(self._lost()), self._asleep) if self._uses_appearance else (self._asleep,)
        self._tracks += self._birth.start(frame, detections, free, confidence, self._tracks, lost)
        if self._uses_appearance:
            self._collect_views(frame, detections)
            self._mark_missed(frame.time)  # so that who is missed for the first time may be who is due in this frame
        self._steadiness.learn(self._tracks, frame.time)
        recoveries = self._resolve_identities(frame)
        if not self._uses_appearance:  # motion alone cannot tell the two
            self._mark_missed(frame.time)
            recoveries += self._put_crossing_right(frame)
        self._put_to_sleep(frame.time)
        return self._report(frame, recoveries, cut)

    def finish(self) -> FrameTracks:
        """Call it once, after the last frame: tracks that still wait to be recognised are decided on what was seen.

        All rows are in `backfill`, those of the last frame, too. Raises ValueError where there was no frame at all.
        """
        if self._last is None:
            raise ValueError("no frame was given to this tracker: there is nothing to finish")
        recoveries = self._resolve_identities(self._last, last=True)
        reported = self._report(self._last, recoveries, cut=False)
        backfill = (*reported.backfill, replace(reported, recoveries=(), backfill=(), renamed=()))
        empty = FrameTracks.empty(reported.frame, reported.time)
        return replace(empty, recoveries=reported.recoveries, backfill=backfill, renamed=reported.renamed)

    def _predict(self, frame: Frame) -> None:
        """Move every track on to this frame's time."""
        if self._last is not None:
            if frame.index <= self._last.index:  # by it, rows that become known later find their frame
                follows = f"frame {frame.index} does not come after frame {self._last.index}"
                raise InputError(f"{follows}: its index must grow")
            seconds = frame.time - self._last.time
            if not 0 < seconds < math.inf:
                raise InputError(f"frame {frame.index}: {frame.time:.3f} s does not come after {self._last.time:.3f} s")
            predict(self._tracks, seconds, frame.time, self._steadiness.value)
        self._last = replace(frame, image=None)
        if frame.image is not None:
            self._picture_size = (frame.image.shape[1], frame.image.shape[0])

    def _cut_to(self, frame: Frame) -> None:
        """After a camera cut all confirmed tracks are lost, and identities are matched by appearance only.

        Where there is none, tracks go on in the new picture if it shares a view with the last one.
        """
        shared = None
        if not self._uses_appearance and frame.image is not None:
            shared = self._last_picture.shared_with(frame.image)
        for track in (*self._tracks, *self._asleep.tracks):
            if shared is None:
                track.cut_away()
            else:
                track.move(shared)
        self._asleep = Holders(self._asleep.tracks)  # all have changed
        self._crossings.forget()
        self._tracks = [track for track in self._tracks if track.state is not TrackState.DELETED]

    def _coasting(self, now: float) -> list[Track]:
        """The tracks that motion may still continue."""
        return [track for track in self._tracks if track.may_coast(now, self._coast_time)]

    def _lost(self) -> list[Track]:
        """The tracks of the people who are missing, but for those asleep."""
        return [track for track in self._tracks if track.state is TrackState.LOST]

    def _associate(self, frame: Frame, detections: Detections, confidence: np.ndarray) -> np.ndarray:
        """Continue tracks with detections; returns the indices of detections that continue none, weak ones too.

        confidence: their scores on the common scale, (N,).
        """
        coasting, now = self._coasting(frame.time), frame.time
        pairs = self._pairs(frame, detections, confidence, coasting)
        tracks, continued = [coasting[row] for row, _ in pairs], [column for _, column in pairs]
        unseen = self.options.doubt.unseen
        returned = [each for each in tracks if each.state is TrackState.LOST and each.time_since_update(now) >= unseen]
        update(tracks, frame, detections, continued)
        if self._uses_appearance:
            doubt_returned(returned, coasting, now)
        for track, column in zip(tracks, continued, strict=True):
            if confidence[column] >= self._birth.options.min_score:
                track.see_surely(now)
        least = min(self._association.low_score, self._association.high_score)
        return np.setdiff1d(np.flatnonzero(confidence >= least), continued)

    def _pairs(
        self, frame: Frame, detections: Detections, confidence: np.ndarray, coasting: Sequence[Track]
    ) -> list[tuple[int, int]]:
        """Which of the coasting tracks go on with which detections: rows of both. Confident ones are matched first."""
        options = self._association.at(self._steadiness.value)
        high = np.flatnonzero(confidence >= options.high_score)
        low = np.flatnonzero((confidence >= options.low_score) & (confidence < options.high_score))
        noise = box_noise(detections.score, self.options.motion)
        similarity = box_similarity(expected(coasting, frame.time), detections.xyxy, noise, options)  # (T, N)
        similarity -= self._contest.penalty(frame, detections, coasting, similarity >= options.min_similarity)

        tracks, taken = match(similarity[:, high], options.min_similarity)
        pairs = list(zip(tracks.tolist(), high[taken].tolist(), strict=True))
        waiting = np.delete(np.arange(len(coasting)), tracks)
        if len(low) and len(waiting):
            weakness = options.high_score - confidence[low]  # (L,)
            weak = similarity[np.ix_(waiting, low)] - options.weak_penalty * weakness
            rows, low_taken = match(weak, options.min_similarity)
            pairs += zip(waiting[rows].tolist(), low[low_taken].tolist(), strict=True)
        return pairs

    def _collect_views(self, frame: Frame, detections: Detections) -> None:
        """Note which tracks are in contact, and keep views of those that are seen clearly."""
        near = [track for track in self._coasting(frame.time) if track.identity is not None]
        spread_doubt(near, touching(near, frame.time, self.options.doubt), frame.time)
        seen = [track for track in self._tracks if track.last_time == frame.time]
        if frame.image is None or not seen:
            return
        xyxy = np.stack([track.last_xyxy for track in seen])
        rows = [track.unreported[-1].row for track in seen]
        clear = clear_views(detections.xyxy, rows, self.options.gallery.clear_overlap)
        covered = occlusion(xyxy) > self.options.doubt.max_covered
        pause = self.options.doubt.pause_among(sum(track.in_contact for track in seen))
        for track, row, is_clear, is_covered in zip(seen, rows, clear, covered, strict=True):
            counts = is_clear
            if track.in_contact:
                counts = not is_covered and frame.time - track.identified >= pause
                if is_covered:
                    track.cover()
            trusted = track.identity if track.group is None else None
            gallery = track.fresh if trusted is None else trusted.gallery
            if counts and gallery.wants(frame.time):
                embedding = self._contest.embedding(row)
                gallery.add(frame.time, crop(frame.image, track.last_xyxy), embedding)

    def _resolve_identities(self, frame: Frame, *, last: bool = False) -> list[Recovery]:
        """Tentative tracks old enough become lost people, or new ones; tracks that are clear again are identified.

        In the last frame no track waits for a better view.
        """
        now, candidates = frame.time, self._roster.candidates()
        birth = self._birth.at(self._steadiness.value)
        due = birth.due(self._tracks, self._asleep, now, remembered=bool(candidates.people), last=last)
        clear = self._clear(now)
        if not due and not clear:
            return []
        doubtful = [track for track in self._tracks if track.state is TrackState.CONFIRMED and track.group is not None]
        lost = self._lost()
        steadiness = 0.0 if self._uses_appearance else self._steadiness.value  # appearance tells more than places do
        unresolved = Unresolved(due, doubtful, lost, self._asleep, steadiness)
        recoveries = self._recognise(unresolved, candidates, frame)
        missing = bool(lost or len(self._asleep) or candidates.people)
        for track in due:
            new = track.identity is None and birth.may_be_new(track, now, missing=missing, last=last)
            if new and not self._roster.is_full:
                track.take_identity(self._roster.new_person())
        for track in (*due, *clear):
            if track.identity is not None:
                track.confirm()
        return recoveries

    def _clear(self, now: float) -> list[Track]:
        """The tracks in doubt whose fresh views can tell who they are."""
        clear = [track for track in self._tracks if may_be_identified(track, now, self.options.doubt)]
        embedder, look = self._matcher.embedder, self._matcher.look
        if not clear or embedder is None or look is None:
            return []
        self._matcher.embedded += embed_all([track.fresh for track in clear], embedder)
        for track in clear:
            drop_views_of_another(track.fresh, look)
        return [track for track in clear if may_be_identified(track, now, self.options.doubt)]

    def _recognise(self, unresolved: Unresolved, candidates: Candidates, frame: Frame) -> list[Recovery]:
        """Give the tracks that are known people their identities."""
        options = self.options.recovery.at(self._steadiness.value)
        min_log_odds = options.min_log_odds_cast_full if self._roster.is_full else options.min_log_odds
        matches = self._matcher.match(unresolved, self._picture_size, min_log_odds, candidates)
        matches = self._roster.admit(matches)
        self._renamed = tuple(renamings(matches))
        recoveries = exchange(matches, unresolved.holders.tracks, frame)
        if recoveries:
            self._asleep = self._asleep.still_lost()
        return with_cuts(recoveries, self._cut_times)

    def _put_crossing_right(self, frame: Frame) -> list[Recovery]:
        """Give two people who were exchanged where they crossed their tracks; one such crossing a frame."""
        crossing = self._crossings.exchanged(frame.time, self._steadiness.value)
        if crossing is None:
            return []
        alive = (track for track in (*self._tracks, *self._asleep.tracks) if track.state is not TrackState.DELETED)
        holder_of = {track.identity: track for track in alive}
        one, other = holder_of.get(crossing.one), holder_of.get(crossing.other)
        if one is None or other is None:  # forgotten since
            return []
        self._renamed += tuple(Renaming(crossing.time, a.id, b.id) for a, b in permutations(crossing.people))
        return exchange_two(one, other, frame)

    def _mark_missed(self, now: float) -> None:
        for track in self._tracks:
            track.mark_missed(now, self.options.birth.max_gap)

    def _put_to_sleep(self, now: float) -> None:
        """Drop deleted tracks, set those aside that motion no longer continues, and forget those lost for too long."""
        awake, asleep = [], []
        for track in self._tracks:
            if track.state is TrackState.LOST and not track.may_coast(now, self._coast_time):
                asleep.append(track)
            elif track.state is not TrackState.DELETED:
                awake.append(track)
        self._tracks = awake
        known, forgotten = self._asleep.tracks, 0
        while forgotten < len(known) and known[forgotten].time_since_update(now) > self.options.max_lost_time:
            known[forgotten].delete()
            forgotten += 1
        if asleep or forgotten:
            self._asleep = Holders([*known[forgotten:], *asleep])

    def _report(self, frame: Frame, recoveries: list[Recovery], cut: bool) -> FrameTracks:
        """The rows of this frame and, as backfill, those of earlier ones that were only now confirmed."""
        starts = {(recovery.frame, recovery.id) for recovery in recoveries if not recovery.remembered}
        rows: dict[tuple[int, float], list[tuple[int, Observation]]] = {(frame.index, frame.time): []}
        for track in self._tracks:
            if track.state is TrackState.CONFIRMED and track.identity is not None:
                for seen in track.report():
                    if not self._uses_appearance:
                        self._crossings.see(track.identity, seen.time, seen.xyxy, seen.score)
                    rows.setdefault((seen.frame, seen.time), []).append((track.identity.id, seen))
        now = rows.pop((frame.index, frame.time))
        backfill = tuple(_frame_tracks(*key, rows[key], starts) for key in sorted(rows))
        reported = _frame_tracks(frame.index, frame.time, now, starts)
        doubted = {track.identity.id for track in self._tracks if track.unsure and track.identity is not None}
        unsure = tuple(id for id, _ in now if id in doubted)
        renamed, self._renamed = self._renamed, ()
        events = tuple(recoveries)
        return replace(reported, recoveries=events, backfill=backfill, cut=cut, unsure=unsure, renamed=renamed)


def _frame_tracks(
    frame: int, time: float, rows: list[tuple[int, Observation]], starts: set[tuple[int, int]]
) -> FrameTracks:
    """The observations of one frame, each with its id; those among `starts` (frame, id) are recovered."""
    if not rows:
        return FrameTracks.empty(frame, time)
    ids = [id for id, _ in rows]
    seen = rows[0][1].detections[[observation.row for _, observation in rows]]  # all are of this frame's detections
    recovered = [(frame, id) in starts for id in ids]
    return FrameTracks(frame, time, np.array(ids), seen.xyxy, seen.score, np.array(recovered), seen.keypoints)
