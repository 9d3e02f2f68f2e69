"""Tracks as a test wants them, without a tracker around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker.gallery import Gallery, GalleryOptions, View
from tracker.motion import MotionOptions
from tracker.track import Identity, Track, TrackState
from tracker.types import Detections, Frame

FPS = 10


def standing(x: float, height: float = 200.0, feet: float = 600.0) -> list[float]:
    """A box half as wide as high about x."""
    return [x - height / 4, feet - height, x + height / 4, feet]


def track_at(time: float, xyxy: Sequence[float]) -> Track:
    """A tentative track first seen at `time`, in seconds."""
    frame = Frame(round(time * FPS), time, None)
    track = Track(frame, Detections(np.array([xyxy]), np.array([0.9])), 0, MotionOptions(), GalleryOptions())
    track.see_surely(time)
    return track


def known(id: int, time: float, xyxy: Sequence[float], *, lost: bool = False) -> Track:
    """A track with an identity, confirmed and reported at `time`; lost since then, if it is to be."""
    track = track_at(time, xyxy)
    track.take_identity(Identity(id, Gallery(GalleryOptions())))
    track.confirm()
    track.report()
    if lost:
        track.mark_missed(time + 1 / FPS, 0.1)
        assert track.state is TrackState.LOST
    return track


def show(gallery: Gallery, *embeddings: Sequence[float], time: float = 0.0) -> None:
    """Give the gallery views with these embeddings."""
    gallery.views += [View(time, None, np.array(embedding)) for embedding in embeddings]


class Linear:
    """A calibration in which the log odds are ten times the similarity; an encoder, too, that is never asked."""

    def __init__(self) -> None:
        self.gaps: list[float] = []

    @property
    def calibration(self) -> Linear:
        return self

    def log_odds(self, similarity: np.ndarray, gap: np.ndarray) -> np.ndarray:
        self.gaps += gap.ravel().tolist()
        return 10 * similarity

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        raise AssertionError("every view is embedded already")
