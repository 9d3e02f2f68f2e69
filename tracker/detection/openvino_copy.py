"""A .pt network converted for OpenVINO once and kept in the user's cache, because it runs there twice as fast."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import warnings
from pathlib import Path


def openvino_copy(weights: Path, cache: Path | None = None) -> Path | None:
    """The OpenVINO folder of a .pt file, any input shape; made on first use, None where it cannot be made.

    `cache` is `$XDG_CACHE_HOME/followspot` unless given. The folder's name carries the file's hash, so other weights
    under the same name get a copy of their own.
    """
    cache = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "followspot"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()[:16]
    copy = cache / f"{weights.stem}_{digest}_openvino_model"
    if copy.exists():
        return copy
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as workshop:
            os.replace(_convert(weights, Path(workshop)), copy)
    except Exception:  # a copy is only a shortcut: whatever is wrong with the weights is said when they are opened
        return copy if copy.exists() else None
    return copy


def _convert(weights: Path, workshop: Path) -> Path:
    from ultralytics import YOLO

    network = YOLO(shutil.copy(weights, workshop / "network.pt"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit, which Ultralytics traces with
        return Path(network.export(format="openvino", dynamic=True, half=True))
