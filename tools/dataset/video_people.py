"""From a watched video to its people: their kept crops, without those who only pass by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reid.labelling.pseudo_labels import PseudoLabels, label_people
from tracker.types import Embedder

from ..offline.sightings import CropOptions, Sighting, Watched, encoder_facts

MIN_CROPS = 2


@dataclass(frozen=True, slots=True)
class PasserByOptions:
    """Which people to leave out: those hardly seen, and those far in the background."""

    min_seconds: float = 2.0
    """A person seen for less, all in all, is left out; in a video shorter than 20 s, for less than a tenth of it."""
    min_size: float = 0.4
    """A person smaller than this share of the typical crop's height is left out."""


@dataclass(frozen=True, slots=True)
class LabelledSighting:
    """A sighting to be kept as a crop: of which person (from 0), and how doubtful that is (0..1)."""

    sighting: Sighting
    person: int
    tracklet: int
    doubt: float


@dataclass(frozen=True, slots=True)
class VideoPeople:
    """A video's people: the crops to keep in order of time, how many people there are, and how many were left out."""

    crops: list[LabelledSighting]
    count: int
    passers_by: int


def find_people(
    watched: Watched,
    embedder: Embedder,
    fps: float,
    options: CropOptions,
    passing: PasserByOptions,
    cast: int | None,
) -> VideoPeople:
    """Label the sightings, and choose the people and crops to keep; with `cast`, that many people, the most seen."""
    labels = label_people(watched.tracklets, watched.embedded_crops(fps, options.every), encoder_facts(embedder), cast)
    sightings = watched.sightings
    kept = np.array([sighting.frame % options.every == 0 for sighting in sightings], bool)
    people = labels.person.max(initial=-1) + 1
    stays = np.ones(people, bool) if options.all else staying(watched, labels, kept, fps, passing, cast)
    number = np.cumsum(stays) - 1
    crops = [
        LabelledSighting(sightings[row], int(number[person]), int(labels.tracklet[row]), float(labels.doubt[row]))
        for row in np.flatnonzero(kept)
        if stays[person := labels.person[row]]
    ]
    return VideoPeople(crops, int(stays.sum()), int((~stays).sum()))


def staying(
    watched: Watched, labels: PseudoLabels, kept: np.ndarray, fps: float, passing: PasserByOptions, cast: int | None
) -> np.ndarray:
    """Which people (P,) are kept, bool."""
    people = labels.person.max(initial=-1) + 1
    crops = np.bincount(labels.person[kept], minlength=people)
    if cast is not None:
        stays = np.zeros(people, bool)
        stays[np.argsort(-crops, kind="stable")[:cast]] = True
        return stays & (crops > 0)
    height = np.array([sighting.xyxy[3] - sighting.xyxy[1] for sighting in watched.sightings])
    heights = np.array([np.median(height[labels.person == person]) for person in range(people)])
    enough = min(passing.min_seconds, watched.frames / fps / 10)
    seconds = seconds_seen(labels, people, fps)
    large = heights >= passing.min_size * np.median(height) if people else np.zeros(0, bool)
    return (crops >= MIN_CROPS) & (seconds >= enough) & large


def seconds_seen(labels: PseudoLabels, people: int, fps: float) -> np.ndarray:
    """For how long each person was in sight, by all frames of their tracklets, (P,)."""
    numbers, first = np.unique(labels.tracklet, return_index=True)
    frames = [len(labels.tracklets[number].frames) for number in numbers.tolist()]
    return np.bincount(labels.person[first], frames, people) / fps
