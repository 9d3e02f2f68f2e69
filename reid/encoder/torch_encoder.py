"""An encoder's own file, run by torch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

from models.device import choose_device
from models.encoder import ContextEncoder
from models.pretrained import load_encoder

from .exported_encoder import OpenEncoder
from .resize import resize

GPU_BATCHES = (16, 64)
"""Sizes of the batches that a GPU is given. cuDNN prepares each convolution anew for each size, some 30 ms each: a
second and a half for a whole network, and a tracker asks for any number of crops."""


def open_checkpoint(path: Path, device_name: str) -> OpenEncoder:
    """A checkpoint on a device. Raises WeightsError where one of them cannot be used."""
    device = choose_device(device_name)
    loaded = load_encoder(path)
    encoder = loaded.encoder
    # Batch normalisations folded into the convolutions take about half the time on a CPU.
    encoder.trunk = fuse(encoder.trunk)  # type: ignore[assignment]
    encoder.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)
    options = encoder.options
    run = partial(run_network, encoder, device)
    return OpenEncoder(run, options.height, options.width, encoder.dimension, loaded.metadata, loaded.sha256)


def run_network(encoder: ContextEncoder, device: torch.device, images: np.ndarray) -> np.ndarray:
    """Images (B, H, W, 3) uint8 BGR to (B, D) float32 rows of length 1; half precision on a GPU."""
    count, on_gpu = len(images), device.type == "cuda"
    images = padded(images) if on_gpu else np.ascontiguousarray(images)
    tensor = torch.from_numpy(images).to(device).flip(-1).permute(0, 3, 1, 2).float() / 255
    half = torch.autocast("cuda", torch.float16) if on_gpu else nullcontext()
    with torch.inference_mode(), half:
        return nn.functional.normalize(encoder.embed(tensor)[:count].float(), dim=1).cpu().numpy()


def padded(images: np.ndarray) -> np.ndarray:
    """Images (B, ...) with black ones behind them, so that there are as many as in one of `GPU_BATCHES`, or a multiple
    of its largest."""
    largest = GPU_BATCHES[-1]
    size = next((size for size in GPU_BATCHES if size >= len(images)), -(-len(images) // largest) * largest)
    filled = np.zeros((size, *images.shape[1:]), images.dtype)
    filled[: len(images)] = images
    return filled


def encode(encoder: ContextEncoder, crops: Sequence[np.ndarray], device: torch.device) -> np.ndarray:
    """B crops (h, w, 3) uint8 BGR in one pass of an encoder in evaluation mode: (B, D) float32 rows of length 1."""
    size = (encoder.options.height, encoder.options.width)
    return run_network(encoder, device, np.stack([resize(crop, *size) for crop in crops]))
