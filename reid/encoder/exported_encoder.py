"""Loads encoders that `followspot export` wrote for ONNX Runtime and OpenVINO. Both run on the processor."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from models.digest import sha256
from models.errors import WeightsError
from models.limits import LARGEST_SIDE, LONGEST_VECTOR

FACTS = "followspot"  # the key under which an exported file holds what `OpenEncoder` needs, as JSON
INPUT, OUTPUT = "images", "embedding"
ONNX_MISSING = "ONNX needs two packages that are not installed: pip install 'followspot[onnx]'."


@dataclass(frozen=True)
class OpenEncoder:
    """An encoder ready to be used, whatever runs it.

    `run` takes images (B, height, width, 3) uint8 BGR to (B, dimension) float32 rows of length 1. `metadata` is what
    the checkpoint says about itself, `sha256` the file's own, in hexadecimal; `checkpoint_sha256` that of the
    checkpoint it was exported from, empty where there was none.
    """

    run: Callable[[np.ndarray], np.ndarray]
    height: int
    width: int
    dimension: int
    metadata: dict[str, Any]
    sha256: str
    checkpoint_sha256: str = ""


def open_onnx(path: Path) -> OpenEncoder:
    """Raises WeightsError where ONNX Runtime is not installed or the file is not from `followspot export`."""
    try:
        import onnxruntime
    except ImportError as error:
        raise WeightsError(ONNX_MISSING) from error

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    # Threads that spin between runs would take the processor from the detector, which works most of the time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # a class of its own for each way in which a file can be wrong
        raise WeightsError(f"{path} is no ONNX network, or it is damaged; export it again.") from error
    facts = session.get_modelmeta().custom_metadata_map.get(FACTS)
    return opened(path, facts, lambda images: session.run([OUTPUT], {INPUT: rgb_planes(images)})[0], [path])


def open_openvino(path: Path) -> OpenEncoder:
    """`path` is the .xml. Raises WeightsError where it is not from `followspot export`."""
    # Not bfloat16, OpenVINO's own choice on some processors: the calibration was measured in full precision.
    precise = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads()}
    try:
        network = openvino_core().read_model(path)
        facts = network.get_rt_info([FACTS]).value if network.has_rt_info([FACTS]) else None
        compiled = openvino_core().compile_model(network, "CPU", precise)
    except RuntimeError as error:
        raise WeightsError(
            f"{path} is no OpenVINO network, or its .bin is missing or damaged; export it again."
        ) from error
    files = [path.with_suffix(".bin"), path]
    return opened(path, facts, lambda images: compiled(rgb_planes(images))[0], files)


@cache
def openvino_core() -> Any:
    """One for the whole process: where cores end in the order in which they began, the next signal crashes the process
    (told at length in `tracker/detection/openvino_core.py`, which this room may not import)."""
    return silent_openvino().Core()


def silent_openvino() -> Any:
    """The package `openvino`. Where its telemetry can be imported, importing it tells its makers over the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


OPENERS = {".onnx": open_onnx, ".xml": open_openvino}


def opened(path: Path, facts: Any, run: Callable[[np.ndarray], np.ndarray], files: Sequence[Path]) -> OpenEncoder:
    """The encoder with the facts in its file; WeightsError where there are none."""
    if not isinstance(facts, str):
        raise WeightsError(f"{path} is not an encoder from `followspot export`; export the encoder's .pt file.")
    try:
        read = read_facts(facts)
        height, width, dimension = sizes = [read[name] for name in ("height", "width", "dimension")]
        largest = (LARGEST_SIDE, LARGEST_SIDE, LONGEST_VECTOR)
        if not all(isinstance(size, int) and 0 < size <= most for size, most in zip(sizes, largest, strict=True)):
            raise ValueError(f"sizes of {sizes}")
        checkpoint = str(read.get("checkpoint_sha256", ""))
        return OpenEncoder(run, height, width, dimension, dict(read["metadata"]), sha256(*files), checkpoint)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(f"{path} says nothing sensible of its encoder; export the .pt file again.") from error


def threads() -> int:
    """As many as torch works with, where it is in use; else 0, which leaves it to the library that runs the encoder."""
    torch = sys.modules.get("torch")
    return torch.get_num_threads() if torch else 0


def read_facts(text: str | bytes) -> Any:
    """JSON with its lists as tuples. Raises ValueError, or RecursionError where it is nested too deep."""
    return json.loads(text, object_hook=lambda values: {key: immutable(value) for key, value in values.items()})


def immutable(value: Any) -> Any:
    """Lists as tuples, as a checkpoint has them and JSON cannot."""
    return tuple(immutable(entry) for entry in value) if isinstance(value, list) else value


def openvino_file(folder: Path) -> Path:
    """The one .xml of an OpenVINO folder. Raises WeightsError where there is none, or several."""
    files = sorted(folder.glob("*.xml"))
    if len(files) != 1:
        raise WeightsError(
            f"The folder {folder} holds {len(files) or 'no'} OpenVINO encoders (.xml); name one encoder's file."
        )
    return files[0]


def rgb_planes(images: np.ndarray) -> np.ndarray:
    """(B, H, W, 3) uint8 BGR -> (B, 3, H, W) float32 RGB in 0..1."""
    return np.ascontiguousarray(images[..., ::-1].transpose(0, 3, 1, 2), np.float32) / np.float32(255)
