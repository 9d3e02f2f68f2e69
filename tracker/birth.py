"""Birth: which detections start a tentative track, and when it is confirmed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .boxes import iou
from .gallery import GalleryOptions
from .holders import Holders
from .motion import MotionOptions
from .recovery import RecoveryOptions, near_lost
from .track import Track, TrackState
from .types import Detections, Frame

MIN_HITS = 3


@dataclass(frozen=True, slots=True)
class BirthOptions:
    """How a track begins; all times in seconds."""

    min_score: float = 0.65
    """Minimum score of a detection that starts a track, on the scale of `score_scale`."""
    min_score_returning: float = 0.4
    """The same near the place where a person was lost; where re-ID is off, one whom motion no longer continues. Until a
    box of it reaches `min_score` such a track can only be recognised, and starts no id."""
    max_overlap_returning: float = 0.3
    """`max_overlap` for such a detection: part of somebody is as weak as a person half hidden."""
    max_overlap: float = 0.6
    """A detection that overlaps a track's box by this much (IoU) starts no track: it is a second box on one person, or
    a person half hidden, who will soon be seen better."""
    confirm_after: float = 0.2
    """Age at which a tentative track is confirmed if it was seen in at least three frames, where re-ID is off."""
    confirm_after_with_appearance: float = 0.1
    """The same age where re-ID is on: appearance corrects mistakes later."""
    recognition_timeout: float = 0.9
    """Maximum age at which a tentative track still waits to be recognised as a missing person; then it is a new one."""
    recognition_timeout_steady: float = 0.4
    """The same where people move steadily, as pedestrians do: most of those who left do not come back."""
    passer_by_height: float = 0.5
    """A tentative track smaller than this share of the cast's median height may be a passer-by in the background."""
    passer_by_seconds: float = 2.0
    """Age at which a tentative track that may be a passer-by is confirmed."""
    max_gap: float = 0.1
    """Maximum time a tentative track is not seen before it is deleted."""

    def with_appearance(self) -> BirthOptions:
        """These options where there is a re-ID encoder."""
        return replace(self, confirm_after=self.confirm_after_with_appearance)

    def at(self, steadiness: float) -> BirthOptions:
        """These options in a video in which people move as steadily as that, 0..1 (`steadiness`)."""
        sooner = steadiness * (self.recognition_timeout - self.recognition_timeout_steady)
        return replace(self, recognition_timeout=self.recognition_timeout - sooner)

    def min_frames(self, fps: float) -> int:
        """The least number of frames, `fps` a second, in which a person can be confirmed."""
        return max(MIN_HITS, 1 + math.ceil(round(self.confirm_after * fps, 6)))


@dataclass(frozen=True, slots=True)
class Birth:
    """Decides which detections start a track and when it is confirmed.

    `recognises`: there is a re-ID encoder, so a missing person may still be recognised; `recovery` tells where.
    `motion` and `views` are options of the tracks.
    """

    options: BirthOptions
    recognises: bool
    recovery: RecoveryOptions = field(default_factory=RecoveryOptions)
    motion: MotionOptions = field(default_factory=MotionOptions)
    views: GalleryOptions = field(default_factory=GalleryOptions)

    def at(self, steadiness: float) -> Birth:
        """The same in a video in which people move as steadily as that, 0..1."""
        return replace(self, options=self.options.at(steadiness)) if steadiness else self

    def start(
        self,
        frame: Frame,
        detections: Detections,
        free: np.ndarray,
        confidence: np.ndarray,
        tracks: Sequence[Track],
        lost: Sequence[Holders],
    ) -> list[Track]:
        """New tentative tracks of the detections whose rows are `free`, as they continue none of the `tracks`.

        confidence: the scores of all N detections on the common scale. lost: the tracks of people who are missing, near
        whom weak boxes count.
        """
        options = self.options
        taken = [track.last_xyxy for track in tracks if track.last_time == frame.time]
        least = options.min_score_returning if any(map(len, lost)) else options.min_score
        started = []
        best_first = free[np.argsort(-confidence[free], kind="stable")]
        for row in best_first[confidence[best_first] >= least].tolist():
            xyxy, sure = detections.xyxy[row], bool(confidence[row] >= options.min_score)
            max_overlap = options.max_overlap if sure else options.max_overlap_returning
            if taken and iou(xyxy[None], np.stack(taken)).max() > max_overlap:
                continue
            if not sure and not any(near_lost(xyxy, part, frame.time, self.recovery) for part in lost):
                continue
            track = Track(frame, detections, row, self.motion, self.views)
            if sure:
                track.see_surely(frame.time)
            started.append(track)
            taken.append(xyxy)
        return started

    def due(self, tracks: Sequence[Track], asleep: Holders, now: float, *, remembered: bool, last: bool) -> list[Track]:
        """Those of the tracks that are to be confirmed in this frame, if not as known people, then as new ones.

        `asleep`: the tracks lost for longer than motion continues them. `remembered`: people of a cast file may still
        appear. In the `last` frame no track waits for a better view.
        """
        seen = [
            track
            for track in tracks
            if track.state is TrackState.TENTATIVE and track.last_time == now and track.hits >= MIN_HITS
        ]
        if not seen:
            return []
        options, known = self.options, Holders([track for track in tracks if track.identity is not None])
        heights = np.concatenate([asleep.heights, known.heights])
        passer_by = options.passer_by_height * float(np.median(heights)) if len(heights) else 0.0
        someone_unresolved = any(track.state is TrackState.LOST or track.group is not None for track in known.tracks)
        missing = remembered or bool(len(asleep)) or someone_unresolved
        waits = self.recognises and missing and not last

        def min_age(track: Track) -> float:
            if track.motion.height < passer_by:
                return options.passer_by_seconds
            return options.recognition_timeout if waits and not track.fresh.views else options.confirm_after

        return [track for track in seen if track.age(now) >= min_age(track)]

    def may_be_new(self, track: Track, now: float, *, missing: bool, last: bool) -> bool:
        """Whether a track that is due and was not recognised is a new person; it waits while people are `missing`."""
        waits = self.recognises and missing and not last
        return now - track.sure_time >= (self.options.recognition_timeout if waits else 0.0)
