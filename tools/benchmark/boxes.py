"""The boxes that every tracker of a benchmark is fed with: the truth's, a simulated or the bundled detector's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from tracker.boxes import xyxy_to_xywh
from tracker.detection.detector import DetectorOptions
from tracker.types import Detections, InputError

from ..run.parts import BUNDLED, PERSON_DETECTOR, make_detector
from ..run.progress import progress
from ..scoring.labelled_boxes import LabelledBoxes, read_truth
from ..scoring.sequences import Pictures, TruthSequence
from .simulated_detector import STRENGTHS, simulate

EXACT = "exact"


def write_boxes(kind: str, seed: int, sequence: TruthSequence, pictures: Pictures | None, folder: Path) -> Path:
    """The MOT text file with what every tracker is fed for one sequence; `seed` is added to the simulated detector's.

    Raises InputError for a kind that is none, or one that needs pictures where there are none.
    """
    if kind == BUNDLED:
        if pictures is None:
            raise InputError(f"{sequence.name} has no pictures for the detector to look at: say where with --pictures")
        return detected_boxes(sequence, pictures)
    if kind != EXACT and kind not in STRENGTHS:
        path = sequence.folder / kind
        if path.is_file():
            return path
        raise InputError(
            f"{path} is not there; --detections takes {EXACT}, {', '.join(STRENGTHS)}, {BUNDLED} or a file name"
        )
    return _write(_exact(sequence) if kind == EXACT else _simulated(kind, seed, sequence), folder, sequence.name)


def detected_boxes(sequence: TruthSequence, pictures: Pictures, cache: Path | None = None) -> Path:
    """What the bundled detector finds, run once and kept as MOT text in the user's cache.

    `cache` is `$XDG_CACHE_HOME/followspot/detections` unless given. The file's name carries a hash of the weights, of
    their options, and of the pictures' names, sizes and times.
    """
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = cache or user / "followspot" / "detections"
    options = DetectorOptions()
    told = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in pictures.files]
    seen = hashlib.sha256(repr((options, sequence.length, told)).encode() + PERSON_DETECTOR.read_bytes())
    name = f"{sequence.name}-{seen.hexdigest()[:16]}"
    path = cache / f"{name}.txt"
    if not path.is_file():
        detector = make_detector(PERSON_DETECTOR, options)
        with pictures.open(sequence.fps or 30.0) as source:
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
    path.write_text("".join(_lines(number, detections) for number, detections in enumerate(frames, start=1)))
    return path


def _lines(number: int, detections: Detections) -> str:
    rows = zip(xyxy_to_xywh(detections.xyxy.astype(np.float64)).tolist(), detections.score.tolist(), strict=True)
    return "".join(f"{number},-1,{x:.2f},{y:.2f},{w:.2f},{h:.2f},{score:.3f}\n" for (x, y, w, h), score in rows)
