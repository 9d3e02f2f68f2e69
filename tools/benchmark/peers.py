"""Runs other projects' trackers, in their own environment, over detections given as MOT text files.

    uv run --no-project --with trackers==2.6.1 python tools/benchmark/peers.py JOB.json OUT_DIR

It imports nothing of this project and leaves each tracker's defaults untouched. JOB.json is {"trackers": [name, ...],
"reid": weights or null, "sequences": [{"name", "length", "detections", "pictures"}, ...]}; pictures are a list of image
files, or one video file, or null. Writes OUT_DIR/TRACKER/SEQUENCE.txt (MOT text) and OUT_DIR/TRACKER.json with the
processor seconds spent inside the tracker's `update`, on how many frames, and how many crops it embedded in how many.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

Rows = np.ndarray
"""(T, 6) float64: id, left, top, right, bottom, score."""


class Peer(NamedTuple):
    """Another project's tracker behind one interface.

    `prepare` turns (N, 4) xyxy and (N,) scores, both float32, and the picture (H, W, 3) uint8 BGR or None into the
    arguments of `update`; `rows` turns what it returned into `Rows`. Only `update` is timed.
    """

    update: Callable[..., Any]
    prepare: Callable[[np.ndarray, np.ndarray, np.ndarray | None], tuple[Any, ...]]
    rows: Callable[[Any], Rows]


class Inputs(NamedTuple):
    """What a tracker may use besides boxes: whether it gets pictures, and an encoder of BoxMOT's."""

    pictures: bool = False
    encoder: CountingEncoder | None = None


class CountingEncoder:
    """A re-ID encoder of BoxMOT's that counts the crops it embedded, and in how many frames."""

    crops = 0
    frames = 0

    def __init__(self, weights: str) -> None:
        from boxmot.reid.core import ReID  # type: ignore[import-not-found]

        with tempfile.TemporaryDirectory() as folder:
            # BoxMOT knows the network by the file's name, and PyTorch's files by this ending.
            copy = shutil.copy(weights, Path(folder, Path(weights).stem + ".pt"))
            self.model = ReID(weights=copy, device="cpu").model

    def get_features(self, boxes: np.ndarray, image: np.ndarray) -> np.ndarray:
        """(N, D) for the boxes (N, 4) in one picture: what BoxMOT's trackers ask of an encoder."""
        self.crops += len(boxes)
        self.frames += 1
        return self.model.get_features(boxes, image)


def roboflow(class_name: str, **options: Any) -> Peer:
    """A tracker of the package trackers (roboflow)."""
    import supervision
    import trackers  # type: ignore[import-not-found]

    def prepare(xyxy: np.ndarray, score: np.ndarray, image: np.ndarray | None) -> tuple[Any, ...]:
        detections = supervision.Detections(xyxy=xyxy, confidence=score, class_id=np.zeros(len(score), int))
        return (detections,) if image is None else (detections, image)

    def rows(tracked: Any) -> Rows:
        named = tracked[tracked.tracker_id >= 0] if tracked.tracker_id is not None else tracked[[]]
        return np.column_stack([named.tracker_id + 1, named.xyxy, named.confidence]) if len(named) else np.zeros((0, 6))

    return Peer(getattr(trackers, class_name)(**options).update, prepare, rows)


def boxmot(class_name: str, encoder: CountingEncoder | None = None, **options: Any) -> Peer:
    """A tracker of the package boxmot, its defaults read from boxmot's own configuration."""
    import boxmot as package  # type: ignore[import-not-found]
    from boxmot.trackers.config import load_tracker_config  # type: ignore[import-not-found]

    reid = {} if encoder is None else {"reid_model": encoder}
    tracker = getattr(package, class_name)(**load_tracker_config(class_name.lower(), None, options), **reid)

    def prepare(xyxy: np.ndarray, score: np.ndarray, image: np.ndarray | None) -> tuple[Any, ...]:
        return np.column_stack([xyxy, score, np.zeros(len(score))]).astype(np.float32), image

    def rows(tracked: Any) -> Rows:
        tracked = np.asarray(tracked, np.float64).reshape(-1, 8)
        return tracked[:, [4, 0, 1, 2, 3, 5]]

    return Peer(tracker.update, prepare, rows)


