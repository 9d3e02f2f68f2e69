"""Loads a detector's weights, or raises one sentence that says why it cannot."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..types import InputError

if TYPE_CHECKING:
    import torch
    from ultralytics import YOLO

OPENVINO_FOLDER = "_openvino_model"
INT8_FOLDER = f"_int8{OPENVINO_FOLDER}"
"""How the name of an 8-bit copy ends, which `followspot export-detector` writes beside NAME.pt."""
MADE_OF = "made_of"
"""What its metadata calls the sha256 of the .pt file that it was made of."""
RUNTIMES = {
    ".pt": ("torch", "torch"),
    ".onnx": ("onnxruntime", "followspot[onnx]"),
    ".engine": ("tensorrt", "tensorrt"),
    OPENVINO_FOLDER: ("openvino", "openvino"),
}
"""Kind of weights: the module that runs it, and what to install to get that."""
REFUSED = re.compile("unsupported global", re.IGNORECASE)
"""Matches what torch's restricted unpickler says of a pickle that refers to an unknown global."""
TASKS = ("detect", "pose", "segment")


class OtherKindError(Exception):
    """A network that detects in another way than those run without Ultralytics; nothing is wrong with it."""


def openvino_folder(weights: Path, device: str = "", *, int8: bool = False, trust: bool = False) -> Path | None:
    """The OpenVINO copy of a .pt file that is to run in its place: on the processor, where OpenVINO is installed.

    Raises InputError where the file is missing or broken, the device is not there, or the file has no copy yet, holds
    code, and is not trusted.
    """
    copy = openvino_place(weights, device, int8=int8)
    if copy is None:
        return None
    from .openvino_copy import convert_detector, is_kept, made_copy

    if not is_kept(copy) and not trust:
        _refuse_code(weights)
    return made_copy(weights, copy, convert_detector)


def openvino_place(weights: Path, device: str = "", *, int8: bool = False) -> Path | None:
    """Where that copy is, or will be; None where the file itself is to run. With `int8` the one in 8 bits, if it has
    one. Raises InputError as `openvino_folder`."""
    if check_kind(weights) != ".pt" or importlib.util.find_spec("openvino") is None:
        return None
    keep_offline()
    if not _runs_on_cpu(device):
        return None
    if int8 and (found := int8_folder(weights)) is not None and _computes_in_int8():
        return found
    from .openvino_copy import kept_copy

    return kept_copy(weights, ("ultralytics",))


