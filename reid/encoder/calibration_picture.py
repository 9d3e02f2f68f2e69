"""The histogram behind a calibration: similarities of the same person and of different people, by time apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calibration import PairSimilarities, summary

SAME, DIFFERENT = "#1b7f5c", "#c2452d"
BINS = np.linspace(-0.3, 1.0, 53)
COLUMNS = 2


def calibration_picture(pairs: PairSimilarities, title: str) -> Any:
    """A matplotlib figure, a panel a gap: shares of pairs by cosine similarity, and the Gaussians the tracker reads."""
    from matplotlib.figure import Figure

    rows = -(-len(pairs) // COLUMNS)
    figure = Figure(figsize=(8, 0.6 + 1.9 * rows), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, sharex=True, squeeze=False).ravel()
    facts = summary(pairs)
    fitted = zip(facts["same"], facts["different"], strict=True)
    for axes, (gap, both), gaussians in zip(panels, pairs.items(), fitted, strict=False):
        for values, gaussian, colour, name in zip(
            both, gaussians, (SAME, DIFFERENT), ("same person", "different people"), strict=True
        ):
            axes.hist(values, BINS, density=True, color=colour, alpha=0.45, label=f"{name}, {len(values):,} pairs")
            axes.plot(BINS, density(BINS, *gaussian), color=colour, linewidth=1.2)
        axes.set_title(f"about {gap:g} s apart", fontsize="medium")
        axes.set_yticks([])
        axes.spines[["left", "right", "top"]].set_visible(False)
        axes.legend(fontsize="x-small", frameon=False, loc="upper left")
    for axes in panels[len(pairs) :]:
        axes.set_visible(False)
    figure.suptitle(title, fontsize="medium")
    figure.supxlabel(
        "cosine similarity of two crops; lines: Gaussians of the same mean and spread, as the tracker reads them",
        fontsize="small",
    )
    return figure


def density(x: np.ndarray, mean: float, spread: float) -> np.ndarray:
    """The Gaussian's density."""
    return np.exp(-0.5 * ((x - mean) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
