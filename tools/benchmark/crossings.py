"""The crossings of people in tracks, and whether the truth says that the two were exchanged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np

from tracker.association import match
from tracker.boxes import iou
from tracker.crossing import Crossing, CrossingOptions, Crossings
from tracker.detection.detector import ReplayDetector
from tracker.gallery import Gallery, GalleryOptions
from tracker.results.mot_files import read_detections
from tracker.track import Identity
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import FrameTracks

from ..scoring.confusion import MIN_IOU
from ..scoring.labelled_boxes import read_truth
from ..scoring.sequences import TruthSequence
from ..scoring.track_scores import People
from .ablations import NEVER, varied

MIN_AGREEMENT = 0.6
"""A group of boxes shows the person whom this share of those that lie on anybody lie on, ..."""
MIN_ON_SOMEBODY = 0.2
"""... if this share of all of them do, ..."""
LEAST = 2
"""... and so many."""
BEFORE, AFTER = -1, 1
ROUNDING = 1e-6
"""Seconds."""

Sightings: TypeAlias = Mapping[int, Sequence[tuple[float, "int | None"]]]
"""By id: the time of each box, and the person of the truth on whom it lies."""


@dataclass(frozen=True, slots=True)
class JudgedCrossing:
    """What `tracker.crossing.log_odds` needs to know, (9,), and what an exchange would be worth.

    `gain`: how many more of the two's links across the crossing would be right, -2 to 2; None where the truth does not
    tell.
    """

    sequence: str
    evidence: np.ndarray
    gain: int | None


def crossings_of(sequence: TruthSequence, detections: Path, options: TrackerOptions) -> list[JudgedCrossing]:
    """Those in the tracks of detections in a MOT text file, by motion alone, in which no crossing is put right.

    Raises InputError for a file that cannot be read.
    """
    options = varied(options, {"crossing.min_log_odds": NEVER})
    detector = ReplayDetector(read_detections(detections))
    with sequence.open() as source:
        tracker = Tracker(options, picture_size=(source.width, source.height))
        frames = islice(source, sequence.length)
        tracks = [tracker.update(frame, detector(frame)) for frame in frames]
    return judge(sequence.name, tracks, read_truth(sequence.truth), options.crossing)


def judge(
    sequence: str, tracks: Sequence[FrameTracks], truth: Sequence[People], options: CrossingOptions
) -> list[JudgedCrossing]:
    """The crossings in `tracks`, each frame's as `Tracker.update` returned them; `truth` has the same first frame."""
    seen = sightings(tracks, truth)
    found = known_crossings(tracks, options)
    return [JudgedCrossing(sequence, evidence, gain(crossing, seen, options)) for crossing, evidence in found]


def known_crossings(tracks: Iterable[FrameTracks], options: CrossingOptions) -> Iterator[tuple[Crossing, np.ndarray]]:
    """The crossings with their evidence, in the order in which a `Tracker` that leaves them as they are knows them."""
    crossings = Crossings(options)
    people: dict[int, Identity] = {}
    for frame in tracks:
        if frame.cut:
            crossings.forget()
        yield from crossings.known(frame.time)
        for rows in (*frame.backfill, frame):
            for id, xyxy, score in zip(rows.ids.tolist(), rows.xyxy, rows.score.tolist(), strict=True):
                person = people.setdefault(id, Identity(id, Gallery(GalleryOptions())))
                crossings.see(person, rows.time, xyxy, score)


def sightings(tracks: Iterable[FrameTracks], truth: Sequence[People]) -> Sightings:
    """Whom the boxes of each id lie on: those of a frame, backfilled ones too, are paired for the largest overlap."""
    frames: dict[int, list[FrameTracks]] = defaultdict(list)
    for frame in tracks:
        for rows in (*frame.backfill, frame):
            frames[rows.frame].append(rows)
    seen: dict[int, list[tuple[float, int | None]]] = defaultdict(list)
    for index in sorted(frames):
        rows = FrameTracks.concat(frames[index])
        on = _people_under(rows, truth[index]) if index < len(truth) else {}
        for id in rows.ids.tolist():
            seen[id].append((rows.time, on.get(id)))
    return seen


def _people_under(rows: People, truth: People) -> dict[int, int]:
    """The person on whom each id lies, of those that lie on one."""
    people, ids = match(iou(truth.xyxy, rows.xyxy), MIN_IOU)
    return dict(zip(rows.ids[ids].tolist(), truth.ids[people].tolist(), strict=True))


def gain(crossing: Crossing, seen: Sightings, options: CrossingOptions) -> int | None:
    """How many more of the two's links from before the crossing to after it would be right if they were exchanged."""
    shown = [
        _shown(seen[person.id], crossing.time, side, options) for side in (BEFORE, AFTER) for person in crossing.people
    ]
    if None in shown:
        return None
    one, other, one_after, other_after = shown
    return (one == other_after) + (other == one_after) - (one == one_after) - (other == other_after)


def _shown(boxes: Sequence[tuple[float, int | None]], time: float, side: int, options: CrossingOptions) -> int | None:
    """The person on one side of the crossing at `time`, in the boxes that are compared there; None if it is unclear."""
    distant = [(side * (when - time), person) for when, person in boxes]
    distant = [box for box in distant if box[0] >= options.margin - ROUNDING]
    end = min(distant, default=(0.0, None))[0] + options.window - ROUNDING
    compared = [person for distance, person in distant if distance < end]
    counts = Counter(person for person in compared if person is not None)
    if counts.total() < max(LEAST, MIN_ON_SOMEBODY * len(compared)):
        return None
    person, count = counts.most_common(1)[0]
    return person if count >= MIN_AGREEMENT * counts.total() else None
