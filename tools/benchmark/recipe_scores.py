"""Scores of training runs: a mean over seeds a recipe, and paired differences with their standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from reid.data.crops import Split, grouped, people
from reid.data.images import readable
from reid.encoder.embedder import Embedder
from reid.evaluation.evaluation import embed_parts
from reid.evaluation.protocols import PROTOCOLS, Embedded, evaluate, reassociation, rows_not_trained_on

from ..run.output import number_table

CLEAN, PUBLISHED = "dancereid-clean", "dancereid-published"


@dataclass(frozen=True)
class RunScores:
    """One run: scores in percent by column name, and by video its rank-1 within it after each gap."""

    recipe: str
    seed: int
    scores: dict[str, float]
    by_video: dict[str, dict[str, float]]


def gap_name(gap: int) -> str:
    """The column of rank-1 within a video after so many frames."""
    return f"{gap} frames on"


def run_scores(recipe: str, seed: int, split: Split, embedder: Embedder, gaps: Sequence[int]) -> RunScores:
    """Scores of an encoder on a split's query and gallery: mAP, rank-1 and 5 of both protocols of dance data, gaps."""
    query, gallery = readable(split.query)[0], readable(split.gallery)[0]
    crops = Split([], query, gallery).crops()
    asked, searched, rows = embed_parts((query, gallery, crops), embedder)
    scores: dict[str, float] = {}
    for protocol in (CLEAN, PUBLISHED):
        left_out = people(split.train) if protocol == CLEAN else []
        one, other = (part[rows_not_trained_on(part.labels, left_out)] for part in (asked, searched))
        found = evaluate(one, other, PROTOCOLS[protocol])
        scores |= {
            f"{protocol} {name}": 100 * value
            for name, value in (
                ("mAP", found.mean_average_precision),
                ("rank-1", found.rank(1)),
                ("rank-5", found.rank(5)),
            )
        }
    by_video = {
        video: within(rows[np.array(own)], gaps)
        for video, own in grouped(range(len(crops)), lambda row: crops[row].video).items()
    }
    for name in map(gap_name, gaps):
        scores[name] = mean([of[name] for of in by_video.values() if name in of])
    return RunScores(recipe, seed, scores, by_video)


def within(rows: Embedded, gaps: Sequence[int]) -> dict[str, float]:
    """Rank-1 in percent within one video, by gap; gaps without a question are left out."""
    found = reassociation(rows, gaps)
    return {gap_name(gap): 100 * answer.rank1 for gap, answer in found.items() if answer.rank1 is not None}


def score_table(runs: Sequence[RunScores]) -> Table:
    """One row a recipe: mean over the seeds, and the standard deviation where there are several."""
    columns = list(runs[0].scores)
    table = number_table("recipe", (*map(short, columns), "seeds"), "percent, mean ± standard deviation over seeds")
    for recipe, own in grouped(runs, lambda run: run.recipe).items():
        values = np.array([[run.scores[name] for name in columns] for run in own])  # (seeds, columns)
        spread = values.std(axis=0, ddof=1) if len(own) > 1 else np.full(len(columns), np.nan)
        table.add_row(recipe, *map(with_spread, values.mean(axis=0), spread), str(len(own)))
    return table


def difference_table(runs: Sequence[RunScores], against: str, gaps: Sequence[int]) -> Table:
    """Each recipe less `against`, of the same seed: mean ± standard error over the seeds; then over the videos.

    A difference of more than twice its standard error is not chance.
    """
    reference = {run.seed: run for run in runs if run.recipe == against}
    columns = list(runs[0].scores)
    per_video = [f"{gap_name(gap)}, by video" for gap in gaps]
    table = number_table("recipe", (*map(short, columns), *per_video), f"difference from {against}, ± standard error")
    for recipe, own in grouped(runs, lambda run: run.recipe).items():
        pairs = [(run, reference[run.seed]) for run in own if run.seed in reference]
        if recipe == against or not pairs:
            continue
        by_seed = [[run.scores[name] - other.scores[name] for run, other in pairs] for name in columns]
        by_video = [video_differences(pairs, gap_name(gap)) for gap in gaps]
        table.add_row(recipe, *(with_spread(mean(d), standard_error(d), "+") for d in (*by_seed, *by_video)))
    return table


def video_differences(pairs: Sequence[tuple[RunScores, RunScores]], column: str) -> list[float]:
    """For each video the mean over the pairs of runs of the difference of a score in it."""
    videos = [video for video, scores in pairs[0][0].by_video.items() if column in scores]
    return [float(np.mean([a.by_video[v][column] - b.by_video[v][column] for a, b in pairs])) for v in videos]


def mean(values: Sequence[float]) -> float:
    """Their mean; nan for none."""
    return float(np.mean(values)) if values else float("nan")


def standard_error(values: Sequence[float]) -> float:
    """Standard error of the mean; nan for a single value."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def with_spread(mean: float, spread: float, sign: str = "") -> str:
    """`86.1 ± 0.4`; without the spread where that is not known, and a dash where nothing is."""
    if np.isnan(mean):
        return "-"
    return f"{mean:{sign}.1f}" + (f" ± {spread:.1f}" if np.isfinite(spread) else "")


def short(column: str) -> str:
    """A column's name in the table."""
    return column.removeprefix("dancereid-")
