"""Figures and text of a training run: generated pictures, curves, a retrieval sheet, a line an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from models.encoder import ContextEncoder

from ..data.batch import Batch
from ..data.crops import Crop
from ..evaluation.evaluation import embed_with
from ..evaluation.protocols import PROTOCOLS, ReidScores
from .phases import Objective
from .pictures import loss_curves, picture_grid, retrieval_sheet, write_picture
from .processes import run_alone
from .run_log import LOG, read_log

SHEET_QUERIES = 12
PROTOCOL = PROTOCOLS["market1501"]
"""Under which validation people are scored while a run goes on."""


@torch.no_grad()
def write_generated_pictures(path: Path, objective: Objective, batch: Batch, progress: float) -> None:
    """A grid of what the generator makes of a batch at this progress of the training, 0..1; none before it is used."""
    shared_run, objective.run = objective.run, run_alone  # the other processes do not run along here
    objective.networks.eval()
    try:
        rows = objective.pictures(objective.forward(batch, progress))
    finally:
        objective.networks.train()
        objective.run = shared_run
    if rows:
        write_picture(path, picture_grid(rows))


def write_final_pictures(
    folder: Path, encoder: ContextEncoder, query: Sequence[Crop], gallery: Sequence[Crop], device: torch.device
) -> None:
    """Curves of the run in `folder`, and queries with the crops that were found for them, into its pictures/."""
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    loss_curves(read_log(folder / LOG)).savefig(pictures / "curves.png", dpi=120)
    if query and gallery:
        crops = (query, gallery)
        sheet = retrieval_sheet(crops, embed_with(encoder, crops, device), PROTOCOL, SHEET_QUERIES)
        write_picture(pictures / "retrieval.png", sheet)


def epoch_line(progress: str, numbers: dict[str, float], seconds: float, scores: ReidScores | None) -> str:
    """One line on an epoch: progress, the last step's losses, seconds and scores."""
    losses = "  ".join(f"{name[5:]} {value:.3f}" for name, value in numbers.items() if name.startswith("loss/"))
    line = f"{progress}  {losses}  {seconds:.0f} s"
    if scores:
        line += f"  mAP {100 * scores.mean_average_precision:.1f}  rank-1 {100 * scores.rank(1):.1f}"
    return line
