"""An 8-bit copy of a detector for the processor, by NNCF: post-training quantization with full bias correction.

Convolutions get 8-bit weights and activations. What turns the head's output into boxes stays in floating point: in 8
bits it costs 10 AP.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.digest import sha256
from tracker.boxes import iou
from tracker.detection.letterbox import Letterbox
from tracker.detection.openvino_core import openvino_core
from tracker.detection.openvino_network import OpenvinoNetwork
from tracker.detection.weights import MADE_OF
from tracker.types import Detections, InputError

from .pictures import read_picture

HEAD = re.compile(r"model\.(\d+)/aten::sigmoid/")
"""The name of the operation that makes scores of the head's output tells the head's number."""


def quantize(weights: Path, copy: Path, pictures: Sequence[Path], imgsz: int, out: Path) -> None:
    """Write the 8-bit copy of the .pt file `weights`, whose OpenVINO copy is `copy`, into the folder `out`.

    The ranges of its activations are those that the pictures give. Raises InputError where a picture cannot be read or
    the network is not one of Ultralytics' detectors.
    """
    import nncf
    import openvino

    file = next(copy.glob("*.xml"))
    network = openvino_core().read_model(file)
    heads = [found[1] for each in network.get_ops() if (found := HEAD.search(each.get_friendly_name()))]
    if not heads:
        raise InputError(f"{weights} has no head that detects: only detectors of Ultralytics are made 8-bit")
    decoding = [rf".*model\.{heads[0]}/.*", ".*dfl.*"]
    quantized = nncf.quantize(
        network,
        nncf.Dataset(list(pictures), lambda path: _network_input(path, imgsz)),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(pictures),
        fast_bias_correction=False,
        ignored_scope=nncf.IgnoredScope(patterns=decoding, validate=False),
    )
    out.mkdir()
    openvino.save_model(quantized, out / file.name)
    shutil.copy(copy / "metadata.yaml", out)
    with (out / "metadata.yaml").open("a", encoding="utf-8") as facts:
        facts.write(f"{MADE_OF}: {sha256(weights)}\n")


def _network_input(path: Path, imgsz: int) -> np.ndarray:
    """(1, 3, h, w) float32 RGB in 0..1, as the network gets a picture."""
    image = read_picture(path)
    put = Letterbox.of((image.shape[1], image.shape[0]), imgsz, 32).put(image)  # (h, w, 3)
    return put[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255


def agreement(networks: Sequence[OpenvinoNetwork], pictures: Sequence[Path], sure: float, overlap: float) -> float:
    """Share of the boxes from score `sure` on, of either of two networks, on which the other has one at an IoU of
    `overlap`; 1 where there are none."""
    agreed = boxes = 0
    for path in pictures:
        image = read_picture(path)
        one, other = (network([image])[0] for network in networks)
        for some, others in ((one, other), (other, one)):
            found = _found(some[some.score >= sure], others, overlap)
            agreed, boxes = agreed + int(found.sum()), boxes + len(found)
    return agreed / boxes if boxes else 1.0


def _found(some: Detections, others: Detections, overlap: float) -> np.ndarray:
    """Which of the boxes the others have, too, (N,) bool."""
    return np.any(iou(some.xyxy, others.xyxy) >= overlap, axis=1)
