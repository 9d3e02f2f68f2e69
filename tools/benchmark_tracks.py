"""`followspot benchmark tracks`: our tracker and other people's on the same detections, in one run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tyro.conf import FlagCreatePairsOff

from tracker.offline.refinement import RefinementOptions
from tracker.tracker import TrackerOptions
from tracker.types import InputError

from .benchmark.boxes import write_boxes
from .benchmark.ours import run_ours
from .benchmark.peer_runs import check_peers, run_peers, with_reid
from .benchmark.peers import PEERS
from .benchmark.report import SPREAD, Cost, Entry, as_json, benchmark_table, draw_benchmark
from .benchmark.setup import OURS, OURS_REFINED, OURS_WITH_CAST, OURS_WITH_REID, Contest, enter
from .benchmark.simulated_detector import STRENGTHS
from .run.output import show, write_json
from .run.parts import BUNDLED
from .scoring.confusion import Confusion, confusion, draw_confusion
from .scoring.labelled_boxes import pad, read_results, read_truth
from .scoring.score_files import score_files
from .scoring.sequences import TruthSequence
from .scoring.track_scores import Scores, pool


@dataclass(frozen=True)
class BenchmarkTracksCommand:
    """Track the same detections with our tracker and with other people's, each with its defaults, and score them all.

    The peers (roboflow/trackers and BoxMOT) are installed by uv into environments of their own. Where every sequence
    has pictures (img1/ or SEQUENCE.mp4 in its folder, or --pictures), the trackers that reckon with camera motion do,
    and ours runs twice, without and with re-ID; so do the peers that take appearance, with --peer-reid. Writes every
    tracker's result files, benchmark.json and benchmark.png.
    """

    gt: Path
    """Sequences with truth: a folder of SEQUENCE/gt/gt.txt with seqinfo.ini, or one such sequence folder."""
    detections: tuple[str, ...] = ("exact", "simulated")
    """What the trackers are fed with: exact (the truth's boxes), mild, simulated or strong (a simulated detector with
    few to many errors), bundled (our detector on the pictures, run once and kept), or a file that lies in each
    sequence folder, such as det/det.txt."""
    simulate: int = 1
    """With how many seeds the simulated detector runs; scores are pooled over them, and their spread is told."""
    peers: tuple[str, ...] = tuple(PEERS)
    """Other people's trackers to run; give the flag without a name to run ours alone."""
    pictures: Path | None = None
    """Where the pictures are, if not in the sequences' folders: a folder that holds SEQUENCE.mp4 or SEQUENCE/ with
    images, or the video of the only sequence."""
    reid: str = BUNDLED
    """What our row with re-ID knows people by: `bundled`, a file, or `none` to leave that row out."""
    peer_reid: Path | None = None
    """Weights for the peers that take appearance, such as torchreid's osnet_x0_25_msmt17.pth; BoxMOT tells the network
    by the file's name."""
    only: tuple[str, ...] = ()
    """Names of sequences, to leave out the others."""
    cast: int | None = None
    """How many people there are in each sequence: adds a row of ours that is told, as by `track --cast`."""
    refine: FlagCreatePairsOff[bool] = False
    """Add a row of ours with the second pass, as by `track --refine`. It is offline: no other row has seen what
    comes later."""
    confusion: Path | None = None
    """Draw who was confused with whom into this PNG: people of the truth against ids, for every tracker."""
    out: Path = Path("runs/benchmark")
    """Folder for the results; what an earlier benchmark left there is overwritten."""
    tracker: TrackerOptions = field(default_factory=TrackerOptions)

    def run(self) -> None:
        check_peers(self.peers)
        if self.simulate < 1:
            raise InputError(f"--simulate must be at least 1, not {self.simulate}: it is a number of seeds")
        if self.peer_reid is not None and not self.peer_reid.is_file():
            raise InputError(f"there are no weights {self.peer_reid} for --peer-reid")
        peers = with_reid(self.peers) if self.peer_reid else self.peers
        contest = enter(self.gt, self.only, self.pictures, self.reid, peers, self.cast, self.refine)
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the folder {self.out}: {error.strerror}") from error
        entries = [entry for kind in self.detections for entry in self._benchmark(kind, contest)]
        names = [sequence.name for sequence in contest.sequences]
        write_json(as_json(entries, names, self.simulate), self.out / "benchmark.json")
        draw_benchmark(entries, contest.ours, self.out / "benchmark.png")
        for kind in self.detections:
            show(benchmark_table([entry for entry in entries if entry.detections == kind], contest.ours))
        if self.confusion is not None:
            draw_confusion(self._confusion(contest), self.confusion)
        print(f"results in {self.out}")

    def _benchmark(self, kind: str, contest: Contest) -> list[Entry]:
        rounds = [self._round(kind, seed, contest) for seed in range(self.simulate if kind in STRENGTHS else 1)]
        return [_entry(name, kind, contest.sequences, [each[name] for each in rounds]) for name in contest.names]

    def _round(self, kind: str, seed: int, contest: Contest) -> dict[str, tuple[list[Scores], dict[str, float]]]:
        """The scores of each sequence, and the cost, by tracker."""
        out = self._folder(kind, seed)
        files = [
            write_boxes(kind, seed, sequence, contest.pictures_of(index), out / "detections")
            for index, sequence in enumerate(contest.sequences)
        ]
        run_ours(contest.sequences, files, self.tracker, out / OURS)
        if contest.embedder is not None:
            run_ours(contest.sequences, files, self.tracker, out / OURS_WITH_REID, contest.pictures, contest.embedder)
        if contest.cast is not None:
            told = replace(self.tracker, cast=contest.cast)
            run_ours(contest.sequences, files, told, out / OURS_WITH_CAST, contest.pictures, contest.embedder)
        if contest.refine:
            pictures, refinement = contest.pictures, RefinementOptions()
            run_ours(contest.sequences, files, self.tracker, out / OURS_REFINED, pictures, contest.embedder, refinement)
        run_peers(contest.peers, contest.jobs(files), out, self.peer_reid)
        results = [out / name / f"{sequence.name}.txt" for name in contest.names for sequence in contest.sequences]
        scores = score_files(list(contest.sequences) * len(contest.names), results)
        count = len(contest.sequences)
        return {
            name: (scores[i * count : (i + 1) * count], json.loads((out / f"{name}.json").read_text()))
            for i, name in enumerate(contest.names)
        }

    def _folder(self, kind: str, seed: int) -> Path:
        folder = self.out / kind.replace("/", "-").removesuffix(".txt")
        return folder / f"seed-{seed + 1}" if self.simulate > 1 and kind in STRENGTHS else folder

    def _confusion(self, contest: Contest) -> list[list[tuple[str, Confusion]]]:
        """A group of panels for each kind of detections and sequence, of the first seed, with a panel a tracker."""
        return [
            [
                (f"{name}\n{sequence.name}, {kind}", _confusion(sequence, self._folder(kind, 0) / name))
                for name in contest.names
            ]
            for kind in self.detections
            for sequence in contest.sequences
        ]


