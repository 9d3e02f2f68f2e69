"""Stores a calibration in an encoder's file, of any kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.checkpoint import read, write
from models.errors import WeightsError
from models.pretrained import load_encoder, save_encoder

from .atomic_write import replace_text
from .colour_histogram import open_histogram
from .exported_encoder import FACTS, ONNX_MISSING, open_onnx

Facts = dict[str, Any]


def store(path: Path, facts: Facts) -> None:
    """Add `facts` (plain values, `calibration` among them) to what the file says about its encoder.

    Raises WeightsError for an OpenVINO encoder, which is exported again from the .pt file instead.
    """
    if path.is_dir() or path.suffix == ".xml":
        raise WeightsError(f"{path} cannot be calibrated itself: calibrate the .pt file, and export that again.")
    WRITERS.get(path.suffix, store_in_checkpoint)(path, facts)


def store_in_checkpoint(path: Path, facts: Facts) -> None:
    """Our own file, whose tensors stay as they are; torchvision's becomes one of ours."""
    loaded, stored = load_encoder(path), read(path)
    metadata = {**loaded.metadata, **facts}
    if stored.kind is None:
        save_encoder(path, loaded.encoder, metadata)
    else:
        write(path, replace(stored, metadata=metadata))


def store_in_histogram(path: Path, facts: Facts) -> None:
    """A colour histogram's JSON."""
    open_histogram(path)
    content = json.loads(path.read_text())
    replace_text(path, json.dumps({**content, "metadata": {**content["metadata"], **facts}}, indent=1) + "\n")


def store_in_onnx(path: Path, facts: Facts) -> None:
    """An exported network's metadata."""
    try:
        import onnx
    except ImportError as error:
        raise WeightsError(ONNX_MISSING) from error

    open_onnx(path)
    network = onnx.load(path)
    properties = {entry.key: entry.value for entry in network.metadata_props}
    content = json.loads(properties[FACTS])
    properties[FACTS] = json.dumps({**content, "metadata": {**content["metadata"], **facts}})
    onnx.helper.set_model_props(network, properties)
    new = path.with_name(f".{path.name}.new")
    onnx.save(network, new)
    new.replace(path)


WRITERS: dict[str, Callable[[Path, Facts], None]] = {".json": store_in_histogram, ".onnx": store_in_onnx}
