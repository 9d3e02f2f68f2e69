"""The benchmark's numbers as a table, as JSON and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from ..run.output import number_table
from ..scoring.track_scores import TrackScores

SHOWN = ("HOTA", "DetA", "AssA", "IDF1", "IDSW", "ids")
SPREAD = ("HOTA", "DetA", "AssA", "IDF1")


@dataclass(frozen=True, slots=True)
class Entry:
    """One tracker on one kind of detections: pooled scores, those of each sequence by name, and the cost.

    `cost`: "ms_per_frame" of processor inside `update` and, where a tracker has re-ID, "crops_per_frame" embedded and
    "frames_embedded", the share of frames, in 0..1, in which any was; "frames_detected" the share whose boxes come from
    the detector, where they are not all.

    `spread` is the standard deviation of the scores `SPREAD` over the seeds of a simulated detector, where there are
    several. `ids_right` says of each sequence and seed whether there were as many ids as people.
    """

    tracker: str
    detections: str
    scores: TrackScores
    cost: Mapping[str, float]
    by_sequence: Mapping[str, TrackScores] = field(default_factory=dict)
    spread: Mapping[str, float] = field(default_factory=dict)
    ids_right: Sequence[bool] = ()


def benchmark_table(entries: Sequence[Entry], ours: Sequence[str]) -> Table:
    """The trackers on one kind of detections, best HOTA first; the last columns divide ours (the last) by theirs."""
    own = next(entry for entry in entries if entry.tracker == ours[-1])
    embedding = any("crops_per_frame" in entry.cost for entry in entries)
    costs = ["ms/frame", *(["crops/frame", "embedding"] if embedding else [])]
    columns = [*SHOWN, "ids right", *costs, "HOTA ours/theirs", "ms ours/theirs"]
    table = number_table("tracker", columns, f"detections: {own.detections}")
    for entry in sorted(entries, key=lambda entry: -entry.scores.hota):
        cost, own_ms, ms = entry.cost, own.cost["ms_per_frame"], entry.cost["ms_per_frame"]
        cells = [*_scores(entry), f"{sum(entry.ids_right)}/{len(entry.ids_right)}", f"{ms:.2f}"]
        if "crops_per_frame" in cost:
            cells += [f"{cost['crops_per_frame']:.2f}", f"{100 * cost['frames_embedded']:.1f}%"]
        elif embedding:
            cells += ["", ""]
        ratios = own.scores.hota / max(entry.scores.hota, 1e-9), own_ms / max(ms, 1e-9)
        cells += [f"{ratio:.2f}" for ratio in ratios]
        table.add_row(entry.tracker, *cells, style="bold" if entry.tracker in ours else None)
    return table


def as_json(entries: Sequence[Entry], sequences: Sequence[str], seeds: int) -> dict[str, object]:
    """The names of the "sequences", how many "seeds" the simulated detector had, and under "detections" for each kind
    the pooled scores of each tracker, in how many of its "runs" over a sequence there were as many ids as people
    ("ids_right"), its cost, its "spread" over the seeds and its scores "by_sequence"."""
    kinds: dict[str, dict[str, dict[str, object]]] = {}
    for entry in entries:
        kinds.setdefault(entry.detections, {})[entry.tracker] = {
            **entry.scores.numbers(),
            "ids_right": sum(entry.ids_right),
            "runs": len(entry.ids_right),
            **entry.cost,
            **({"spread": dict(entry.spread)} if entry.spread else {}),
            "by_sequence": {name: scores.numbers() for name, scores in entry.by_sequence.items()},
        }
    return {"sequences": list(sequences), "seeds": seeds, "detections": kinds}


def draw_benchmark(entries: Sequence[Entry], ours: Sequence[str], path: Path) -> None:
    """A PNG with one panel a kind of detections: HOTA as bars, AssA and IDF1 as marks, best at the top."""
    from matplotlib.figure import Figure

    kinds = list(dict.fromkeys(entry.detections for entry in entries))
    figure = Figure(figsize=(6 * len(kinds), 1.5 + 0.35 * len(entries) / len(kinds)), layout="constrained")
    for axes, kind in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        chosen = sorted((entry for entry in entries if entry.detections == kind), key=lambda entry: entry.scores.hota)
        colours = ["#e4572e" if entry.tracker in ours else "#a9b4c2" for entry in chosen]
        hota = [entry.scores.hota for entry in chosen]
        names = [f"{entry.tracker}  ({entry.cost['ms_per_frame']:.1f} ms)" for entry in chosen]
        spread = [entry.spread.get("HOTA", 0.0) for entry in chosen]
        axes.barh(names, hota, height=0.7, color=colours, xerr=spread if any(spread) else None, label="HOTA")
        for name, value in zip(names, hota, strict=True):
            axes.text(2, name, f"{value:.1f}", color="white", fontweight="bold", va="center")
        axes.scatter([entry.scores.ass_a for entry in chosen], names, marker="|", s=160, color="#17202a", label="AssA")
        axes.scatter([entry.scores.idf1 for entry in chosen], names, marker="d", s=26, color="#17202a", label="IDF1")
        axes.set(title=f"detections: {kind}", xlim=(0, 100))
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path, dpi=120)


def _scores(entry: Entry) -> list[str]:
    numbers = entry.scores.numbers()
    spread = {name: f" ±{value:.1f}" for name, value in entry.spread.items()}
    return [(f"{numbers[name]:.1f}" if name in SPREAD else str(numbers[name])) + spread.get(name, "") for name in SHOWN]
