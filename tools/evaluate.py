"""`followspot evaluate tracks`: HOTA, MOTA, IDF1 and ID switches of result files against their truth."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tracker.types import InputError

from .json_file import write_json
from .labelled_boxes import pad, read_results, read_truth
from .sequences import TruthSequence, find_results, find_sequences
from .track_scores import Scores, pool, score_sequence

POOLED = "pooled"


@dataclass(frozen=True)
class EvaluateTracks:
    """Score tracks against truth: HOTA, DetA, AssA, MOTA, IDF1 and ID switches, per sequence and pooled.

    The numbers are trackeval's with DO_PREPROC=False: every truth row with a mark (7th column) other than 0 counts,
    of whatever class, and no result is forgiven for lying on a distractor.
    """

    gt: Path
    """Truth: a folder of sequences (SEQUENCE/gt/gt.txt), one sequence folder, or one MOT text file."""
    results: Path
    """Tracks: a folder with SEQUENCE.txt or SEQUENCE/tracks.txt, or one MOT text file."""
    json: Path | None = None
    """Write the numbers to this file as well."""

    def run(self) -> None:
        scores = evaluate(self.gt, self.results)
        show(score_table(scores))
        if self.json:
            write_json(as_json(scores), self.json)


def evaluate(truth: Path, results: Path, processes: int | None = None) -> dict[str, Scores]:
    """Scores by sequence name, and all of them pooled under `POOLED`; layouts as in `EvaluateTracks`.

    `processes` is how many sequences are scored at a time, by default as many as pay.
    Raises InputError for a missing or unreadable file.
    """
    sequences = find_sequences(truth)
    scored = score_files(sequences, find_results(sequences, results), processes)
    scores = {sequence.name: score for sequence, score in zip(sequences, scored, strict=True)}
    return {**scores, POOLED: pool(scored)}


def score_files(
    sequences: Sequence[TruthSequence], results: Sequence[Path], processes: int | None = None
) -> list[Scores]:
    """`score_file` for each pair, in order, `processes` of them at a time, by default as many as pay."""
    # A process takes seconds to import trackeval; that pays where it has a few sequences to score.
    processes = min(processes or min(os.cpu_count() or 1, len(sequences) // 4), len(sequences))
    if processes <= 1:
        return list(map(score_file, sequences, results))
    # Not forked: a fork copies the locks of whatever threads the caller has running.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as workers:
        return list(workers.map(score_file, sequences, results))


def score_file(sequence: TruthSequence, results: Path) -> Scores:
    """Scores of one result file. Raises InputError where a file cannot be read or has frames beyond the sequence."""
    truth, tracks = read_truth(sequence.truth), read_results(results)
    length = sequence.length or max(len(truth), len(tracks))
    for path, boxes in ((sequence.truth, truth), (results, tracks)):
        if len(boxes) > length:
            raise InputError(f"{path} has frame {len(boxes)}, but {sequence.name} has only {length} frames")
    return score_sequence(pad(truth, length), pad(tracks, length))


def score_table(scores: Mapping[str, Scores]) -> Table:
    """One row a sequence and one for all of them; percentages with one decimal."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("sequence", no_wrap=True)
    columns = list(next(iter(scores.values())).numbers())
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for name, score in scores.items():
        cells = [f"{value:.1f}" if isinstance(value, float) else str(value) for value in score.numbers().values()]
        if name == POOLED:
            table.add_section()
        table.add_row(name, *cells, style="bold" if name == POOLED else None)
    return table


def show(table: Table) -> None:
    """Print a table, in full width where the output is a file or a pipe, for which rich assumes 80 columns."""
    console = Console()
    (console if console.is_terminal else Console(width=140)).print(table)


def as_json(scores: Mapping[str, Scores]) -> dict[str, object]:
    """The numbers under "sequences", by name, and "pooled"."""
    sequences = {name: score.numbers() for name, score in scores.items() if name != POOLED}
    return {"sequences": sequences, POOLED: scores[POOLED].numbers()}
