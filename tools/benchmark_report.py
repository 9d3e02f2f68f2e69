"""The benchmark's numbers as a table, as JSON and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from .track_scores import Scores

SHOWN = ("HOTA", "DetA", "AssA", "MOTA", "IDF1", "IDSW", "ids")


@dataclass(frozen=True, slots=True)
class Entry:
    """One tracker on one kind of detections: pooled scores, and milliseconds a frame inside `update`."""

    tracker: str
    detections: str
    scores: Scores
    milliseconds: float


def benchmark_table(entries: Sequence[Entry], ours: str) -> Table:
    """The trackers on one kind of detections, best HOTA first; the last columns divide ours by theirs."""
    own = next(entry for entry in entries if entry.tracker == ours)
    table = Table(title=f"detections: {own.detections}", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("tracker", no_wrap=True)
    for name in [*SHOWN, "ms/frame", "HOTA ours/theirs", "ms ours/theirs"]:
        table.add_column(name, justify="right")
    for entry in sorted(entries, key=lambda entry: -entry.scores.hota):
        numbers = entry.scores.numbers()
        ratios = own.scores.hota / max(entry.scores.hota, 1e-9), own.milliseconds / max(entry.milliseconds, 1e-9)
        cells = [_text(numbers[name]) for name in SHOWN] + [f"{value:.2f}" for value in (entry.milliseconds, *ratios)]
        table.add_row(entry.tracker, *cells, style="bold" if entry is own else None)
    return table


def as_json(entries: Sequence[Entry], sequences: Sequence[str]) -> dict[str, object]:
    """The names of the "sequences", and under "detections" for each kind the pooled scores of each tracker."""
    kinds: dict[str, dict[str, dict[str, float | int]]] = {}
    for entry in entries:
        numbers = {**entry.scores.numbers(), "ms_per_frame": entry.milliseconds}
        kinds.setdefault(entry.detections, {})[entry.tracker] = numbers
    return {"sequences": list(sequences), "detections": kinds}


def draw_benchmark(entries: Sequence[Entry], ours: str, path: Path) -> None:
    """A PNG with one panel a kind of detections: HOTA as bars, AssA and IDF1 as marks, best at the top."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kinds = list(dict.fromkeys(entry.detections for entry in entries))
    figure = Figure(figsize=(6 * len(kinds), 1.5 + 0.35 * len(entries) / len(kinds)), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, kind in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        chosen = sorted((entry for entry in entries if entry.detections == kind), key=lambda entry: entry.scores.hota)
        colours = ["#e4572e" if entry.tracker == ours else "#a9b4c2" for entry in chosen]
        hota = [entry.scores.hota for entry in chosen]
        names = [f"{entry.tracker}  ({entry.milliseconds:.1f} ms)" for entry in chosen]
        axes.barh(names, hota, height=0.7, color=colours, label="HOTA")
        for name, value in zip(names, hota, strict=True):
            axes.text(2, name, f"{value:.1f}", color="white", fontweight="bold", va="center")
        axes.scatter([entry.scores.ass_a for entry in chosen], names, marker="|", s=160, color="#17202a", label="AssA")
        axes.scatter([entry.scores.idf1 for entry in chosen], names, marker="d", s=26, color="#17202a", label="IDF1")
        axes.set(title=f"detections: {kind}", xlim=(0, 100))
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path, dpi=120)


def _text(value: float | int) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
