"""Confusions: for how long each id lay on each person of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracker.association import match
from tracker.boxes import iou

from ..run.output import count, os_errors_as
from .track_scores import People

MIN_IOU = 0.5
"""An id lies on a person whose box it overlaps by this much, as IDF1 has it."""
CELL = 0.17
"""Inches of a cell; an id is a column, a person a row."""
ACROSS = 5
"""Panels side by side."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """`frames` (P, I): in how many frames each of the `ids` (I,) lay on each of the `people` (P,) of the truth.

    Ids are in the order of the person they lay on most, so that a tracker without confusions gives one column
    a person, on a diagonal; an id that never lay on a person is left out.
    """

    people: np.ndarray
    ids: np.ndarray
    frames: np.ndarray


def confusion(truth: Sequence[People], tracks: Sequence[People]) -> Confusion:
    """Counted over the frames of two lists, in each of which people and ids are paired for the largest overlap."""
    people, ids = (
        np.unique(np.concatenate([np.zeros(0, np.int64), *(frame.ids for frame in frames)]))
        for frames in (truth, tracks)
    )
    frames = np.zeros((len(people), len(ids)), int)
    for true, found in zip(truth, tracks, strict=True):
        rows, columns = match(iou(true.xyxy, found.xyxy), MIN_IOU)
        np.add.at(frames, (np.searchsorted(people, true.ids[rows]), np.searchsorted(ids, found.ids[columns])), 1)
    used = np.flatnonzero(frames.sum(axis=0))
    # Of the ids of one person the longest comes first.
    order = used[np.lexsort((-frames[:, used].max(axis=0, initial=0), frames[:, used].argmax(axis=0)))]
    return Confusion(people, ids[order], frames[:, order])


def draw_confusion(groups: Sequence[Sequence[tuple[str, Confusion]]], path: Path) -> None:
    """A PNG with the titled panels of each group side by side, `ACROSS` in a row, the next group below.

    A cell is dark where the id was on the person for all the time the person was found. Raises InputError where the
    file cannot be written.
    """
    from matplotlib.figure import Figure

    rows = [group[start : start + ACROSS] for group in groups for start in range(0, len(group), ACROSS)]
    across = max(map(len, rows))
    widths = [max([14, *(len(row[i][1].ids) for row in rows if i < len(row))]) for i in range(across)]
    heights = [max([5, *(len(found.people) for _, found in row)]) for row in rows]
    size = (sum(CELL * width + 0.7 for width in widths), sum(CELL * height + 1.1 for height in heights))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(rows), across, squeeze=False, width_ratios=widths, height_ratios=heights)
    for axes_of_row, row in zip(grid, rows, strict=True):
        for axes, (title, found) in zip(axes_of_row, row, strict=False):
            _draw(axes, title, found)
        for axes in axes_of_row[len(row) :]:
            axes.set_axis_off()
    with os_errors_as(f"cannot write {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=100)


def _draw(axes: Any, title: str, found: Confusion) -> None:
    share = found.frames / np.maximum(found.frames.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Greys", vmin=0, vmax=1, aspect="equal", interpolation="nearest")
    axes.set_title(
        f"{title}\n{count(len(found.people), 'person', 'people')}, {count(len(found.ids), 'id')} on them", fontsize=8
    )
    axes.set_xlabel("id", fontsize=7)
    axes.set_ylabel("person", fontsize=7)
    axes.set_yticks(range(len(found.people)), found.people, fontsize=6)
    axes.set_xticks(range(len(found.ids)), found.ids, fontsize=6, rotation=90)
    axes.set_xticks(np.arange(len(found.ids)) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(found.people)) - 0.5, minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.4)
    axes.tick_params(which="both", length=0)
