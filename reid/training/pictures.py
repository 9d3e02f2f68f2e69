"""Pictures of a training run: a grid of generated pictures, loss curves, queries with the crops found for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from ..data.crops import Crop, spread
from ..data.images import picture_of
from ..evaluation.metrics import cosine_cost
from ..evaluation.protocols import Embedded, Protocol, same

COLUMNS = 12
NEAREST = 10
SEEN_HEIGHT = 192  # about what a grid's small pictures are enlarged to, in pixels
MARGIN = 100  # for the names of a grid's rows
TILE = (128, 64)  # height, width
BORDER = 4
RIGHT, WRONG, QUERY = (80, 170, 40), (40, 40, 220), (200, 200, 200)  # BGR


def picture_grid(rows: Mapping[str, torch.Tensor], columns: int = COLUMNS) -> np.ndarray:
    """Named rows of pictures, each (N, 3, H, W) float RGB in 0..1, as one (h, w, 3) uint8 BGR; the first `columns`.

    Small pictures are enlarged by a whole number; the names stand on the left.
    """
    lines = [torch.cat(list(row[:columns].float().cpu().clamp(0, 1)), dim=2) for row in rows.values()]
    pictures = (torch.cat(lines, dim=1) * 255).round().byte().permute(1, 2, 0).numpy()[..., ::-1]
    height = lines[0].shape[1]
    enlarged = max(1, round(SEEN_HEIGHT / height))
    grid = cv2.resize(pictures, None, fx=enlarged, fy=enlarged, interpolation=cv2.INTER_CUBIC)
    margin = np.full((len(grid), MARGIN, 3), 255, np.uint8)
    for place, name in enumerate(rows):
        middle = round((place + 0.5) * height * enlarged)
        cv2.putText(margin, name, (6, middle), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.hstack([margin, grid])


def loss_curves(rows: Sequence[dict[str, Any]]) -> Any:
    """A matplotlib figure of all losses and logits by step, and of mAP and rank-1; rows as in log.jsonl."""
    from matplotlib.figure import Figure

    names = sorted({name for row in rows for name in row if "/" in name and not name.startswith("time/")})
    kinds = sorted({name.split("/")[0] for name in names})
    figure = Figure(figsize=(7, 3 * max(len(kinds), 1)), layout="constrained")
    for place, kind in enumerate(kinds, start=1):
        axes = figure.add_subplot(len(kinds), 1, place)
        for name in (name for name in names if name.startswith(kind + "/")):
            steps, values = zip(*((row["step"], row[name]) for row in rows if name in row), strict=True)
            axes.plot(steps, smoothed(values), label=name[len(kind) + 1 :])
        axes.set_xlabel("step")
        axes.set_ylabel(kind)
        axes.legend(fontsize="small")
    return figure


def smoothed(values: Sequence[float]) -> np.ndarray:
    """Running mean over a fiftieth of the values."""
    width = max(1, len(values) // 50)
    padded = np.pad(np.asarray(values, float), (width - 1, 0), mode="edge")
    return np.convolve(padded, np.ones(width) / width, mode="valid")


def retrieval_sheet(
    crops: Sequence[Sequence[Crop]], rows: Sequence[Embedded], protocol: Protocol, count: int
) -> np.ndarray:
    """`count` queries, evenly spread, each followed by its ten nearest crops: right ones framed green, wrong ones red.

    crops: query and gallery; rows: the same, embedded. Crops the protocol does not count are left out. Returns
    (h, w, 3) uint8 BGR.
    """
    (query, gallery), (query_rows, gallery_rows) = crops, rows
    chosen = np.array(spread(len(query), count))
    few = query_rows[chosen]
    cost = np.where(
        protocol.dropped(few.labels, gallery_rows.labels), np.inf, cosine_cost(few.embedding, gallery_rows.embedding)
    )
    match = same(few.labels.person, gallery_rows.labels.person)
    lines = []
    for row, index in enumerate(chosen):
        order = np.argsort(cost[row])[:NEAREST]
        order = order[np.isfinite(cost[row, order])]
        tiles = [framed(query[index], QUERY)]
        tiles += [framed(gallery[column], RIGHT if match[row, column] else WRONG) for column in order]
        blank = np.full_like(tiles[0], 255)
        lines.append(np.hstack([*tiles, *[blank] * (NEAREST + 1 - len(tiles))]))
    return np.vstack(lines)


def framed(crop: Crop, colour: tuple[int, int, int]) -> np.ndarray:
    """The crop at the sheet's size with a coloured frame."""
    tile = cv2.resize(picture_of(crop), TILE[::-1], interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(tile, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_CONSTANT, value=colour)


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write (h, w, 3) uint8 BGR; folders are made. Raises OSError, which cv2.imwrite would keep to itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
