"""Collects from a video every row of every track, and embeddings of those that may be kept as crops."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from tyro.conf import FlagCreatePairsOff

from reid.encoder.calibration import Calibration
from reid.labelling.pseudo_labels import EmbeddedCrops, EncoderFacts, Tracklet
from tracker.gallery import crop, embedded
from tracker.pipeline import track
from tracker.tracker import Tracker
from tracker.types import Detections, Detector, Embedder, Frame, FrameTracks, InputError

from ..run.checks import require_at_least
from ..run.kept_detections import KeptDetections
from .tracklets import TrackletCutter, TrackletOptions, in_contact

EMBEDDED_AT_ONCE = 64
EMBED_EVERY = 5
EDGE = 1.0
"""Pixels from the picture's left or right edge within which a box is taken to be cut by it."""


@dataclass(frozen=True, slots=True)
class CropOptions:
    """Which sightings become crops: sparse in time, and clear."""

    every: int = 5
    """Keep people of every n-th frame."""
    all: FlagCreatePairsOff[bool] = False
    """Keep every person of these frames, clear or not, passers-by too: what labelling needs."""
    min_score: float = 0.5
    """Minimum detection score of a clear sighting."""
    min_height: float = 40.0
    """Minimum height of a clear sighting, pixels."""

    def __post_init__(self) -> None:
        require_at_least(1, "every", self.every, "it keeps people of every n-th frame")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person in a frame who may become a crop; `keypoints` (17, 3) where the detector takes poses."""

    frame: int
    time: float
    xyxy: np.ndarray
    score: float
    tracklet: int
    keypoints: np.ndarray | None


@dataclass(slots=True)
class Watched:
    """The people seen in a video: its tracklets, the sightings embedded, and their embeddings, in one order."""

    tracklets: list[Tracklet] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    embedding: np.ndarray = field(default_factory=lambda: np.zeros((0, 1), np.float32))
    rows: int = 0
    frames: int = 0

    def embedded_crops(self, fps: float, every: int) -> EmbeddedCrops:
        """The sightings as labelling takes them."""
        frame = np.array([sighting.frame for sighting in self.sightings], int)
        tracklet = np.array([sighting.tracklet for sighting in self.sightings], int)
        return EmbeddedCrops(self.embedding, frame, tracklet, min(every, EMBED_EVERY) / fps, fps)


def watch(
    frames: Iterable[Frame],
    detector: Detector,
    embedder: Embedder,
    options: CropOptions,
    *,
    batch: int,
    shown: Callable[[Iterable[tuple[Frame, FrameTracks]]], Iterable[tuple[Frame, FrameTracks]]] = iter,
) -> Watched:
    """Track and embed the people of the frames; `shown` may count the tracked frames as they pass.

    Raises InputError where a frame has no picture.
    """
    detected = KeptDetections()
    watcher = Watcher(embedder, options)
    tracked = track(frames, detector, Tracker(None, embedder), batch=batch, keep=detected.keep)
    for frame, tracks in shown(tracked):
        watcher.take(frame, tracks, detected.take(frame.index))
    return watcher.finish()


class Watcher:
    """Takes in the frames of a tracked video one after the other, and embeds their people."""

    def __init__(self, embedder: Embedder, options: CropOptions) -> None:
        self.embedder, self.options = embedder, options
        self.tracklet_options = TrackletOptions()
        self.cutter = TrackletCutter(self.tracklet_options)
        self.watched = Watched()
        self.tracklets: list[tuple[int, list[int], bool]] = []  # track, frames, clear
        self.waiting: list[np.ndarray] = []
        self.embedded: list[np.ndarray] = []

    def take(self, frame: Frame, tracks: FrameTracks, detections: Detections) -> None:
        """Note a frame's people, and cut out those to embed. Raises InputError where the frame has no picture."""
        if frame.image is None:
            raise InputError("there are no pictures to cut people out of; name the video itself, or pictures of it")
        self.watched.frames += 1
        self.watched.rows += len(tracks)
        contact = in_contact(tracks, detections, self.tracklet_options)
        numbers = self.cutter.cut(tracks, contact)
        for row, number in enumerate(numbers.tolist()):
            if number == len(self.tracklets):
                self.tracklets.append((int(tracks.ids[row]), [], not contact[row]))
            self.tracklets[number][1].append(frame.index)
        every = self.options.every
        if frame.index % every == 0 or (every > EMBED_EVERY and frame.index % EMBED_EVERY == 0):
            for row in self._rows(tracks, contact, frame.image.shape[1]):
                self._cut_out(frame, frame.image, tracks, row, int(numbers[row]))

    def _rows(self, tracks: FrameTracks, contact: np.ndarray, width: int) -> list[int]:
        """The rows to embed: all, or those that show a person clearly, whole and large enough."""
        if self.options.all:
            return list(range(len(tracks)))
        inside = (tracks.xyxy[:, 0] >= EDGE) & (tracks.xyxy[:, 2] <= width - EDGE)
        tall = tracks.xyxy[:, 3] - tracks.xyxy[:, 1] >= self.options.min_height
        return np.flatnonzero(~contact & inside & tall & (tracks.score >= self.options.min_score)).tolist()

    def _cut_out(self, frame: Frame, image: np.ndarray, tracks: FrameTracks, row: int, number: int) -> None:
        keypoints = None if tracks.keypoints is None else tracks.keypoints[row]
        self.watched.sightings.append(
            Sighting(frame.index, frame.time, tracks.xyxy[row], float(tracks.score[row]), number, keypoints)
        )
        self.waiting.append(crop(image, tracks.xyxy[row]).copy())  # a view would keep the whole picture
        if len(self.waiting) == EMBEDDED_AT_ONCE:
            self._embed()

    def _embed(self) -> None:
        if self.waiting:
            self.embedded.append(embedded(self.waiting, self.embedder))
            self.waiting = []

    def finish(self) -> Watched:
        """Everything that was seen."""
        self._embed()
        if self.embedded:
            self.watched.embedding = np.concatenate(self.embedded)
        self.watched.tracklets = [Tracklet(track, np.array(frames), clear) for track, frames, clear in self.tracklets]
        return self.watched


def encoder_facts(embedder: Embedder) -> EncoderFacts:
    """Calibration of the encoder at long time gaps: tracklets are mostly seconds apart."""
    known = embedder.calibration
    assert isinstance(known, Calibration)

    def log_odds(similarity: np.ndarray, same: tuple[float, float], different: tuple[float, float]) -> np.ndarray:
        return Calibration((0.0,), (same,), (different,)).log_odds(similarity, np.zeros_like(similarity))

    return EncoderFacts(known.same[-1], known.different[-1], log_odds)
