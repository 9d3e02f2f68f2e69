"""Runs Followspot's tracker over detections given as MOT text files, and writes what `peers.py` writes for a peer.

It tracks as `followspot track --detections FILE` does, so it gives the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import thread_time

import cv2

from tracker.detection.detector import ReplayDetector
from tracker.keyframes import Keyframes
from tracker.offline.refinement import Numbering, RefinementOptions
from tracker.pipeline import SHORT_GAPS, track
from tracker.prefetch import prefetch
from tracker.results.mot_files import format_rows, read_detections
from tracker.tracker import Tracker
from tracker.types import Detections, Frame, FrameTracks, InputError, Picture

from ..offline.second_look import SecondLook
from ..scoring.sequences import TruthSequence
from .setup import Variant


class TimedTracker(Tracker):
    """A tracker that adds up its processor seconds, and the frames in which it had crops embedded.

    `frames_detected` counts those whose boxes come from the detector, where they are not all.
    """

    seconds = 0.0
    frames_embedded = 0
    frames_detected = 0

    def update(self, frame: Picture, detections: Detections) -> FrameTracks:
        embedded, start = self.embedded, thread_time()
        tracks = super().update(frame, detections)
        self.seconds += thread_time() - start
        self.frames_embedded += self.embedded > embedded
        return tracks


def run_ours(variant: Variant, sequences: Sequence[TruthSequence], detections: Sequence[Path], out: Path) -> None:
    """Followspot's tracker over `detections` (MOT text, one file a sequence), on one thread as the peers.

    Leaves `out`/SEQUENCE.txt and `out`.json with the cost of association, cut detection and re-ID alone. Raises
    InputError where a sequence has fewer pictures than frames.
    """
    out.mkdir(parents=True, exist_ok=True)
    with _one_thread(network=variant.embedder is not None):
        trackers = [
            _track(variant, sequence, file, out / f"{sequence.name}.txt")
            for sequence, file in zip(sequences, detections, strict=True)
        ]
    cost: dict[str, float | int] = {
        "seconds": sum(tracker.seconds for tracker in trackers),
        "frames": sum(sequence.length or 0 for sequence in sequences),
    }
    if variant.embedder is not None and variant.refinement is None:
        cost |= {
            "embedded": sum(tracker.embedded for tracker in trackers),
            "frames_embedded": sum(tracker.frames_embedded for tracker in trackers),
        }
    said = f"{out.name}: {1000 * cost['seconds'] / cost['frames']:.2f} ms a frame"
    if variant.keyframes is not None:
        cost["frames_detected"] = sum(tracker.frames_detected for tracker in trackers)
        said += f", boxes of {100 * cost['frames_detected'] / cost['frames']:.1f}% of the frames"
    out.with_suffix(".json").write_text(json.dumps(cost))
    print(said)


def _track(variant: Variant, sequence: TruthSequence, detections: Path, out: Path) -> TimedTracker:
    """Write one sequence's rows; returns the tracker, which knows its cost."""
    detector = ReplayDetector(read_detections(detections))
    with sequence.open() as source:
        tracker = TimedTracker(variant.options, variant.embedder, (source.width, source.height))
        frames = prefetch(_exactly(sequence, source))
        keyframes = Keyframes(variant.keyframes) if variant.keyframes is not None else None
        if variant.at_once:
            rows: Iterable[FrameTracks] = (tracker.update(frame, detector(frame)) for frame in frames)
        elif variant.refinement is None:
            rows = (tracks for _, tracks in track(frames, detector, tracker, gaps=SHORT_GAPS, keyframes=keyframes))
        else:
            look = SecondLook(variant.embedder)
            rows = _twice(track(frames, detector, tracker, keep=look.keep), look, sequence, tracker, variant.refinement)
        out.write_text("".join(map(format_rows, rows)))
        tracker.frames_detected = keyframes.detected if keyframes is not None else 0
    return tracker


def _exactly(sequence: TruthSequence, frames: Iterable[Frame]) -> Iterator[Frame]:
    """As many frames as the sequence has. Raises InputError at the end where there are fewer."""
    count = 0
    for frame in islice(frames, sequence.length):
        yield frame
        count += 1
    if count != sequence.length:
        raise InputError(f"{sequence.name} has {sequence.length} frames but only {count} pictures")


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


@contextmanager
def _one_thread(network: bool) -> Iterator[None]:
    """Pictures, and a network where there is one, keep to the calling thread, whose time is measured."""
    settings = [(cv2.getNumThreads, cv2.setNumThreads)]
    if network:
        import torch

        settings.append((torch.get_num_threads, torch.set_num_threads))
    before = [get() for get, _ in settings]
    for _, put in settings:
        put(1)
    try:
        yield
    finally:
        for (_, put), threads in zip(settings, before, strict=True):
            put(threads)
