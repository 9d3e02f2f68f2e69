"""`followspot evaluate reid`: mAP and CMC of an encoder under the field's protocols, re-association by time gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.box import SIMPLE_HEAD
from rich.table import Table
from tyro.conf import FlagCreatePairsOff

from models.errors import WeightsError
from reid.data.crops import query_among_all
from reid.data.datasets import Split, every_crop, read_split
from reid.data.reading import DataOptions
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.evaluation.evaluation import Evaluation, evaluate_split
from reid.evaluation.reranking import RerankingOptions

from .run.output import number_table, say, show, write_json
from .run.parts import encoder_weights
from .run.progress import counted_calls


@dataclass(frozen=True)
class EvaluateReidCommand:
    """Score a re-ID encoder: mAP and rank-1, 5, 10 under each protocol, and rank-1 after a time gap.

    Protocols: market1501; cuhk03 (one gallery crop a person, drawn ten times with a fixed seed); dancereid-published
    (the paper's own, which drops all people of the query's frame and keeps the person's neighbouring frames);
    dancereid-clean (people not trained on, at least 30 frames apart, all people of the frame kept).
    """

    data: Path
    """Folder with query and gallery, or with people of whom some are validation people as in training."""
    reid: str = "bundled"
    """Encoder: bundled, rendered, strong, histogram, or a file: trained with followspot, exported (.onnx, OpenVINO), or
    torchvision's ImageNet weights."""
    protocols: tuple[str, ...] = ("market1501",)
    """Protocols to score under."""
    whole: FlagCreatePairsOff[bool] = False
    """Search among all people of the folder, training people too: for data the encoder was not trained on."""
    rerank: bool = False
    """Score once more after k-reciprocal re-ranking."""
    reranking: RerankingOptions = field(default_factory=RerankingOptions)
    reading: Annotated[DataOptions, tyro.conf.arg(name="")] = field(default_factory=DataOptions)
    embedding: Annotated[EmbedderOptions, tyro.conf.arg(name="")] = field(default_factory=EmbedderOptions)
    json: Path | None = None
    """Write the numbers to this file as well."""

    def run(self) -> None:
        weights = encoder_weights(self.reid)
        if weights is None:
            raise WeightsError("--reid none leaves nothing to evaluate; give an encoder.")
        split = read_for_evaluation(self.data, self.reading, self.whole)
        embedder = Embedder(weights, self.embedding)
        evaluation = evaluated(split, embedder, self.protocols, self.reranking if self.rerank else None)
        say(f"{weights.name} (sha256 {embedder.sha256[:12]}) on {self.data}")
        if evaluation.skipped:
            say(f"{evaluation.skipped} unreadable pictures were left out")
        show(score_table(evaluation))
        show(gap_table(evaluation))
        if self.json:
            write_json(numbers_of(evaluation) | {"sha256": embedder.sha256}, self.json)


def read_for_evaluation(data: Path, reading: DataOptions, whole: bool) -> Split:
    """The folder's own split, or all of its crops. Raises DataError."""
    return query_among_all(every_crop(data, reading)) if whole else read_split(data, reading)


def evaluated(
    split: Split,
    embedder: Embedder,
    protocols: Sequence[str],
    reranking: RerankingOptions | None = None,
    name: str = "encoded",
) -> Evaluation:
    """`evaluate_split`, its encoded crops counted on a bar of this name. Raises DataError."""
    crops = Split([], split.query, split.gallery).crops()
    with counted_calls(embedder, len(crops), name, "crops") as encode:
        return evaluate_split(split, encode, protocols, reranking)


def score_table(evaluation: Evaluation) -> Table:
    """One row a protocol, percentages; dashes where no query has a match that counts."""
    table = number_table("protocol", ("mAP", "rank-1", "rank-5", "rank-10", "queries"))
    for protocol, scores in evaluation.scores.items():
        values = (scores.mean_average_precision, scores.rank(1), scores.rank(5), scores.rank(10))
        told = (f"{100 * value:.1f}" if scores.queries else "-" for value in values)
        table.add_row(protocol, *told, str(scores.queries))
    return table


def gap_table(evaluation: Evaluation) -> Table:
    """Rank-1 among the people of a later frame."""
    table = Table("frames apart", "rank-1", "crops", box=SIMPLE_HEAD)
    for gap, answered in evaluation.reassociation.items():
        share = "no such pairs" if answered.rank1 is None else f"{100 * answered.rank1:.1f}"
        table.add_row(str(gap), share, str(answered.questions))
    return table


def numbers_of(evaluation: Evaluation) -> dict[str, Any]:
    """Plain values for JSON, shares in 0..1; null where no query has a match that counts."""
    return {
        "protocols": {
            name: {
                "mAP": scores.mean_average_precision if scores.queries else None,
                "cmc": list(scores.cumulative) if scores.queries else None,
                "queries": scores.queries,
            }
            for name, scores in evaluation.scores.items()
        },
        "reassociation": {str(gap): asdict(answered) for gap, answered in evaluation.reassociation.items()},
        "skipped": evaluation.skipped,
    }
