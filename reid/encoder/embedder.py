"""The encoder as the tracker uses it: crops of any size in, unit vectors out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

from models.bundled import PERSON_ENCODER, require_unchanged
from models.device import choose_device
from models.encoder import ContextEncoder
from models.errors import WeightsError
from models.pretrained import load_encoder

from .calibration import IMAGENET, CautiousCalibration, checked_calibration
from .colour_histogram import HistogramOptions, histograms, open_histogram
from .exported_encoder import OPENERS, OpenEncoder, openvino_file
from .resize import resize

KINDS = {**OPENERS, ".json": open_histogram}
COLOURS = HistogramOptions()


@dataclass(frozen=True)
class EmbedderOptions:
    """How crops are turned into vectors."""

    device: str = "auto"
    """cpu, cuda, cuda:1, mps, or auto: the first accelerator there is."""
    flip: bool = False
    """Average each crop's vector with its mirror image's: a little more accurate, twice the work."""
    batch: int = 64
    """Crops encoded at once; more need more memory."""
    colours: bool = True
    """Mix colours in where the encoder's file says so, as the tracker does; without, the network alone."""


class Embedder:
    """Crops of people to unit vectors that are close together for the same person.

    Called with B images (h, w, 3) uint8 BGR of any size, it returns (B, D) float32 rows of length 1. `weights` is an
    encoder's file, by default the bundled one; or what `followspot export` made of it: an .onnx file, an OpenVINO .xml
    or its folder; or a colour histogram's .json. The latter kinds run on the processor. `calibration` says what a
    similarity is worth to this encoder; where the file has none, `calibrated` is False and the calibration cautious.
    `metadata` and `sha256` identify the weights. Where the metadata have a "colour_share" (0 to 1), a colour histogram
    joins the network's vector, and a similarity is the mean of both with these weights: within one scene colours hold,
    which a network learns to mistrust on data of many cameras.

    Raises WeightsError where the file is no encoder.
    """

    def __init__(self, weights: str | Path = PERSON_ENCODER, options: EmbedderOptions = EmbedderOptions()) -> None:
        if not isinstance(options, EmbedderOptions):
            raise TypeError(f"the options of an embedder must be EmbedderOptions, not {type(options).__name__}")
        self.options = options
        self.is_histogram = Path(weights).suffix == ".json"
        self.encoder = open_encoder(Path(weights), choose_device(options.device))
        self.metadata: dict[str, Any] = self.encoder.metadata
        self.sha256 = self.encoder.sha256
        self.colour_share = checked_share(self.metadata, Path(weights)) if options.colours else 0.0
        self.dimension = self.encoder.dimension + (COLOURS.dimension if self.colour_share else 0)
        measured = self.metadata.get("calibration")
        self.calibrated = bool(measured)
        self.calibration = checked_calibration(measured, Path(weights)) if measured else CautiousCalibration(**IMAGENET)

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        rows = [
            self.embed_batch(crops[start : start + self.options.batch])
            for start in range(0, len(crops), self.options.batch)
        ]
        return np.concatenate([np.zeros((0, self.dimension), np.float32), *rows])

    def embed_batch(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """One batch through the network, (B, D) float32."""
        images = np.stack([resize(crop, self.encoder.height, self.encoder.width) for crop in crops])  # (B, H, W, 3)
        rows = self.encoder.run(images)
        rows = unit(rows + self.encoder.run(images[:, :, ::-1])) if self.options.flip else rows
        return with_colours(rows, colours_of(crops), self.colour_share) if self.colour_share else rows


def checked_share(metadata: dict[str, Any], path: Path) -> float:
    """The share of colour that an encoder's file asks for, 0 to 1. Raises WeightsError for anything else."""
    share = metadata.get("colour_share", 0.0)
    if not isinstance(share, int | float) or not 0 <= share <= 1:
        raise WeightsError(f"{path} asks for a share of colour that is not between 0 and 1; calibrate it again.")
    return float(share)


def colours_of(crops: Sequence[np.ndarray]) -> np.ndarray:
    """The colour histograms (B, C) of B crops, rows of length 1."""
    return histograms(np.stack([resize(crop, COLOURS.height, COLOURS.width) for crop in crops]), COLOURS)


def with_colours(rows: np.ndarray, colours: np.ndarray, share: float) -> np.ndarray:
    """Rows (B, D) and colour histograms (B, C), all of length 1, beside each other: (B, D + C) of length 1."""
    return np.concatenate([np.sqrt(1 - share) * rows, np.sqrt(share) * colours], axis=1, dtype=np.float32)


def open_encoder(weights: Path, device: torch.device) -> OpenEncoder:
    """An encoder's own file on `device`, or one of the other kinds. Raises WeightsError."""
    require_unchanged(weights)
    path = openvino_file(weights) if weights.is_dir() else weights
    if path.suffix not in KINDS:
        return open_checkpoint(path, device)
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}; check the path.")
    return KINDS[path.suffix](path)


def open_checkpoint(path: Path, device: torch.device) -> OpenEncoder:
    """A checkpoint, run by torch."""
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
    tensor = torch.from_numpy(np.ascontiguousarray(images)).to(device).flip(-1).permute(0, 3, 1, 2).float() / 255
    half = torch.autocast("cuda", torch.float16) if device.type == "cuda" else nullcontext()
    with torch.inference_mode(), half:
        return nn.functional.normalize(encoder.embed(tensor).float(), dim=1).cpu().numpy()


def unit(rows: np.ndarray) -> np.ndarray:
    """The rows (B, D), each of length 1."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def encode(encoder: ContextEncoder, crops: Sequence[np.ndarray], device: torch.device) -> np.ndarray:
    """B crops (h, w, 3) uint8 BGR in one pass of an encoder in evaluation mode: (B, D) float32 rows of length 1."""
    size = (encoder.options.height, encoder.options.width)
    return run_network(encoder, device, np.stack([resize(crop, *size) for crop in crops]))
