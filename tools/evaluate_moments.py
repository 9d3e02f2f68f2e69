"""`followspot evaluate moments`: whether the doubtful moments of runs are the wrong ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from tyro.conf import Positional

from tracker.types import InputError

from .run.doubtful_moments import found_in
from .run.output import count, show, write_json
from .run.tracked_run import read_run
from .scoring.labelled_boxes import pad, read_truth
from .scoring.moment_scores import MomentScore, moment_score, wrong_stretches
from .scoring.score_files import POOLED, pooled_table

COLUMNS = ("wrong stretches", "of them found", "moments shown", "of them wrong")


@dataclass(frozen=True)
class EvaluateMomentsCommand:
    """Count the doubtful moments that a run's report and review show against truth.

    A wrong stretch: five boxes or more of an id on a person that is not its own. Found: a moment about one of its ids
    is there, or within 0.7 s.
    """

    runs: Positional[tuple[Path, ...]]
    """Folders of runs, one after the other."""
    gt: tuple[Path, ...]
    """The truths of their videos in the same order, each a file as of `evaluate tracks`."""
    json: Path | None = None
    """Write the numbers to this file as well."""

    def run(self) -> None:
        """Raises InputError where a run or a truth cannot be read, or where they are not as many."""
        if len(self.runs) != len(self.gt) or not self.runs:
            raise InputError(
                f"{count(len(self.runs), 'run')} but {count(len(self.gt), 'truth')}: give --gt one file for each run"
            )
        scores = {str(run): _score(run, truth) for run, truth in zip(self.runs, self.gt, strict=True)}
        scores[POOLED] = sum(scores.values(), MomentScore())
        rows = {name: (each.wrong, each.found, each.shown, each.right) for name, each in scores.items()}
        show(pooled_table("run", COLUMNS, {name: [*map(str, counts)] for name, counts in rows.items()}))
        if self.json:
            write_json({name: asdict(score) for name, score in scores.items()}, self.json)


def _score(folder: Path, truth: Path) -> MomentScore:
    run = read_run(folder)
    tracks = run.tracks()
    length = (run.frames - 1) * run.stride + 1
    true = pad(read_truth(truth)[:length], length)[:: run.stride]
    stretches = wrong_stretches(true, tracks, run.fps)
    for stretch in stretches:  # as the video counts
        stretch.first, stretch.last = stretch.first * run.stride, stretch.last * run.stride
    return moment_score(stretches, found_in(folder), run.fps * run.stride)
