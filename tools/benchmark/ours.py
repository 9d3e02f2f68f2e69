"""Runs our tracker over detections given as MOT text files, and writes what `peers.py` writes for a peer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from time import thread_time

import cv2

from tracker.detection.detector import ReplayDetector
from tracker.offline.refinement import Numbering, RefinementOptions
from tracker.pipeline import replay, track
from tracker.results.mot_files import format_rows, read_detections
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Detector, Embedder, Frame, FrameTracks, InputError, Picture

from ..offline.second_look import SecondLook
from ..scoring.sequences import Pictures, TruthSequence


class TimedTracker(Tracker):
    """A tracker that adds up its processor seconds, and the frames in which it had crops embedded."""

    seconds = 0.0
    frames_embedded = 0

    def update(self, frame: Picture, detections: Detections) -> FrameTracks:
        embedded, start = self.embedded, thread_time()
        tracks = super().update(frame, detections)
        self.seconds += thread_time() - start
        self.frames_embedded += self.embedded > embedded
        return tracks


def run_ours(
    sequences: Sequence[TruthSequence],
    detections: Sequence[Path],
    options: TrackerOptions,
    out: Path,
    pictures: Sequence[Pictures] = (),
    embedder: Embedder | None = None,
    refinement: RefinementOptions | None = None,
) -> None:
    """Our tracker over `detections` (MOT text, one file a sequence), on one thread as the peers.

    With an `embedder` it looks at the `pictures`, one a sequence. With a `refinement` the results are those of two
    passes, offline. Raises InputError where there are too few of them.
    """
    out.mkdir(parents=True, exist_ok=True)
    trackers = []
    with nullcontext() if embedder is None else _one_thread():
        for index, (sequence, file) in enumerate(zip(sequences, detections, strict=True)):
            tracker = TimedTracker(options, embedder, sequence.size)
            boxes = read_detections(file)
            detector = ReplayDetector(boxes)
            look = SecondLook(detector, embedder)
            tracked = (
                replay(boxes, length=sequence.length or 0, fps=sequence.fps or 30.0, tracker=tracker)
                if embedder is None
                else _look(look.detector if refinement else detector, sequence, tracker, pictures[index])
            )
            rows = (
                (tracks for _, tracks in tracked)
                if refinement is None
                else _twice(tracked, look, sequence, tracker, refinement)
            )
            (out / f"{sequence.name}.txt").write_text("".join(format_rows(tracks) for tracks in rows))
            trackers.append(tracker)
    cost: dict[str, float | int] = {
        "seconds": sum(tracker.seconds for tracker in trackers),
        "frames": sum(sequence.length or 0 for sequence in sequences),
    }
    if embedder is not None and refinement is None:
        cost["embedded"] = sum(tracker.embedded for tracker in trackers)
        cost["frames_embedded"] = sum(tracker.frames_embedded for tracker in trackers)
    out.with_suffix(".json").write_text(json.dumps(cost))
    print(f"{out.name}: {1000 * cost['seconds'] / cost['frames']:.2f} ms a frame")


def _twice(
    tracked: Iterable[tuple[Frame, FrameTracks]],
    look: SecondLook,
    sequence: TruthSequence,
    tracker: TimedTracker,
    refinement: RefinementOptions,
) -> Iterator[FrameTracks]:
    """The refined rows; what the second pass costs is added to the tracker's time."""
    for frame, tracks in tracked:
        start = thread_time()
        look.write(frame, tracks)
        tracker.seconds += thread_time() - start
    start = thread_time()
    refined = look.refined(sequence.fps or 30.0, refinement, Numbering())
    tracker.seconds += thread_time() - start
    yield from refined.tracks


def _look(
    detector: Detector, sequence: TruthSequence, tracker: Tracker, pictures: Pictures
) -> Iterator[tuple[Frame, FrameTracks]]:
    with pictures.open(sequence.fps or 30.0) as source:
        count = 0
        for frame, tracks in track(islice(source, sequence.length), detector, tracker):
            yield frame, tracks
            count += 1
    if count != sequence.length:
        raise InputError(f"{sequence.name} has {sequence.length} frames but only {count} pictures")


@contextmanager
def _one_thread() -> Iterator[None]:
    """Networks and pictures keep to the calling thread, whose time is measured."""
    import torch

    threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads[0])
        cv2.setNumThreads(threads[1])
