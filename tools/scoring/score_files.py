"""Result files scored against truth, one or many."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.table import Table

from tracker.types import InputError

from ..run.orphans import end_with_parent
from ..run.output import number_table
from .labelled_boxes import pad, read_results, read_truth
from .sequences import TruthSequence, find_results, find_sequences
from .track_scores import TrackScores, pool, score_sequence

POOLED = "pooled"


def pooled_table(first: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Table:
    """A table of numbers, a row for each of `rows` by its name, that of `POOLED` set off from the others."""
    table = number_table(first, columns)
    for name, cells in rows.items():
        if name == POOLED:
            table.add_section()
        table.add_row(name, *cells, style="bold" if name == POOLED else None)
    return table


def evaluate(truth: Path, results: Path, processes: int | None = None) -> dict[str, TrackScores]:
    """Scores by sequence name, and all of them pooled under `POOLED`; layouts as in `EvaluateTracksCommand`.

    `processes` is how many sequences are scored at a time, by default as many as pay.
    Raises InputError for a missing or unreadable file, and where there is no true box at all.
    """
    sequences = find_sequences(truth)
    scored = score_files(sequences, find_results(sequences, results), processes)
    if not any(score.truth_ids for score in scored):
        raise InputError(f"{truth} holds no box that counts as truth, so there is nothing to score against")
    scores = {sequence.name: score for sequence, score in zip(sequences, scored, strict=True)}
    return {**scores, POOLED: pool(scored)}


def score_files(
    sequences: Sequence[TruthSequence], results: Sequence[Path], processes: int | None = None
) -> list[TrackScores]:
    """`score_file` for each pair, in order, `processes` of them at a time, by default as many as pay."""
    # A process takes seconds to import trackeval; that pays where it has a few sequences to score.
    processes = min(processes or min(os.cpu_count() or 1, len(sequences) // 4), len(sequences))
    if processes <= 1:
        return list(map(score_file, sequences, results))
    # Not forked: a fork copies the locks of whatever threads the caller has running.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=end_with_parent) as workers:
        return list(workers.map(score_file, sequences, results))


def score_file(sequence: TruthSequence, results: Path) -> TrackScores:
    """Scores of one result file.

    Raises InputError where a file cannot be read, has frames beyond the sequence, or no frame has boxes in both.
    """
    truth, tracks = read_truth(sequence.truth), read_results(results)
    length = sequence.length or max(len(truth), len(tracks))
    for path, boxes in ((sequence.truth, truth), (results, tracks)):
        if len(boxes) > length:
            raise InputError(f"{path} has frame {len(boxes)}, but {sequence.name} has only {length} frames")
    boxes_in = [{index for index, people in enumerate(boxes) if len(people.ids)} for boxes in (truth, tracks)]
    if all(boxes_in) and not set.intersection(*boxes_in):
        frames, theirs = (f"{min(found) + 1} to {max(found) + 1}" for found in boxes_in)
        raise InputError(
            f"{results} has no frame in common with {sequence.truth}: its boxes are in frames {theirs}, the truth's in "
            f"{frames}; give the results of {sequence.name}"
        )
    return score_sequence(pad(truth, length), pad(tracks, length))
