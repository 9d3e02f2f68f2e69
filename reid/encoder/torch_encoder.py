"""An encoder's own file, run by torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.fx.experimental.optimization import fuse

from models.device import choose_device
from models.encoder import ContextEncoder
from models.pretrained import load_encoder
from models.recorded import Recorded

from .exported_encoder import OpenEncoder
from .resize import resize

GPU_BATCHES = (16, 64)
"""Sizes of the batches that a GPU is given: each is prepared when it comes first, and a tracker asks for any number."""


def open_checkpoint(path: Path, device_name: str) -> OpenEncoder:
    """A checkpoint on a device. Raises WeightsError where one of them cannot be used."""
    device = choose_device(device_name)
    loaded = load_encoder(path)
    encoder = loaded.encoder
    # Batch normalisations folded into the convolutions take about half the time on a CPU.
    encoder.trunk = fuse(encoder.trunk)  # type: ignore[assignment]
    encoder.eval().requires_grad_(False).to(device).to(memory_format=memory_format(device))
    run = partial(in_batches, Recorded(partial(rows, encoder), device, GPU_BATCHES))
    options = encoder.options
    return OpenEncoder(run, options.height, options.width, encoder.dimension, loaded.metadata, loaded.sha256)


def in_batches(network: Recorded, images: np.ndarray) -> np.ndarray:
    """`rows` of images (B, H, W, 3) as an array, on a GPU in batches of `GPU_BATCHES`."""
    if network.device.type != "cuda" or len(images) <= GPU_BATCHES[-1]:
        return network(images)
    starts = range(0, len(images), GPU_BATCHES[-1])
    return np.concatenate([network(images[start : start + GPU_BATCHES[-1]]) for start in starts])


def rows(encoder: ContextEncoder, images: torch.Tensor) -> torch.Tensor:
    """Images (B, H, W, 3) uint8 BGR to (B, D) float32 rows of length 1.

    In float32 on a GPU, too: in half precision cuDNN builds its kernels for each size of batch, in 1.5 s on an H200.
    """
    given = images.flip(-1).permute(0, 3, 1, 2).float().contiguous(memory_format=memory_format(images.device)) / 255
    return encoder.embed(given)


def memory_format(device: torch.device) -> torch.memory_format:
    """Channels last is faster on a processor; on a GPU cuDNN builds kernels for it, in a second a size of batch."""
    return torch.contiguous_format if device.type == "cuda" else torch.channels_last


def encode(encoder: ContextEncoder, crops: Sequence[np.ndarray], device: torch.device) -> np.ndarray:
    """B crops (h, w, 3) uint8 BGR in one pass of an encoder in evaluation mode: (B, D) float32 rows of length 1."""
    size = (encoder.options.height, encoder.options.width)
    images = np.stack([resize(crop, *size) for crop in crops])
    with torch.inference_mode():
        return rows(encoder, torch.from_numpy(images).to(device)).cpu().numpy()
