"""A network that detects run by OpenVINO itself, on the processor: no torch, no Ultralytics."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import yaml  # type: ignore[import-untyped]

from ..types import Detections
from .letterbox import Letterbox
from .openvino_core import openvino_core
from .raw_boxes import BOX, Selection
from .weights import OtherKindError, chosen_classes

SIZES = 4
"""So many sizes of input stay compiled."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The network for inputs of one size, and its requests that wait for a picture."""

    network: Any
    idle: deque[Any] = field(default_factory=deque)

    def request(self) -> Any:
        return self.idle.popleft() if self.idle else self.network.create_infer_request()


class OpenvinoNetwork:
    """What Ultralytics exported to a folder: pictures of any size to boxes, as Ultralytics gives them.

    Each picture is a request of its own, and as many run side by side as OpenVINO has streams: the boxes of a picture
    do not depend on those around it. The network is compiled for each size of input when the first such picture comes:
    that takes 0.15 s, and then each costs 10% less than one compiled for any size. `classes` are the numbers of those
    to find, by default the one named person. Not for several threads at once.
    Raises OtherKindError where the network is of another kind, InputError where it knows no such classes, other
    exceptions where the folder is damaged.
    """

    def __init__(self, folder: Path, conf: float, iou: float, imgsz: int, classes: Sequence[int] = ()) -> None:
        facts = yaml.safe_load((folder / "metadata.yaml").read_text(encoding="utf-8"))
        if facts["task"] != "detect" or facts.get("end2end"):
            raise OtherKindError("a network of another kind")
        self.folder = folder
        self.names: dict[int, str] = facts["names"]
        self._selection = Selection(chosen_classes(classes, self.names, folder), conf, iou)
        self._imgsz, self._stride = imgsz, int(facts["stride"])
        network = _read(next(folder.glob("*.xml")), BOX + len(self.names))
        self._of_size = lru_cache(SIZES)(lambda height, width: _compiled(network, height, width))
        self._compiling = Lock()

    def __call__(self, images: Sequence[np.ndarray]) -> list[Detections]:
        """People in pictures (H, W, 3) uint8 BGR. Raises RuntimeError where OpenVINO fails."""
        return [self._finished(*started) for started in [self._started(image) for image in images]]

    def prepare(self, width: int, height: int) -> None:
        """Compile the network for pictures of this size, from any thread."""
        self._compiled(*Letterbox.of((width, height), self._imgsz, self._stride).shape)

    def _compiled(self, height: int, width: int) -> Compiled:
        with self._compiling:
            return self._of_size(height, width)

    def _started(self, image: np.ndarray) -> tuple[Compiled, Any, Letterbox]:
        box = Letterbox.of((image.shape[1], image.shape[0]), self._imgsz, self._stride)
        given = box.put(image)
        compiled = self._compiled(*given.shape[:2])
        request = compiled.request()
        request.start_async(given[None])
        return compiled, request, box

    def _finished(self, compiled: Compiled, request: Any, box: Letterbox) -> Detections:
        request.wait()
        found = self._selection(request.get_output_tensor().data[0], box)
        compiled.idle.append(request)
        return found


def _read(file: Path, rows: int) -> Any:
    """The network with a picture (1, h, w, 3) uint8 BGR as its input: what is done to it first is compiled in."""
    import openvino
    from openvino.preprocess import ColorFormat, PrePostProcessor

    network = openvino_core().read_model(file)
    if len(network.outputs) != 1 or network.outputs[0].get_partial_shape()[1] != rows:
        raise OtherKindError("an output of another kind")
    steps = PrePostProcessor(network)
    picture = steps.input()
    picture.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    picture.tensor().set_color_format(ColorFormat.BGR)
    picture.preprocess().convert_element_type(openvino.Type.f32).convert_color(ColorFormat.RGB).scale([255.0] * 3)
    picture.model().set_layout(openvino.Layout("NCHW"))
    return steps.build()


def _compiled(network: Any, height: int, width: int) -> Compiled:
    """What `_read` gave, for pictures of one size."""
    network.reshape([1, height, width, 3])
    return Compiled(openvino_core().compile_model(network, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT"}))
