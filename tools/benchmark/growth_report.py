"""What the tracker costs as something grows: tables, JSON and a picture of four panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from ..run.output import number_table
from .growth import Cost, Trial

MOTION, APPEARANCE = "motion alone", "with appearance"
COLOURS = {MOTION: "#2f6f9f", APPEARANCE: "#e4572e"}
"""The lines of a panel: the tracker without an encoder, and with one."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The costs of the tracker by the size of what grows, named `grows`; a line for each way it runs."""

    title: str
    grows: str
    lines: Mapping[str, Sequence[tuple[float, Cost]]]


@dataclass(frozen=True, slots=True)
class Panel:
    """The trials of a growth, by line, and what the size of a cost is."""

    title: str
    grows: str
    lines: Mapping[str, Sequence[Trial]]
    size: Callable[[Trial, Cost], float]

    def trials(self) -> list[Trial]:
        """Those of all lines."""
        return [trial for trials in self.lines.values() for trial in trials]

    def growth(self, costs: Mapping[Trial, Sequence[Cost]]) -> Growth:
        """With what each trial cost."""
        lines = {
            name: [(self.size(trial, cost), cost) for trial in trials for cost in costs[trial]]
            for name, trials in self.lines.items()
        }
        return Growth(self.title, self.grows, lines)


def growth_table(growth: Growth) -> Table:
    """A row for each size of what grows."""
    table = number_table("tracker", (growth.grows, "ms/frame", "MB", "ids", "crops/frame"), growth.title)
    for name, costs in growth.lines.items():
        for size, cost in costs:
            table.add_row(
                name, f"{size:g}", f"{cost.ms:.2f}", f"{cost.megabytes:.0f}", str(cost.ids), f"{cost.crops:.2f}"
            )
    return table


def as_json(growths: Mapping[str, Growth]) -> dict[str, object]:
    """By the growth's name and the line's the costs, each with its "size"."""
    return {
        name: {line: [{"size": size, **asdict(cost)} for size, cost in costs] for line, costs in growth.lines.items()}
        for name, growth in growths.items()
    }


def draw_growth(growths: Sequence[Growth], path: Path) -> None:
    """A PNG 900 pixels wide: two panels a row, ms a frame as lines on the left axis, MB as dashes on the right one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.1 * -(-len(growths) // 2)), layout="constrained", facecolor="white")
    for axes, growth in zip(figure.subplots(-(-len(growths) // 2), 2, squeeze=False).flat, growths, strict=False):
        memory = axes.twinx()
        for name, costs in growth.lines.items():
            sizes, look = [size for size, _ in costs], {"color": COLOURS[name], "marker": "o"}
            axes.plot(sizes, [cost.ms for _, cost in costs], label=name, linewidth=2, markersize=3.5, **look)
            memory.plot(sizes, [cost.megabytes for _, cost in costs], "--", linewidth=1, markersize=0, **look)
        axes.set_title(growth.title, fontsize=10.5, loc="left", fontweight="bold")
        axes.set_xlabel(growth.grows, fontsize=9)
        axes.grid(axis="y", color="#e6e9ee", linewidth=0.8)
        _tidy(axes, "ms a frame")
        _tidy(memory, "MB (dashed)")
        axes.legend(loc="upper left", fontsize=8.5, frameon=False)
    figure.savefig(path, dpi=100)


def _tidy(axes: Any, label: str) -> None:
    axes.set_ylabel(label, fontsize=9)
    axes.set_ylim(0, max(1.15 * axes.get_ylim()[1], 1.0))
    axes.set_xlim(left=0)
    axes.tick_params(labelsize=8.5)
    axes.spines["top"].set_visible(False)