def int8_folder(weights: Path) -> Path | None:
    """The 8-bit copy beside a .pt file, if there is one that was made of this very file."""
    folder = weights.with_name(f"{weights.stem}{INT8_FOLDER}")
    try:
        facts = (folder / "metadata.yaml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    stated = re.search(rf"^{MADE_OF}: ([0-9a-f]{{64}})$", facts, re.MULTILINE)
    made_of_it = stated is not None and stated[1] == hashlib.sha256(weights.read_bytes()).hexdigest()
    return folder if made_of_it else None


def open_module(weights: Path, *, trust: bool = False) -> Any:
    """The torch module in a .pt file. Raises InputError as `load_network`."""
    check_kind(weights)
    keep_offline()
    from ultralytics import YOLO

    if not trust:
        _refuse_code(weights)
    try:
        return YOLO(str(weights)).model
    except Exception as error:  # a broken pickle can raise anything at all
        raise _unreadable(weights) from error


def gpu(device: str) -> torch.device | None:
    """The GPU of that name that runs CUDA, the first one where none is named; None where it is another device.

    Raises InputError where there is none of that name.
    """
    if device and not re.fullmatch(r"(cuda(:\d+)?)|\d+", device):
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    _check_device(device)
    return torch.device(f"cuda:{device}" if device.isdigit() else device or "cuda")


def load_network(weights: Path, device: str = "", *, copy: Path | None = None, trust: bool = False) -> YOLO:
    """The network in `weights`, or in what was made of them for OpenVINO; nothing is downloaded, installed or reported.

    A .pt is a pickle, which can hold any code; `trust` allows it to run.
    Raises InputError where the file is missing, of another kind, broken, for another task, its runtime is missing, or
    it holds code and is not trusted.
    """
    kind = check_kind(weights)
    keep_offline()
    from ultralytics import YOLO

    if kind == ".pt" and not trust:
        _refuse_code(weights)
    _check_device(device)
    network = _open(YOLO, weights, copy or weights, {"device": device} if device else {})
    if network.task not in TASKS:
        raise InputError(f"{weights} is a model to {network.task}; a detector needs one to {' or '.join(TASKS)}")
    return network


def class_names(network: YOLO) -> dict[int, str]:
    """The class names of a network that `load_network` gave (its own property would load an exported model again)."""
    assert network.predictor is not None
    return dict(network.predictor.model.names)


def chosen_classes(asked: Sequence[int], names: Mapping[int, str], weights: Path) -> list[int]:
    """The numbers of the classes to find: those asked for, else those of people. Raises InputError for unknown ones."""
    unknown = sorted(set(asked) - set(names))
    if unknown:
        raise InputError(f"{weights} knows no class {unknown[0]}: its classes are {min(names)} to {max(names)}")
    return list(asked) or person_classes(names, weights)


def person_classes(names: Mapping[int, str], weights: Path) -> list[int]:
    """The numbers of the classes that are people: those named person, or the only class there is."""
    people = [number for number, name in names.items() if name.lower() == "person"]
    if not people and len(names) != 1:
        known = ", ".join(list(names.values())[:5])
        raise InputError(f"{weights} knows no class named person (but {known}, ...): choose numbers with --classes")
    return people or list(names)


def check_kind(weights: Path) -> str:
    """The key of `RUNTIMES` that `weights` belongs to."""
    if not weights.exists():
        raise InputError(
            f"detector weights {weights} not found: give the path of a model file (none is downloaded; "
            "Ultralytics' are at github.com/ultralytics/assets/releases)"
        )
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
        raise _unreadable(weights) from error
    return network


def _refuse_code(weights: Path) -> None:
    """Raise InputError unless the pickle holds nothing beyond what Ultralytics' own networks consist of.

    Ultralytics reads it here by torch's restricted unpickler, which runs nothing else; what that cannot read, nobody
    opens.
    """
    from ultralytics.nn.tasks import torch_safe_load

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of pickles written in another way, which may be read or not
            torch_safe_load(str(weights), safe_only=True)
    except Exception as error:  # a broken pickle can raise anything at all
        if REFUSED.search(str(error.__cause__)):
            raise InputError(
                f"{weights} holds more than a network of Ultralytics, code perhaps, and was not loaded: "
                "if you trust its author, give --trust"
            ) from error
        raise _unreadable(weights) from error


def _unreadable(weights: Path) -> InputError:
    return InputError(f"{weights} cannot be read as a detector: it is damaged, or no Ultralytics model")


def _check_device(device: str) -> None:
    from ultralytics.utils.torch_utils import select_device

    try:
        select_device(device, verbose=False)
    except Exception as error:  # ValueError for numbers, RuntimeError or AssertionError for words
        raise InputError(f"--device {device} is not on this machine: name cpu, 0, cuda:1 or mps, or none") from error


def _computes_in_int8() -> bool:
    from .openvino_core import openvino_core

    return "INT8" in openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _runs_on_cpu(device: str) -> bool:
    if device:
        return device == "cpu"
    import torch

    return not torch.cuda.is_available()


def keep_offline() -> None:
    """Disable telemetry and package installation of Ultralytics and OpenVINO, before they are first imported."""
    for switch, value in (("YOLO_AUTOINSTALL", "false"), ("YOLO_OFFLINE", "true"), ("YOLO_VERBOSE", "false")):
        os.environ.setdefault(switch, value)
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
