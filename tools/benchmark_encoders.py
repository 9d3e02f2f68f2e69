"""`followspot benchmark encoders`: accuracy, time and size of re-ID encoders on the same crops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import cv2
import numpy as np
import torch
import tyro
from rich.table import Table

from models.errors import WeightsError
from reid.data.crops import Split, spread
from reid.data.datasets import layout_of, read_split
from reid.data.images import read_crop
from reid.data.reading import DataOptions
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.evaluation.evaluation import Evaluation
from reid.evaluation.protocols import Reassociation

from .evaluate_reid import evaluated, read_for_evaluation
from .run.checks import UsageError, require_at_least
from .run.output import number_table, show, write_json
from .run.parts import BUNDLED, HISTOGRAM, encoder_weights
from .run.progress import progress

PROTOCOL_OF = {"market1501": "market1501", "cuhk03": "cuhk03", "dancereid": "dancereid-clean", "folders": "market1501"}
BATCH = 8
MIN_QUESTIONS = 20


@dataclass(frozen=True)
class BenchmarkEncodersCommand:
    """Score encoders on the same data, each folder by its layout's protocol, and time them on the processor.

    A folder without query and gallery of its own, such as `followspot dataset video` makes of a single clip, is
    searched among all its people: it must be data that no encoder was trained on. Times are of batches of 8 on one
    thread, resizing included, in processor time, which other programs disturb least; the encoders take turns and the
    fastest run of each counts.
    """

    data: tuple[Path, ...]
    """Data folders, in any layout that `followspot evaluate reid` knows."""
    reid: tuple[str, ...] = (BUNDLED, HISTOGRAM)
    """Encoders: bundled, rendered, strong, histogram (colours), or files as for `followspot evaluate reid`."""
    runs: int = 40
    """Timed batches of each encoder."""
    reading: Annotated[DataOptions, tyro.conf.arg(name="")] = field(default_factory=DataOptions)
    json: Path | None = None
    """Write the numbers to this file as well."""

    def run(self) -> None:
        """Raises UsageError, DataError or WeightsError for a mistake, before the first encoder is scored."""
        require_at_least(1, "runs", self.runs)
        if not self.data:
            raise UsageError("name at least one --data folder")
        splits = {folder: self.read(folder) for folder in self.data}
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        embedders = {choice: open_choice(choice) for choice in self.reid}
        numbers: dict[str, Any] = {"data": {}, "encoders": {}}
        for folder, split in splits.items():
            protocol = PROTOCOL_OF[layout_of(folder, self.reading)]
            scored = {
                choice: evaluated(split, embedder, (protocol,), name=Path(choice).stem)
                for choice, embedder in embedders.items()
            }
            show(score_table(f"{folder.name}, {protocol}", scored))
            numbers["data"][str(folder)] = {choice: plain(scores) for choice, scores in scored.items()}
        times = time_each(embedders, pictures(next(iter(splits.values()))), self.runs)
        show(cost_table(embedders, times))
        for choice, embedder in embedders.items():
            numbers["encoders"][choice] = {
                "seconds": times[choice],
                "bytes": size_of(choice),
                "sha256": embedder.sha256,
            }
        if self.json:
            write_json(numbers, self.json)

    def read(self, folder: Path) -> Split:
        """The folder's query and gallery, or all of its crops."""
        split = read_split(folder, self.reading)
        return split if split.query and split.gallery else read_for_evaluation(folder, self.reading, whole=True)


def open_choice(choice: str) -> Embedder:
    """The encoder, on the processor."""
    weights = encoder_weights(choice)
    if weights is None:
        raise WeightsError(f"--reid {choice} leaves nothing to score; name an encoder.")
    return Embedder(weights, EmbedderOptions(device="cpu"))


def pictures(split: Split) -> list[np.ndarray]:
    """A batch of crops (h, w, 3) uint8 BGR, spread over the gallery."""
    chosen = (split.gallery[index] for index in spread(len(split.gallery), BATCH))
    return [image for crop in chosen if (image := read_crop(crop)) is not None]


def time_each(embedders: Mapping[str, Embedder], crops: list[np.ndarray], runs: int) -> dict[str, float]:
    """Processor seconds a crop in the fastest of `runs` batches, by encoder."""
    seconds: dict[str, list[float]] = {choice: [] for choice in embedders}
    for _ in progress(range(runs), runs, "timed", "rounds"):
        for choice, embedder in embedders.items():
            embedder.embed_batch(crops)  # the encoder before has filled the caches
            start = process_time()
            embedder.embed_batch(crops)
            seconds[choice].append((process_time() - start) / len(crops))
    return {choice: min(own) for choice, own in seconds.items()}


def size_of(choice: str) -> int:
    """Bytes on disk of the encoder's file, or of all files of its folder."""
    weights = encoder_weights(choice)
    assert weights is not None
    return sum(file.stat().st_size for file in ([weights] if weights.is_file() else weights.iterdir()))


def score_table(title: str, scored: Mapping[str, Evaluation]) -> Table:
    """One row an encoder, percentages; gaps with fewer than 20 questions are left out."""
    first = next(iter(scored.values()))
    gaps = [gap for gap, answered in first.reassociation.items() if answered.questions >= MIN_QUESTIONS]
    table = number_table("encoder", ("mAP", "rank-1", *(f"{gap} frames on" for gap in gaps)), title)
    for choice, evaluation in scored.items():
        (scores,) = evaluation.scores.values()
        values = [scores.mean_average_precision, scores.rank(1)]
        values += [share(evaluation.reassociation[gap]) for gap in gaps]
        table.add_row(Path(choice).stem, *(f"{100 * value:.1f}" for value in values))
    (scores,) = first.scores.values()
    asked = [str(first.reassociation[gap].questions) for gap in gaps]
    table.add_row("(questions)", str(scores.queries), str(scores.queries), *asked, style="dim")
    return table


def share(answered: Reassociation) -> float:
    """Share of right answers, NaN without questions."""
    return float("nan") if answered.rank1 is None else answered.rank1


def cost_table(embedders: Mapping[str, Embedder], times: Mapping[str, float]) -> Table:
    """One row an encoder: its input size, milliseconds a crop, bytes."""
    title = f"batches of {BATCH}, one thread"
    table = number_table("encoder", ("crop", "numbers", "ms a crop", "KiB"), title)
    for choice, embedder in embedders.items():
        size = f"{embedder.encoder.height}x{embedder.encoder.width}"
        cells = (size, str(embedder.dimension), f"{1000 * times[choice]:.2f}", f"{size_of(choice) / 1024:.0f}")
        table.add_row(Path(choice).stem, *cells)
    return table


def plain(evaluation: Evaluation) -> dict[str, Any]:
    """Plain values for JSON, shares in 0..1."""
    ((protocol, scores),) = evaluation.scores.items()
    gaps = {str(gap): asdict(answered) for gap, answered in evaluation.reassociation.items()}
    found = {"mAP": scores.mean_average_precision, "rank1": scores.rank(1), "queries": scores.queries}
    return {"protocol": protocol, **found, "reassociation": gaps}
