"""The input boxes of every tracker of a benchmark: the truth's, a simulated or a real detector's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import numpy as np

from models.bundled import PERSON_DETECTOR
from tracker.detection.detector import DetectorOptions
from tracker.results.mot_files import format_detections
from tracker.types import Detections, InputError
from tracker.user_cache import user_cache

from ..run.parts import BUNDLED, detector_weights, make_detector
from ..run.progress import progress
from ..scoring.labelled_boxes import LabelledBoxes, read_truth
from ..scoring.sequences import TruthSequence
from .simulated_detector import STRENGTHS, simulate

EXACT = "exact"
DETECTOR = "detector"


def write_boxes(kind: str, seed: int, sequence: TruthSequence, detector: str, folder: Path) -> Path:
    """The MOT text file with the input of every tracker for one sequence.

    `seed` is added to the simulated detector's; `detector` is what the kind `detector` means. Raises InputError for a
    kind that is none, or one that needs pictures where there are none.
    """
    if kind in (BUNDLED, DETECTOR):
        return detected_boxes(sequence, detector_weights(BUNDLED if kind == BUNDLED else detector))
    if kind != EXACT and kind not in STRENGTHS:
        path = sequence.folder / kind
        if path.is_file():
            return path
        kinds = f"{EXACT}, {', '.join(STRENGTHS)}, {BUNDLED}, {DETECTOR}"
        raise InputError(f"{path} is not there; --detections takes {kinds} or a file name")
    return _write(_exact(sequence) if kind == EXACT else _simulated(kind, seed, sequence), folder, sequence.name)


def detected_boxes(sequence: TruthSequence, weights: Path = PERSON_DETECTOR, cache: Path | None = None) -> Path:
    """A detector's boxes in the pictures, computed once and kept as MOT text in the user's cache.

    `cache` is `$XDG_CACHE_HOME/followspot/detections` unless given. The file's name carries a hash of the weights, of
    their options, and of the pictures' names, sizes and times. Raises InputError where there are no pictures.
    """
    if sequence.pictures is None:
        raise InputError(f"{sequence.name} has no pictures for the detector to look at: say where with --pictures")
    if not weights.is_file():
        raise InputError(f"there are no weights {weights} for --detector: give an Ultralytics model in one file")
    cache = cache or user_cache() / "detections"
    options = DetectorOptions()
    files = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in sequence.pictures.files]
    seen = hashlib.sha256(repr((options, sequence.length, files)).encode() + weights.read_bytes())
    name = f"{sequence.name}-{seen.hexdigest()[:16]}"
    path = cache / f"{name}.txt"
    if not path.is_file():
        detector = make_detector(weights, options)
        with sequence.open() as source:
            frames = progress(islice(source, sequence.length), sequence.length, f"detector: {sequence.name}")
            boxes = [found for frame in frames for found in detector.batch([frame])]
        os.replace(_write(boxes, cache, f"{name}.part"), path)
    return path


def _exact(sequence: TruthSequence) -> list[Detections]:
    return [Detections(people.xyxy, np.ones(len(people.ids), np.float32)) for people in read_truth(sequence.truth)]


def _simulated(kind: str, seed: int, sequence: TruthSequence) -> list[Detections]:
    truth: Sequence[LabelledBoxes] = read_truth(sequence.truth)
    options = STRENGTHS[kind]
    return simulate(truth, sequence.size or (0, 0), sequence.name, replace(options, seed=options.seed + seed))


def _write(frames: Iterable[Detections], folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.txt"
    path.write_text("".join(map(format_detections, count(), frames)))
    return path
