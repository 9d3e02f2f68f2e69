"""`followspot export`: an encoder for ONNX Runtime or OpenVINO, written only where it gives the same embeddings."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from tyro.conf import Positional

from models.errors import WeightsError
from models.pretrained import LoadedEncoder, load_encoder
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.encoder.encoder_export import WRITERS
from reid.encoder.exported_encoder import ONNX_MISSING, OPENERS
from tracker.gallery import crop
from tracker.types import InputError

from .renderer.options import StageOptions
from .renderer.scene import Scene
from .run.output import say
from .run.parts import NAMED_ENCODERS, encoder_weights

MIN_COSINE = 1 - 1e-3
BATCHES = (1, 8)
SCENE = StageOptions(dancers=4, seconds=4.0, fps=1.0, width=640, height=360, audio=False)
ENDINGS = {"onnx": ".onnx", "openvino": "_openvino"}


@dataclass(frozen=True)
class ExportCommand:
    """Write a re-ID encoder for ONNX Runtime (one .onnx file) or OpenVINO (a folder), and check it.

    The file takes RGB crops in 0..1 of a fixed size, in any number, and gives rows of length 1; it says so itself, and
    carries the encoder's calibration, so `--reid` takes it wherever it takes a .pt file. Rendered dancers go through
    the encoder and the export; where the embeddings differ by more than 1e-3 (cosine), nothing is written.
    """

    weights: Positional[str]
    """The encoder: `bundled`, `strong`, `rendered`, or a file trained with followspot."""
    to: Literal["onnx", "openvino"]
    """onnx needs the extra of that name: pip install 'followspot[onnx]'."""
    out: Path | None = None
    """The new file (.onnx), or folder (OpenVINO); by default beside the weights, for the bundled ones here."""

    def run(self) -> None:
        """Raises InputError where nothing can be written or the export differs, WeightsError for no encoder."""
        weights = encoder_weights(self.weights)
        if weights is None:
            raise WeightsError("`none` leaves nothing to export; name an encoder's file, or `bundled`.")
        if weights.suffix in OPENERS:
            raise WeightsError(f"{weights} is an export already; name the .pt file it was made of.")
        out = self._new_file(weights)
        if self.to == "onnx" and not all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime")):
            raise WeightsError(ONNX_MISSING)
        loaded = load_encoder(weights)
        try:
            similarity = write_checked(out, weights, loaded, lambda path: WRITERS[self.to](path, loaded))
        except OSError as error:
            raise InputError(f"cannot write {out} ({error.strerror}); choose another --out") from error
        for batch, lowest in similarity.items():
            say(f"batch of {batch}: lowest cosine similarity to {weights.name} {lowest:.6f}")
        say(str(out))

    def _new_file(self, weights: Path) -> Path:
        ending = ENDINGS[self.to]
        beside = Path() if self.weights in NAMED_ENCODERS else weights.parent
        out = self.out or beside / f"{weights.stem}{ending}"
        if self.to == "onnx" and out.suffix != ending:
            raise InputError(f"--out {out} does not end in {ending}, by which --reid knows an ONNX file")
        if os.path.lexists(out):
            raise InputError(f"{out} exists; remove it, or choose another --out")
        return out


def write_checked(out: Path, weights: Path, loaded: LoadedEncoder, write: Callable[[Path], None]) -> dict[int, float]:
    """Write to `out` if it passes the check; the lowest cosine similarity to the encoder in batches of 1 and 8.

    It is made in a folder of its own and moved at the end, so that `out` is whole or not there. Raises InputError.
    """
    parents = out.absolute().parents
    with tempfile.TemporaryDirectory(dir=next(path for path in parents if path.exists())) as workshop:
        made = Path(workshop) / out.name
        try:
            write(made)
        except OSError:
            raise
        except Exception as error:  # of whatever class an exporter's parts have
            raise InputError(
                f"{weights} cannot be exported: its trunk {loaded.encoder.options.trunk} uses what the format lacks "
                f"({str(error).strip().splitlines()[0]})"
            ) from error
        similarity = compare(weights, made)
        lowest = min(similarity.values())
        if not lowest >= MIN_COSINE:
            raise InputError(
                f"the export of {weights} is not written: its embeddings differ (lowest cosine similarity {lowest:.4f})"
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        os.replace(made, out)
    return similarity


def compare(weights: Path, exported: Path) -> dict[int, float]:
    """By batch size, the lowest cosine similarity of two encoders' embeddings of the same rendered dancers."""
    embedders = [Embedder(path, EmbedderOptions(device="cpu")) for path in (weights, exported)]
    crops, similarity = rendered_crops(), {}
    for batch in BATCHES:
        chunks = [crops[start : start + batch] for start in range(0, len(crops), batch)]
        rows, others = (np.concatenate([embedder.embed_batch(chunk) for chunk in chunks]) for embedder in embedders)
        similarity[batch] = float((rows * others).sum(axis=1).min())
    return similarity


def rendered_crops() -> list[np.ndarray]:
    """15 pictures (h, w, 3) uint8 BGR of four dancers on a stage."""
    return [
        crop(stage.frame.image, box).copy()
        for stage in Scene(SCENE).frames()
        for box in stage.truth.xyxy
        if stage.frame.image is not None
    ]
