"""Runs other people's trackers, in their own environment, over detections given as MOT text files.

    uv run --no-project --with trackers==2.6.1 python tools/peers.py JOB.json OUT_DIR

It imports nothing of this project and leaves each tracker's defaults untouched. JOB.json is {"trackers": [name, ...],
"sequences": [{"name", "length", "detections"}, ...]}. Writes OUT_DIR/TRACKER/SEQUENCE.txt (MOT text) and
OUT_DIR/TRACKER.json with the processor seconds spent inside the tracker's `update`, and on how many frames.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

Rows = np.ndarray
"""(T, 6) float64: id, left, top, right, bottom, score."""


class Peer(NamedTuple):
    """A tracker of somebody else behind one face.

    `prepare` turns (N, 4) xyxy and (N,) scores, both float32, into the arguments of `update`; `rows` turns what it
    returned into `Rows`. Only `update` is timed.
    """

    update: Callable[..., Any]
    prepare: Callable[[np.ndarray, np.ndarray], tuple[Any, ...]]
    rows: Callable[[Any], Rows]


def roboflow(class_name: str, **options: Any) -> Peer:
    """A tracker of the package trackers (roboflow)."""
    import supervision  # type: ignore[import-not-found]
    import trackers  # type: ignore[import-not-found]

    def prepare(xyxy: np.ndarray, score: np.ndarray) -> tuple[Any, ...]:
        return (supervision.Detections(xyxy=xyxy, confidence=score, class_id=np.zeros(len(score), int)),)

    def rows(tracked: Any) -> Rows:
        named = tracked[tracked.tracker_id >= 0] if tracked.tracker_id is not None else tracked[[]]
        return np.column_stack([named.tracker_id + 1, named.xyxy, named.confidence]) if len(named) else np.zeros((0, 6))

    return Peer(getattr(trackers, class_name)(**options).update, prepare, rows)


def boxmot(name: str, **options: Any) -> Peer:
    """A tracker of the package boxmot, its defaults read from boxmot's own configuration."""
    from boxmot.trackers.factory import create_tracker  # type: ignore[import-not-found]
    from boxmot.trackers.specs import TrackerSpec  # type: ignore[import-not-found]

    tracker = create_tracker(TrackerSpec(name, options=tuple(sorted(options.items()))))

    def prepare(xyxy: np.ndarray, score: np.ndarray) -> tuple[Any, ...]:
        return (np.column_stack([xyxy, score, np.zeros(len(score))]).astype(np.float32),)

    def rows(tracked: Any) -> Rows:
        tracked = np.asarray(tracked, np.float64).reshape(-1, 8)
        return tracked[:, [4, 0, 1, 2, 3, 5]]

    return Peer(tracker.update, prepare, rows)


PEERS: dict[str, Callable[[], Peer]] = {
    "roboflow-sort": lambda: roboflow("SORTTracker"),
    "roboflow-bytetrack": lambda: roboflow("ByteTrackTracker"),
    "roboflow-ocsort": lambda: roboflow("OCSORTTracker"),
    # Camera motion is estimated from pictures, and there are only boxes here.
    "roboflow-botsort": lambda: roboflow("BoTSORTTracker", enable_cmc=False),
    "roboflow-cbiou": lambda: roboflow("CBIoUTracker"),
    "boxmot-bytetrack": lambda: boxmot("bytetrack"),
    "boxmot-ocsort": lambda: boxmot("ocsort"),
    "boxmot-boosttrack": lambda: boxmot("boosttrack", use_cmc=False, use_embeddings=False),
}


def track(peer: Peer, sequence: dict[str, Any], out: Path) -> float:
    """Track one sequence, write its MOT text file, return the seconds inside `update`."""
    table = np.loadtxt(sequence["detections"], delimiter=",", ndmin=2).reshape(-1, 7)
    table = table[np.argsort(table[:, 0], kind="stable")]
    ends = np.searchsorted(table[:, 0], np.arange(1, sequence["length"] + 1), side="right")
    seconds, lines = 0.0, []
    for number, rows in enumerate(np.split(table, ends)[:-1], start=1):
        xyxy = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1).astype(np.float32)
        arguments = peer.prepare(xyxy, rows[:, 6].astype(np.float32))
        start = process_time()
        tracked = peer.update(*arguments)
        seconds += process_time() - start
        for label, left, top, right, bottom, score in peer.rows(tracked):
            box = f"{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f}"
            lines.append(f"{number},{int(label)},{box},{score:.3f},-1,-1,-1\n")
    out.write_text("".join(lines))
    return seconds


def main(job_path: str, out: str) -> None:
    job = json.loads(Path(job_path).read_text())
    for name in job["trackers"]:
        folder = Path(out) / name
        folder.mkdir(parents=True, exist_ok=True)
        seconds = [track(PEERS[name](), sequence, folder / f"{sequence['name']}.txt") for sequence in job["sequences"]]
        frames = sum(sequence["length"] for sequence in job["sequences"])
        folder.with_suffix(".json").write_text(json.dumps({"seconds": sum(seconds), "frames": frames}))
        print(f"{name}: {1000 * sum(seconds) / frames:.2f} ms a frame", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
