"""`followspot benchmark tracks`: Followspot and other projects' trackers on the same detections, in one run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tyro.conf import FlagCreatePairsOff

from tracker.tracker import TrackerOptions
from tracker.types import InputError

from .benchmark.boxes import write_boxes
from .benchmark.ours import run_ours
from .benchmark.peer_runs import check_peers, run_peers, with_reid
from .benchmark.peers import PEERS
from .benchmark.report import SPREAD, Entry, as_json, benchmark_table, draw_benchmark
from .benchmark.setup import BenchmarkSetup, set_up
from .benchmark.simulated_detector import STRENGTHS
from .run.checks import require_at_least
from .run.output import make_folder, show, write_json
from .run.parts import BUNDLED
from .run.png_file import require_png
from .scoring.confusion import Confusion, confusion, draw_confusion
from .scoring.labelled_boxes import pad, read_results, read_truth
from .scoring.score_files import score_files
from .scoring.sequences import TruthSequence
from .scoring.track_scores import TrackScores, pool


class Run(NamedTuple):
    """One tracker over all sequences: the scores of each, and the cost as its JSON file has it."""

    scores: list[TrackScores]
    cost: dict[str, float]


@dataclass(frozen=True)
class BenchmarkTracksCommand:
    """Track the same detections with Followspot and other projects' trackers, with their defaults, and score them all.

    The peers (roboflow/trackers and BoxMOT) are installed by uv into environments of their own. Where every sequence
    has pictures (img1/ or SEQUENCE.mp4 in its folder, or --pictures), the trackers with camera motion compensation use
    them, and Followspot runs three times: without re-ID, also without camera cut detection, and with re-ID; the peers
    that take appearance run with --peer-reid. Followspot's rows are those of `track --detections FILE`.
    Writes every tracker's result files, benchmark.json and benchmark.png.
    """

    gt: Path
    """Sequences with truth: a folder of SEQUENCE/gt/gt.txt with seqinfo.ini, or one such sequence folder."""
    detections: tuple[str, ...] = ("exact", "simulated")
    """Input of the trackers: exact (the truth's boxes), mild, simulated or strong (a simulated detector with
    few to many errors), bundled (our detector on the pictures, run once and kept), detector (the same with the one of
    --detector), or a file that lies in each sequence folder, such as det/det.txt."""
    detector: str = BUNDLED
    """The network of `--detections detector`: `bundled`, or any Ultralytics model in one file."""
    simulate: int = 1
    """Number of seeds of the simulated detector; scores are pooled over them, and their spread is shown."""
    peers: tuple[str, ...] = tuple(PEERS)
    """Other projects' trackers to run; give the flag without a name to run Followspot alone."""
    pictures: Path | None = None
    """Where the pictures are, if not in the sequences' folders: a folder that holds SEQUENCE.mp4 or SEQUENCE/ with
    images, or the video of the only sequence."""
    reid: tuple[str, ...] = (BUNDLED,)
    """Encoders of Followspot's rows with re-ID: names as in `track`, files, or `none` to leave these rows out."""
    peer_reid: Path | None = None
    """Weights for the peers that take appearance, such as torchreid's osnet_x0_25_msmt17.pth; BoxMOT recognises the
    network by the file's name."""
    only: tuple[str, ...] = ()
    """Names of sequences, to leave out the others."""
    cast: int | None = None
    """How many people there are in each sequence: adds a row of Followspot with `track --cast`."""
    refine: FlagCreatePairsOff[bool] = False
    """Add a row of Followspot with the second pass of `track --refine`. It is offline: only this row uses frames that
    come more than 1.2 s later."""
    at_once: FlagCreatePairsOff[bool] = False
    """Add a row of what Followspot knows of each frame without any later one, as peers give it."""
    keyframes: FlagCreatePairsOff[bool] = False
    """Add a row of Followspot that takes of the boxes those of keyframes, as `track` does by default. Scores are those
    of boxes on straight lines between them; the share of frames whose boxes count is told."""
    confusion: Path | None = None
    """Draw the confusions into this PNG: people of the truth against ids, for every tracker."""
    out: Path = Path("runs/benchmark")
    """Folder for the results; what an earlier benchmark left there is overwritten."""
    tracker: TrackerOptions = field(default_factory=TrackerOptions)

    def run(self) -> None:
        check_peers(self.peers)
        require_png("confusion", self.confusion)
        require_at_least(1, "simulate", self.simulate, "it is a number of seeds")
        if self.peer_reid is not None and not self.peer_reid.is_file():
            raise InputError(f"there are no weights {self.peer_reid} for --peer-reid")
        peers = with_reid(self.peers) if self.peer_reid else self.peers
        setup = set_up(self.gt, self.only, self.pictures, self.reid, peers)
        setup = replace(setup, cast=self.cast, refine=self.refine, at_once=self.at_once, keyframes=self.keyframes)
        make_folder(self.out)
        entries = [entry for kind in self.detections for entry in self._benchmark(kind, setup)]
        ours = [variant.name for variant in setup.ours(self.tracker)]
        names = [sequence.name for sequence in setup.sequences]
        lags = {variant.name: variant.lag for variant in setup.ours(self.tracker)}
        write_json({**as_json(entries, names, self.simulate), "lag_seconds": lags}, self.out / "benchmark.json")
        draw_benchmark(entries, ours, self.out / "benchmark.png")
        for kind in self.detections:
            show(benchmark_table([entry for entry in entries if entry.detections == kind], ours))
        if self.confusion is not None:
            draw_confusion(self._confusion(setup), self.confusion)
        print(lag_line(lags))
        print(f"results in {self.out}")

    def _benchmark(self, kind: str, setup: BenchmarkSetup) -> list[Entry]:
        runs = [self._run(kind, seed, setup) for seed in range(self.simulate if kind in STRENGTHS else 1)]
        return [_entry(name, kind, setup.sequences, [run[name] for run in runs]) for name in runs[0]]

    def _run(self, kind: str, seed: int, setup: BenchmarkSetup) -> dict[str, Run]:
        """Every tracker's run, by its name."""
        out = self._folder(kind, seed)
        files = [write_boxes(kind, seed, each, self.detector, out / "detections") for each in setup.sequences]
        for variant in setup.ours(self.tracker):
            run_ours(variant, setup.sequences, files, out / variant.name)
        run_peers(setup.peers, setup.jobs(files), out, self.peer_reid)
        names = self._names(setup)
        results = [out / name / f"{sequence.name}.txt" for name in names for sequence in setup.sequences]
        scores = score_files(list(setup.sequences) * len(names), results)
        count = len(setup.sequences)
        return {
            name: Run(scores[i * count : (i + 1) * count], json.loads((out / f"{name}.json").read_text()))
            for i, name in enumerate(names)
        }

    def _names(self, setup: BenchmarkSetup) -> list[str]:
        return [*(variant.name for variant in setup.ours(self.tracker)), *setup.peers]

    def _folder(self, kind: str, seed: int) -> Path:
        folder = self.out / kind.replace("/", "-").removesuffix(".txt")
        return folder / f"seed-{seed + 1}" if self.simulate > 1 and kind in STRENGTHS else folder

    def _confusion(self, setup: BenchmarkSetup) -> list[list[tuple[str, Confusion]]]:
        """A group of panels for each kind of detections and sequence, of the first seed, with a panel a tracker."""
        return [
            [
                (f"{name}\n{sequence.name}, {kind}", _confusion(sequence, self._folder(kind, 0) / name))
                for name in self._names(setup)
            ]
            for kind in self.detections
            for sequence in setup.sequences
        ]


