"""Loads a detector's weights, or raises one sentence that says why it cannot."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..types import InputError

if TYPE_CHECKING:
    from ultralytics import YOLO

OPENVINO_FOLDER = "_openvino_model"
RUNTIMES = {
    ".pt": ("torch", "torch"),
    ".onnx": ("onnxruntime", "followspot[onnx]"),
    ".engine": ("tensorrt", "tensorrt"),
    OPENVINO_FOLDER: ("openvino", "openvino"),
}
"""Kind of weights: the module that runs it, and what to install to get that."""
TASKS = ("detect", "pose", "segment")


def load_network(weights: Path, device: str = "", *, openvino: bool = True) -> YOLO:
    """The network in `weights`; nothing is downloaded, installed or reported.

    Raises InputError where the file is missing, of another kind, broken, for another task, or its runtime is missing.
    """
    kind = _check(weights)
    keep_offline()
    from ultralytics import YOLO

    _check_device(device)
    path = weights
    if kind == ".pt" and openvino and importlib.util.find_spec("openvino") and _runs_on_cpu(device):
        from .openvino_copy import openvino_copy

        path = openvino_copy(weights) or weights
    network = _open(YOLO, weights, path, {"device": device} if device else {})
    if network.task not in TASKS:
        raise InputError(f"{weights} is a model to {network.task}; a detector needs one to {' or '.join(TASKS)}")
    return network


def class_names(network: YOLO) -> dict[int, str]:
    """The class names of a network that `load_network` gave (its own property would load an exported model again)."""
    assert network.predictor is not None
    return dict(network.predictor.model.names)


def person_classes(names: Mapping[int, str], weights: Path) -> list[int]:
    """The numbers of the classes that are people: those named person, or the only class there is."""
    people = [number for number, name in names.items() if name.lower() == "person"]
    if not people and len(names) != 1:
        known = ", ".join(list(names.values())[:5])
        raise InputError(f"{weights} knows no class named person (but {known}, ...): choose numbers with --classes")
    return people or list(names)


def _check(weights: Path) -> str:
    """The key of `RUNTIMES` that `weights` belongs to."""
    if not weights.exists():
        raise InputError(f"detector weights {weights} not found: give the path of a model file (none is downloaded)")
    kind = OPENVINO_FOLDER if weights.name.endswith(OPENVINO_FOLDER) else weights.suffix.lower()
    if kind not in RUNTIMES:
        raise InputError(
            f"{weights} is no kind of detector weights: give a .pt, .onnx or .engine file, "
            f"or an OpenVINO folder whose name ends in {OPENVINO_FOLDER}"
        )
    if weights.is_dir() != (kind == OPENVINO_FOLDER) or (weights.is_dir() and not any(weights.glob("*.xml"))):
        raise InputError(f"{weights} holds no detector weights")
    module, package = RUNTIMES[kind]
    if importlib.util.find_spec(module) is None:
        raise InputError(f"{weights} needs the package {module}, which is not installed: pip install '{package}'")
    return kind


def _open(yolo: type[YOLO], weights: Path, path: Path, device: dict[str, Any]) -> YOLO:
    """The network in `path`, warmed up on an empty picture; error messages name `weights`."""
    try:
        network = yolo(str(path))
        if network.task in TASKS:
            network.predict(np.zeros((64, 64, 3), np.uint8), verbose=False, save=False, **device)
            if not class_names(network):
                raise ValueError("it names no classes")
    except Exception as error:  # a broken pickle, protobuf or XML can raise anything at all
        raise InputError(f"{weights} cannot be read as a detector: it is damaged, or no Ultralytics model") from error
    return network


def _check_device(device: str) -> None:
    from ultralytics.utils.torch_utils import select_device

    try:
        select_device(device, verbose=False)
    except Exception as error:  # ValueError for numbers, RuntimeError or AssertionError for words
        raise InputError(f"--device {device} is not on this machine: name cpu, 0, cuda:1 or mps, or none") from error


def _runs_on_cpu(device: str) -> bool:
    import torch

    return device == "cpu" or (not device and not torch.cuda.is_available())


def keep_offline() -> None:
    """Disable telemetry and package installation of Ultralytics and OpenVINO, before they are first imported."""
    for switch, value in (("YOLO_AUTOINSTALL", "false"), ("YOLO_OFFLINE", "true"), ("YOLO_VERBOSE", "false")):
        os.environ.setdefault(switch, value)
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
