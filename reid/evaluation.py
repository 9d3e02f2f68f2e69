"""Scores of an encoder on a data set's query and gallery."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from models.encoder import ContextEncoder

from .crops import Crop
from .embedder import encode
from .images import chunks_of_images
from .protocols import Labels, Protocol, Scores, evaluate

BATCH = 64

Encode = Callable[[list[np.ndarray]], np.ndarray]


def embed_crops(crops: Sequence[Crop], encode_images: Encode) -> np.ndarray:
    """Embeddings (N, D) of crops on disk, read and encoded 64 at a time."""
    return np.concatenate([encode_images(images) for images in chunks_of_images(crops, BATCH)])


def score_encoder(
    encoder: ContextEncoder, query: Sequence[Crop], gallery: Sequence[Crop], protocol: Protocol, device: torch.device
) -> Scores:
    """Scores of an encoder in training; it is put back into the mode it was in."""
    training = encoder.training
    encoder.eval()
    try:
        rows = [embed_crops(crops, lambda images: encode(encoder, images, device, False)) for crops in (query, gallery)]
    finally:
        encoder.train(training)
    return evaluate(rows[0], rows[1], Labels.of(query), Labels.of(gallery), protocol)
