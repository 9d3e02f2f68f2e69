"""A .pt network converted for OpenVINO once and kept in the user's cache, because it runs there twice as fast."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..user_cache import user_cache


def kept_copy(weights: Path, made_by: Sequence[str], cache: Path | None = None) -> Path:
    """Where the OpenVINO folder of a .pt file is, or would be.

    `cache` is `$XDG_CACHE_HOME/followspot` unless given. The folder's name carries a hash of the file and of the
    versions of OpenVINO and of the packages that the copy is `made_by`: what has changed gets a copy of its own.
    """
    cache = cache or user_cache()
    digest = hashlib.sha256(weights.read_bytes())
    digest.update(" ".join(map(_version, ("openvino", *made_by))).encode())
    return cache / f"{weights.stem}_{digest.hexdigest()[:16]}_openvino_model"


def is_kept(copy: Path) -> bool:
    """Whether the copy is there; False, unlike `Path.exists`, also in a cache that is closed to this user."""
    return os.path.exists(copy)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # installed in another way than from a wheel
        return ""


def made_copy(weights: Path, copy: Path, convert: Callable[[Path, Path], Path]) -> Path | None:
    """The folder `copy` (`kept_copy`), made unless it is there; None where it cannot be made.

    `convert` gets the weights and an empty folder, and returns the OpenVINO folder that it has made in there; copies
    are whole or not there at all.
    """
    if is_kept(copy):
        return copy
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copy.parent) as workshop:
            os.replace(convert(weights, Path(workshop)), copy)
    except Exception:  # a copy is only a shortcut: whatever is wrong with the weights is said when they are opened
        return copy if is_kept(copy) else None
    return copy


def convert_detector(weights: Path, workshop: Path) -> Path:
    """Ultralytics' own export, for any input shape."""
    from ultralytics import YOLO

    network = YOLO(shutil.copy(weights, workshop / "network.pt"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch.jit, which Ultralytics traces with
        return Path(network.export(format="openvino", dynamic=True, half=True))
