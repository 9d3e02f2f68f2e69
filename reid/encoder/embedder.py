"""The encoder as the tracker uses it: crops of any size in, unit vectors out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.bundled import PERSON_ENCODER, require_unchanged
from models.digest import sha256
from models.errors import WeightsError

from .calibration import IMAGENET, CautiousCalibration, checked_calibration
from .colour_histogram import HistogramOptions, histograms, open_histogram
from .exported_encoder import OPENERS, OpenEncoder, open_openvino, openvino_file
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

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise WeightsError(f"the batch of an embedder must be at least 1, not {self.batch}")


class Embedder:
    """Crops of people to unit vectors that are close together for the same person.

    Called with B images (h, w, 3) uint8 BGR of any size, it returns (B, D) float32 rows of length 1. `weights` is an
    encoder's file, by default the bundled one; or what `followspot export` made of it: an .onnx file, an OpenVINO .xml
    or its folder; or a colour histogram's .json. The latter kinds run on the processor, and so does `copy`, what
    `write_openvino` made of `weights`, where one is given: in their place, without torch. `calibration` says what a
    similarity is worth to this encoder; where the file has none, `calibrated` is False and the calibration cautious.
    `calibration_centred` is the same without what the people of a video share (`tracker.shared_look`), None in files
    of release 0.1.
    `metadata` and `sha256` identify the weights. Where the metadata have a "colour_share" (0 to 1), a colour histogram
    joins the network's vector, and a similarity is the mean of both with these weights: within one scene colours hold,
    which a network learns to mistrust on data of many cameras.

    Raises WeightsError where the file is no encoder, and called with something else TypeError or ValueError.
    """

    def __init__(
        self,
        weights: str | Path = PERSON_ENCODER,
        options: EmbedderOptions = EmbedderOptions(),
        copy: Path | None = None,
    ) -> None:
        if not isinstance(options, EmbedderOptions):
            raise TypeError(f"the options of an embedder must be EmbedderOptions, not {type(options).__name__}")
        self.options = options
        weights = Path(weights)
        self.is_histogram = weights.suffix == ".json"
        opened = None if copy is None else open_copy(weights, copy)
        self.runs_copy = opened is not None
        """Whether the copy runs, not the weights themselves."""
        self.encoder = opened or open_encoder(weights, options.device)
        self.metadata: dict[str, Any] = self.encoder.metadata
        self.sha256 = self.encoder.sha256
        self.colour_share = checked_share(self.metadata, weights) if options.colours else 0.0
        self.dimension = self.encoder.dimension + (COLOURS.dimension if self.colour_share else 0)
        measured = self.metadata.get("calibration")
        self.calibrated = bool(measured)
        self.calibration = checked_calibration(measured, weights) if measured else CautiousCalibration(**IMAGENET)
        centred = self.metadata.get("calibration_centred")
        self.calibration_centred = checked_calibration(centred, weights) if centred else None

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        for crop in crops:
            require_crop(crop)
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


def require_crop(crop: np.ndarray) -> None:
    """Raise TypeError for what is no array, ValueError for an array that is no image (h, w, 3) uint8."""
    if not isinstance(crop, np.ndarray):
        raise TypeError(f"a crop must be an image, an array (h, w, 3) uint8 BGR, not {type(crop).__name__}")
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8 or not crop.size:
        raise ValueError(f"a crop must be an image (h, w, 3) uint8 BGR, not {crop.shape} {crop.dtype}")


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


def open_encoder(weights: Path, device: str) -> OpenEncoder:
    """An encoder's own file on `device`, or one of the other kinds. Raises WeightsError."""
    require_unchanged(weights)
    path = openvino_file(weights) if weights.is_dir() else weights
    if path.suffix not in KINDS:
        from .torch_encoder import open_checkpoint

        return open_checkpoint(path, device)
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}; check the path.")
    return KINDS[path.suffix](path)


def open_copy(weights: Path, copy: Path) -> OpenEncoder | None:
    """The copy (`write_openvino`) of a checkpoint in its place; None where it is damaged, or another's.

    Raises WeightsError where the checkpoint is a bundled one, and was changed.
    """
    require_unchanged(weights)
    try:
        encoder = open_openvino(openvino_file(copy))
    except WeightsError:
        return None
    is_of_these = encoder.checkpoint_sha256 == sha256(weights)
    return replace(encoder, sha256=encoder.checkpoint_sha256) if is_of_these else None


def unit(rows: np.ndarray) -> np.ndarray:
    """The rows (B, D), each of length 1."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
