"""`followspot benchmark tracks`: our tracker and other people's on the same detections, in one run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

import numpy as np

from tracker.boxes import xyxy_to_xywh
from tracker.pipeline import replay
from tracker.results.mot_files import format_rows, read_detections
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Frame, FrameTracks, InputError

from .benchmark_report import Entry, as_json, benchmark_table, draw_benchmark
from .evaluate import score_files, show
from .json_file import write_json
from .labelled_boxes import LabelledBoxes, read_truth
from .peer_runs import check_peers, run_peers
from .peers import PEERS
from .sequences import TruthSequence, find_sequences
from .simulated_detector import STRENGTHS, simulate
from .track_scores import pool

OURS = "followspot"


@dataclass(frozen=True)
class BenchmarkTracks:
    """Track the same detections with our tracker and with other people's, each with its defaults, and score them all.

    Motion only: no tracker gets a picture. The peers (roboflow/trackers and BoxMOT) are installed by uv into
    environments of their own. Writes every tracker's result files, benchmark.json and benchmark.png.
    """

    gt: Path
    """Sequences with truth: a folder of SEQUENCE/gt/gt.txt with seqinfo.ini, or one such sequence folder."""
    detections: tuple[str, ...] = ("exact", "simulated")
    """What the trackers are fed with: exact (the truth's boxes), mild, simulated or strong (a simulated detector with
    few to many errors), or a file that lies in each sequence folder, such as det/det.txt."""
    peers: tuple[str, ...] = tuple(PEERS)
    """Other people's trackers to run; give the flag without a name to run ours alone."""
    out: Path = Path("runs/benchmark")
    """Folder for the results; what an earlier benchmark left there is overwritten."""
    tracker: TrackerOptions = field(default_factory=TrackerOptions)

    def run(self) -> None:
        check_peers(self.peers)
        sequences = [_measured(sequence) for sequence in find_sequences(self.gt)]
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the folder {self.out}: {error.strerror}") from error
        entries = [entry for kind in self.detections for entry in self._benchmark(kind, sequences)]
        write_json(as_json(entries, [sequence.name for sequence in sequences]), self.out / "benchmark.json")
        draw_benchmark(entries, OURS, self.out / "benchmark.png")
        for kind in self.detections:
            show(benchmark_table([entry for entry in entries if entry.detections == kind], OURS))
        print(f"results in {self.out}")

    def _benchmark(self, kind: str, sequences: Sequence[TruthSequence]) -> list[Entry]:
        out = self.out / kind.replace("/", "-").removesuffix(".txt")
        files = [_write_detections(kind, sequence, out / "detections") for sequence in sequences]
        jobs: list[dict[str, object]] = [
            {"name": sequence.name, "length": sequence.length, "detections": str(file.resolve())}
            for sequence, file in zip(sequences, files, strict=True)
        ]
        run_peers(self.peers, jobs, out)
        run_ours(sequences, files, self.tracker, out / OURS)
        names = [OURS, *self.peers]
        results = [out / name / f"{sequence.name}.txt" for name in names for sequence in sequences]
        scores = score_files(list(sequences) * len(names), results)
        return [
            Entry(name, kind, pool(scores[i * len(sequences) : (i + 1) * len(sequences)]), _milliseconds(out, name))
            for i, name in enumerate(names)
        ]


class TimedTracker(Tracker):
    """A tracker that adds up the processor seconds spent inside `update`."""

    seconds = 0.0

    def update(self, frame: Frame, detections: Detections) -> FrameTracks:
        start = process_time()
        tracks = super().update(frame, detections)
        self.seconds += process_time() - start
        return tracks


def run_ours(
    sequences: Sequence[TruthSequence], detections: Sequence[Path], options: TrackerOptions, out: Path
) -> None:
    """Our tracker over `detections` (MOT text, one file a sequence); writes what `run_peers` writes for a peer."""
    out.mkdir(parents=True, exist_ok=True)
    seconds, frames = 0.0, 0
    for sequence, file in zip(sequences, detections, strict=True):
        tracker = TimedTracker(options, picture=sequence.size)
        length, fps = sequence.length or 0, sequence.fps or 30.0
        rows = [
            format_rows(tracks) for _, tracks in replay(read_detections(file), length=length, fps=fps, tracker=tracker)
        ]
        (out / f"{sequence.name}.txt").write_text("".join(rows))
        seconds, frames = seconds + tracker.seconds, frames + length
    out.with_suffix(".json").write_text(json.dumps({"seconds": seconds, "frames": frames}))
    print(f"{OURS}: {1000 * seconds / frames:.2f} ms a frame")


def _milliseconds(out: Path, name: str) -> float:
    timing = json.loads((out / f"{name}.json").read_text())
    return 1000 * timing["seconds"] / timing["frames"]


def _measured(sequence: TruthSequence) -> TruthSequence:
    if sequence.length and sequence.size and sequence.fps:
        return sequence
    raise InputError(f"{sequence.folder}/seqinfo.ini should give seqLength, frameRate, imWidth and imHeight")


def _write_detections(kind: str, sequence: TruthSequence, folder: Path) -> Path:
    """The MOT text file with what every tracker is fed for one sequence."""
    if kind != "exact" and kind not in STRENGTHS:
        path = sequence.folder / kind
        if not path.is_file():
            raise InputError(f"{path} is not there; --detections takes exact, {', '.join(STRENGTHS)} or a file name")
        return path
    truth = read_truth(sequence.truth)
    seen = (
        _exact(truth) if kind == "exact" else simulate(truth, sequence.size or (0, 0), sequence.name, STRENGTHS[kind])
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sequence.name}.txt"
    path.write_text("".join(_lines(number, detections) for number, detections in enumerate(seen, start=1)))
    return path


def _exact(truth: Sequence[LabelledBoxes]) -> list[Detections]:
    return [Detections(people.xyxy, np.ones(len(people.ids), np.float32)) for people in truth]


def _lines(number: int, detections: Detections) -> str:
    rows = zip(xyxy_to_xywh(detections.xyxy.astype(np.float64)).tolist(), detections.score.tolist(), strict=True)
    return "".join(f"{number},-1,{x:.2f},{y:.2f},{w:.2f},{h:.2f},{score:.3f}\n" for (x, y, w, h), score in rows)
