"""Input of the second pass: all rows of the first one, and people's appearance in the whole video."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.gallery import Appearance, Gallery, GalleryOptions, People, View, similarities
from tracker.offline.refinement import Numbering, RefinementOptions, refine
from tracker.offline.stretches import UNKNOWN, Stretch
from tracker.shared_look import SharedLook, shared
from tracker.track import Identity
from tracker.types import Detections, Embedder, Frame, FrameTracks, Recovery

from ..run.kept_detections import KeptDetections
from .sightings import CropOptions, Sighting, Watcher, encoder_facts


@dataclass(frozen=True, slots=True)
class Refined:
    """All frames of a video with refined ids, and of each id the sightings it is known by, with embeddings."""

    tracks: list[FrameTracks]
    sightings: dict[int, list[tuple[Sighting, np.ndarray]]]


class SecondLook:
    """A sink of the first pass, which must give it what was detected, too (`keep`).

    Without an embedder, or without pictures, no person's appearance is known: then ids stay, and only gaps are filled.
    """

    def __init__(self, embedder: Embedder | None) -> None:
        self._detected = KeptDetections()
        self.tracks: list[FrameTracks] = []
        self._embedder = embedder
        self._watcher = None if embedder is None else Watcher(embedder, CropOptions())

    def __enter__(self) -> SecondLook:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def keep(self, frame: Frame, detections: Detections) -> None:
        """Take in what was detected in a frame, before its rows."""
        if self._watcher is not None:
            self._detected.keep(frame, detections)

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Take in one frame as the first pass reported it."""
        self.tracks.append(tracks)
        if self._watcher is not None:
            detections = self._detected.take(frame.index)
            if frame.image is not None:
                self._watcher.take(frame, tracks, detections)

    def refined(
        self,
        fps: float,
        options: RefinementOptions,
        numbering: Numbering,
        *,
        cast: int | None = None,
        shown: Callable[[Iterable[int]], Iterable[int]] = iter,
    ) -> Refined:
        """`fps` is the rate of the frames written; `shown` may count the rounds that it takes, and end them."""
        stretches, sightings = self._stretches(fps, cast, shown)
        tracks = refine(self.tracks, stretches, fps, options, cast=cast, numbering=numbering)
        seen = {(rows.frame, box.tobytes()): id for rows in tracks for id, box in zip(rows.ids, rows.xyxy, strict=True)}
        known: dict[int, list[tuple[Sighting, np.ndarray]]] = {}
        for sighting, embedding in sightings:
            identity = seen.get((sighting.frame, sighting.xyxy.tobytes()))
            if identity is not None:
                known.setdefault(int(identity), []).append((sighting, embedding))
        centred = self._embedder is not None and SharedLook(self._embedder).is_used
        return Refined(with_similarity(tracks, known, centred=centred), known)

    def _stretches(
        self, fps: float, cast: int | None, shown: Callable[[Iterable[int]], Iterable[int]]
    ) -> tuple[list[Stretch], list[tuple[Sighting, np.ndarray]]]:
        """Whose each part of a track is, by its appearance, and the sightings of those who are not in doubt."""
        from reid.labelling.pseudo_labels import label_people

        watched = None if self._watcher is None else self._watcher.finish()
        if self._embedder is None or watched is None or not watched.sightings:
            return whole_tracks(self.tracks), []
        stride = self.tracks[1].frame - self.tracks[0].frame if len(self.tracks) > 1 else 1
        crops = watched.embedded_crops(fps * stride, CropOptions().every)
        labels = label_people(watched.tracklets, crops, encoder_facts(self._embedder), cast, shown=shown)
        person = np.full(len(labels.tracklets), UNKNOWN)
        person[labels.tracklet] = labels.person
        stretches = [
            Stretch(tracklet.track, tracklet.frames, int(shown))
            for tracklet, shown in zip(labels.tracklets, person.tolist(), strict=True)
            if len(tracklet.frames)
        ]
        sure = np.flatnonzero(labels.doubt < DOUBTFUL).tolist()
        return stretches, [(watched.sightings[row], watched.embedding[row]) for row in sure]


DOUBTFUL = 0.5
"""Doubt above which another person is nearly as likely to be the one a crop shows."""


def whole_tracks(tracks: Sequence[FrameTracks]) -> list[Stretch]:
    """Each track as one tracklet that shows a person of its own."""
    frames: dict[int, list[int]] = {}
    for rows in tracks:
        for identity in rows.ids.tolist():
            frames.setdefault(identity, []).append(rows.frame)
    return [Stretch(identity, np.array(frames[identity]), number) for number, identity in enumerate(sorted(frames))]


def with_similarity(
    tracks: Sequence[FrameTracks],
    sightings: Mapping[int, Sequence[tuple[Sighting, np.ndarray]]],
    *,
    centred: bool = False,
) -> list[FrameTracks]:
    """The tracks with each return's similarity to the same person before it, and the lead over who else it might be.

    sightings: of each id, with their embeddings; `centred`: without what these people share, as in the first pass. A
    person in sight in the first frame of a return is not the one who returned.
    """
    returns: dict[int, list[int]] = {}
    for rows in tracks:
        for recovery in rows.recoveries:
            returns.setdefault(recovery.id, []).append(recovery.frame)
    shown = {id: np.array([sighting.frame for sighting, _ in own]) for id, own in sightings.items()}
    views = {id: np.stack([embedding for _, embedding in own]) for id, own in sightings.items()}
    look = shared(sum(each.mean(axis=0) for each in views.values()), len(views)) if centred else None

    def compared(recovery: Recovery, present: frozenset[int]) -> Recovery:
        if recovery.remembered or recovery.id not in views:
            return recovery
        frames, start = shown[recovery.id], recovery.frame
        end = min((later for later in returns[recovery.id] if later > start), default=np.inf)
        back, before = views[recovery.id][(frames >= start) & (frames < end)], views[recovery.id][frames < start]
        if not len(back) or not len(before):
            return recovery
        others = [Appearance(views[id]) for id in views.keys() - present]
        here, *elsewhere = similarities([Appearance(back)], People([Appearance(before), *others]), look)[0].tolist()
        return replace(recovery, similarity=here, margin=here - max(elsewhere) if elsewhere else None)

    return [
        replace(rows, recoveries=tuple(compared(each, frozenset(rows.ids.tolist())) for each in rows.recoveries))
        for rows in tracks
    ]


def lasting_identities(refined: Refined, crops: Mapping[tuple[int, int], np.ndarray]) -> list[Identity]:
    """People as they are saved to a cast file, by all their sightings; crops (h, w, 3) BGR go by id and frame."""
    identities = []
    for id, own in sorted(refined.sightings.items()):
        gallery = Gallery(GalleryOptions(size=max(len(own), 2), lasting=True))
        gallery.views = [View(seen.time, crops.get((id, seen.frame)), embedding) for seen, embedding in own]
        identities.append(Identity(id, gallery))
    return identities