def lag_line(lags: Mapping[str, float | None]) -> str:
    """How many seconds of video our rows, by name, come after their frames; None for two passes."""
    late = ", ".join(f"{name} {'two passes' if lag is None else f'{lag:g} s'}" for name, lag in lags.items())
    return f"lag: {late}, other projects' trackers 0 s"


def _entry(
    name: str,
    kind: str,
    sequences: Sequence[TruthSequence],
    runs: Sequence[Run],
) -> Entry:
    """All seeds of one tracker pooled, with the spread between them."""
    pooled = [pool(scores).numbers() for scores, _ in runs]
    spread = {score: float(np.std([each[score] for each in pooled], ddof=1)) for score in SPREAD if len(runs) > 1}
    by_sequence = {
        sequence.name: pool([scores[index] for scores, _ in runs]) for index, sequence in enumerate(sequences)
    }
    spent = {key: sum(cost[key] for _, cost in runs) for key in runs[0].cost}
    cost = {"ms_per_frame": 1000 * spent["seconds"] / spent["frames"]}
    if "embedded" in spent:
        cost |= {
            "crops_per_frame": spent["embedded"] / spent["frames"],
            "frames_embedded": spent["frames_embedded"] / spent["frames"],
        }
    if "frames_detected" in spent:
        cost["frames_detected"] = spent["frames_detected"] / spent["frames"]
    return Entry(
        name,
        kind,
        pool(score for scores, _ in runs for score in scores),
        cost,
        by_sequence,
        spread,
        [score.ids == score.truth_ids for scores, _ in runs for score in scores],
    )


def _confusion(sequence: TruthSequence, folder: Path) -> Confusion:
    length = sequence.length or 0
    return confusion(
        pad(read_truth(sequence.truth), length), pad(read_results(folder / f"{sequence.name}.txt"), length)
    )
