"""From a watched video to its people: their kept crops, without those who only pass by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from reid.labelling.pseudo_labels import PseudoLabels, label_people
from tracker.types import Embedder

from ..offline.sightings import CropOptions, Sighting, Watched, encoder_facts

MIN_CROPS = 2
SHORT_LIVED = 0.5
"""Share of the video below which a small person is one of the background."""


@dataclass(frozen=True, slots=True)
class PasserByOptions:
    """Which people to leave out: those hardly seen, and those far in the background for a part of the video."""

    min_seconds: float = 2.0
    """A person seen for less, all in all, is left out; in a video shorter than 20 s, for less than a tenth of it."""
    min_size: float = 0.4
    """A person smaller than this share of the typical crop's height is left out, unless seen for half of the video."""


class Reason(Enum):
    """Why a person was left out."""

    UNCLEAR = "never seen clearly enough"
    SHORT = "hardly seen"
    SMALL = "small and seen for less than half of the video"
    CAST = "beyond --cast"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A person without crops in the data set: the tracker's ids of them, and the seconds they were seen for."""

    tracks: tuple[int, ...]
    seconds: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class LabelledSighting:
    """A sighting to be kept as a crop: of which person (from 0), and how doubtful that is (0..1)."""

    sighting: Sighting
    person: int
    tracklet: int
    doubt: float


@dataclass(frozen=True, slots=True)
class VideoPeople:
    """A video's people: the crops to keep in order of time, how many people there are, and who was left out."""

    crops: list[LabelledSighting]
    count: int
    left_out: list[LeftOut]


def find_people(
    watched: Watched,
    embedder: Embedder,
    fps: float,
    options: CropOptions,
    passing: PasserByOptions,
    cast: int | None,
    shown: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> VideoPeople:
    """Label the sightings, and choose the people and crops to keep; with `cast`, that many people, the most seen.

    `shown` may count the rounds of labelling as they pass.
    """
    embedded, facts = watched.embedded_crops(fps, options.every), encoder_facts(embedder)
    labels = label_people(watched.tracklets, embedded, facts, cast, shown=shown)
    sightings = watched.sightings
    kept = np.array([sighting.frame % options.every == 0 for sighting in sightings], bool)
    present = Presence(labels, fps)
    reasons: list[Reason | None] = [None] * present.people
    if not options.all:
        reasons = left_out_for(watched, labels, present, kept, passing, cast)
    stays = np.array([reason is None for reason in reasons], bool)
    number = np.cumsum(stays) - 1
    crops = [
        LabelledSighting(sightings[row], int(number[person]), int(labels.tracklet[row]), float(labels.doubt[row]))
        for row in np.flatnonzero(kept)
        if stays[person := labels.person[row]]
    ]
    left_out = [
        LeftOut(present.tracks[person], float(present.seconds[person]), reason)
        for person, reason in enumerate(reasons)
        if reason is not None
    ]
    if not options.all:
        enough = shortest(watched, fps, passing)
        left_out += [
            LeftOut((track,), seconds, Reason.UNCLEAR if seconds >= enough else Reason.SHORT)
            for track, seconds in present.without_crops.items()
        ]
    return VideoPeople(crops, int(stays.sum()), left_out)


def shortest(watched: Watched, fps: float, passing: PasserByOptions) -> float:
    """Seconds that a person must be seen for to be kept."""
    return min(passing.min_seconds, watched.frames / fps / 10)


class Presence:
    """Who was in sight for how long: by all frames of the tracks, also those in which no crop may be cut.

    Tracklets without crops count for the person that most of their track shows; `without_crops` are the seconds of the
    tracks that have no crop at all, by id.
    """

    def __init__(self, labels: PseudoLabels, fps: float) -> None:
        self.fps = fps
        self.people = int(labels.person.max(initial=-1)) + 1
        shown = dict(zip(labels.tracklet.tolist(), labels.person.tolist(), strict=True))
        frames: dict[int, np.ndarray] = {}  # of each track: frames of each person
        unknown: dict[int, int] = {}
        for number, tracklet in enumerate(labels.tracklets):
            own = frames.setdefault(tracklet.track, np.zeros(self.people))
            if number in shown:
                own[shown[number]] += len(tracklet.frames)
            else:
                unknown[tracklet.track] = unknown.get(tracklet.track, 0) + len(tracklet.frames)
        self.without_crops = {track: unknown[track] / fps for track, own in frames.items() if not own.any()}
        self.tracks = [
            tuple(sorted(track for track, own in frames.items() if own[person] and own.argmax() == person))
            for person in range(self.people)
        ]
        for track, own in frames.items():
            if own.any():
                own[own.argmax()] += unknown.get(track, 0)
        self.seconds = sum(frames.values(), np.zeros(self.people)) / fps


def left_out_for(
    watched: Watched,
    labels: PseudoLabels,
    present: Presence,
    kept: np.ndarray,
    passing: PasserByOptions,
    cast: int | None,
) -> list[Reason | None]:
    """Why each person is left out, None for those who stay; `kept` (C,) bool are the crops that may be kept."""
    crops = np.bincount(labels.person[kept], minlength=present.people)
    if cast is not None:
        stays = np.zeros(present.people, bool)
        stays[np.argsort(-crops, kind="stable")[:cast]] = True
        return [None if stays[person] and crops[person] else Reason.CAST for person in range(present.people)]
    height = np.array([sighting.xyxy[3] - sighting.xyxy[1] for sighting in watched.sightings])
    length = watched.frames / present.fps
    reasons: list[Reason | None] = []
    for person, seconds in enumerate(present.seconds.tolist()):
        small = np.median(height[labels.person == person]) < passing.min_size * np.median(height)
        if seconds < shortest(watched, present.fps, passing):
            reasons.append(Reason.SHORT)
        elif crops[person] < MIN_CROPS:
            reasons.append(Reason.UNCLEAR)
        else:
            reasons.append(Reason.SMALL if small and seconds < SHORT_LIVED * length else None)
    return reasons