# Camera motion, on by default in those that know it, is estimated from pictures.
PEERS: dict[str, Callable[[Inputs], Peer]] = {
    "roboflow-sort": lambda inputs: roboflow("SORTTracker"),
    "roboflow-bytetrack": lambda inputs: roboflow("ByteTrackTracker"),
    "roboflow-ocsort": lambda inputs: roboflow("OCSORTTracker"),
    "roboflow-botsort": lambda inputs: roboflow("BoTSORTTracker", enable_cmc=inputs.pictures),
    "roboflow-cbiou": lambda inputs: roboflow("CBIoUTracker"),
    "boxmot-bytetrack": lambda inputs: boxmot("ByteTrack"),
    "boxmot-ocsort": lambda inputs: boxmot("OcSort"),
    "boxmot-boosttrack": lambda inputs: boxmot("BoostTrack", use_cmc=inputs.pictures, use_embeddings=False),
    "boxmot-botsort": lambda inputs: boxmot("BotSort", use_cmc=inputs.pictures, use_embeddings=False),
}

PEERS_WITH_REID: dict[str, Callable[[Inputs], Peer]] = {
    "boxmot-boosttrack-reid": lambda inputs: boxmot("BoostTrack", inputs.encoder),
    "boxmot-botsort-reid": lambda inputs: boxmot("BotSort", inputs.encoder),
}
"""The peers that also take appearance, as they do by default; they need pictures and an encoder."""


def pictures(sequence: dict[str, Any]) -> Iterator[np.ndarray | None]:
    """The pictures (H, W, 3) uint8 BGR of a sequence, one a frame; None for each where it has none."""
    files = sequence.get("pictures")
    if files is None:
        yield from repeat(None)
        return
    import cv2

    if isinstance(files, list):
        yield from map(cv2.imread, files)
    else:
        # Threads that decode ahead would be counted as the tracker's time.
        capture = cv2.VideoCapture(files, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        while (read := capture.read())[0]:
            yield read[1]


def track(peer: Peer, sequence: dict[str, Any], out: Path) -> float:
    """Track one sequence, write its MOT text file, return the seconds inside `update`."""
    table = np.loadtxt(sequence["detections"], delimiter=",", ndmin=2, usecols=range(7)).reshape(-1, 7)
    table = table[np.argsort(table[:, 0], kind="stable")]
    ends = np.searchsorted(table[:, 0], np.arange(1, sequence["length"] + 1), side="right")
    seconds, lines = 0.0, []
    images = pictures(sequence)
    for number, rows in enumerate(np.split(table, ends)[:-1], start=1):
        xyxy = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1).astype(np.float32)
        try:
            arguments = peer.prepare(xyxy, rows[:, 6].astype(np.float32), next(images))
        except StopIteration:
            sys.exit(f"{sequence['name']} has {sequence['length']} frames but only {number - 1} pictures")
        start = process_time()
        tracked = peer.update(*arguments)
        seconds += process_time() - start
        for label, left, top, right, bottom, score in peer.rows(tracked):
            box = f"{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f}"
            lines.append(f"{number},{int(label)},{box},{score:.3f},-1,-1,-1\n")
    out.write_text("".join(lines))
    return seconds


def run(name: str, job: dict[str, Any], encoder: CountingEncoder | None, folder: Path) -> None:
    """One tracker over all sequences of the job."""
    sequences = job["sequences"]
    folder.mkdir(parents=True, exist_ok=True)
    crops, looked = (encoder.crops, encoder.frames) if encoder else (0, 0)
    seconds = 0.0
    for sequence in sequences:
        peer = {**PEERS, **PEERS_WITH_REID}[name](Inputs(sequence.get("pictures") is not None, encoder))
        seconds += track(peer, sequence, folder / f"{sequence['name']}.txt")
    cost = {"seconds": seconds, "frames": sum(sequence["length"] for sequence in sequences)}
    if encoder and name in PEERS_WITH_REID:
        cost |= {"embedded": encoder.crops - crops, "frames_embedded": encoder.frames - looked}
    Path(f"{folder}.json").write_text(json.dumps(cost))
    print(f"{name}: {1000 * seconds / cost['frames']:.2f} ms a frame", flush=True)


def main(job_path: str, out: str) -> None:
    job = json.loads(Path(job_path).read_text())
    encoder = CountingEncoder(job["reid"]) if job["reid"] else None
    for name in job["trackers"]:
        run(name, job, encoder, Path(out) / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
