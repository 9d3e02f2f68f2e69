"""Scores of an encoder on a data set's query and gallery, by protocol, and re-association by time gap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from models.encoder import ContextEncoder

from ..data.crops import Crop, DataError, Split, people
from ..data.images import picture_of, read_ahead, readable
from ..encoder.torch_encoder import encode
from .protocols import (
    PROTOCOLS,
    Embedded,
    Labels,
    Protocol,
    Reassociation,
    ReidScores,
    evaluate,
    reassociation,
    rows_not_trained_on,
)
from .reranking import Reranking, RerankingOptions

BATCH = 64

EncodeImages = Callable[[list[np.ndarray]], np.ndarray]


def embed_crops(crops: Sequence[Crop], encode_images: EncodeImages) -> Embedded:
    """Crops on disk, encoded 64 at a time while the next ones are read."""
    pictures = read_ahead(picture_of, crops)
    rows = [encode_images(list(islice(pictures, BATCH))) for _ in range(0, len(crops), BATCH)]
    return Embedded(np.concatenate(rows) if rows else np.zeros((0, 1), np.float32), Labels.of(crops))


def embed_parts(parts: Sequence[Sequence[Crop]], encode_images: EncodeImages) -> tuple[Embedded, ...]:
    """Each part's crops, in its order; those of several parts (dance data's query is its gallery) are encoded once."""
    crops = list({crop.path: crop for part in parts for crop in part}.values())
    rows = embed_crops(crops, encode_images)
    row_of = {crop.path: row for row, crop in enumerate(crops)}
    return tuple(rows[np.array([row_of[crop.path] for crop in part], np.int64)] for part in parts)


def embed_with(encoder: ContextEncoder, parts: Sequence[Sequence[Crop]], device: torch.device) -> tuple[Embedded, ...]:
    """Each part's crops embedded by an encoder in training, which is put back into the mode it was in."""
    training = encoder.training
    encoder.eval()
    try:
        return embed_parts(parts, lambda images: encode(encoder, images, device))
    finally:
        encoder.train(training)


def score_encoder(
    encoder: ContextEncoder, query: Sequence[Crop], gallery: Sequence[Crop], protocol: Protocol, device: torch.device
) -> ReidScores | None:
    """Scores of an encoder in training; None where no query has a match that counts."""
    query_rows, gallery_rows = embed_with(encoder, (query, gallery), device)
    scores = evaluate(query_rows, gallery_rows, protocol)
    return scores if scores.queries else None


@dataclass(frozen=True)
class Evaluation:
    """Scores by protocol (re-ranked ones under "NAME re-ranked"), rank-1 by time gap in frames, unreadable pictures."""

    scores: dict[str, ReidScores]
    reassociation: dict[int, Reassociation]
    skipped: int


def evaluate_split(
    split: Split, encode_images: EncodeImages, protocols: Sequence[str], reranking: RerankingOptions | None = None
) -> Evaluation:
    """Evaluate on a split's query and gallery under the named protocols.

    The clean protocols leave out people who are in the training set as well. Raises DataError for an unknown
    protocol, where query or gallery are empty, under a clean protocol for want of other people, and where under none of
    them a query has a match that counts.
    """
    unknown = [name for name in protocols if name not in PROTOCOLS]
    if unknown:
        raise DataError(f"There is no protocol {unknown[0]!r}; choose from {', '.join(PROTOCOLS)}.")
    crops, skipped = readable(Split([], split.query, split.gallery).crops())
    lost = set(skipped)
    query, gallery = ([crop for crop in part if crop.path not in lost] for part in (split.query, split.gallery))
    if not query or not gallery:
        raise DataError(
            f"Neither queries ({len(query)}) nor crops to search ({len(gallery)}) may be none: search among all people "
            "with --whole, or keep some aside by --validation training --validation-people 2."
        )
    query_rows, gallery_rows, rows = embed_parts((query, gallery, crops), encode_images)
    trained_on = people(split.train)
    scores: dict[str, ReidScores] = {}
    for name in protocols:
        left_out = trained_on if name.endswith("clean") else []
        asked, searched = (part[rows_not_trained_on(part.labels, left_out)] for part in (query_rows, gallery_rows))
        if not len(asked) or not len(searched):
            raise DataError(
                f"Under the protocol {name}, which leaves out people to train on ({len(left_out)}), queries "
                f"({len(asked)}) or crops to search ({len(searched)}) are none; name another one, or other data."
            )
        scores[name] = evaluate(asked, searched, PROTOCOLS[name])
        if reranking:
            reranked = Reranking(asked.embedding, searched.embedding, reranking)
            scores[f"{name} re-ranked"] = evaluate(asked, searched, PROTOCOLS[name], reranked.rows)
    if scores and not any(score.queries for score in scores.values()):
        raise DataError(
            f"Under {' and '.join(scores)} no query of {len(query)} has a match that counts, such as another "
            "camera's picture of the person; name other --protocols."
        )
    return Evaluation(scores, reassociation(rows), len(skipped))