def _entry(
    name: str,
    kind: str,
    sequences: Sequence[TruthSequence],
    rounds: Sequence[tuple[Sequence[Scores], dict[str, float]]],
) -> Entry:
    """All seeds of one tracker pooled, with the spread between them."""
    pooled = [pool(scores).numbers() for scores, _ in rounds]
    spread = {score: float(np.std([each[score] for each in pooled], ddof=1)) for score in SPREAD if len(rounds) > 1}
    by_sequence = {
        sequence.name: pool([scores[index] for scores, _ in rounds]) for index, sequence in enumerate(sequences)
    }
    cost = {key: sum(cost[key] for _, cost in rounds) for key in rounds[0][1]}
    return Entry(
        name,
        kind,
        pool(score for scores, _ in rounds for score in scores),
        Cost(
            1000 * cost["seconds"] / cost["frames"],
            cost["embedded"] / cost["frames"] if "embedded" in cost else None,
            cost["frames_embedded"] / cost["frames"] if "embedded" in cost else None,
        ),
        by_sequence,
        spread,
        [score.ids == score.truth_ids for scores, _ in rounds for score in scores],
    )


def _confusion(sequence: TruthSequence, folder: Path) -> Confusion:
    length = sequence.length or 0
    return confusion(
        pad(read_truth(sequence.truth), length), pad(read_results(folder / f"{sequence.name}.txt"), length)
    )
