"""Detectors: networks of any kind that boxes people, and boxes replayed from a file."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..boxes import area
from ..types import Detections, Frame, InputError, Picture, as_frame, require, told
from .openvino_network import OpenvinoNetwork
from .torch_network import Record, TorchNetwork
from .ultralytics_network import UltralyticsNetwork
from .weights import INT8_FOLDER, OtherKindError, check_kind, gpu, openvino_folder

MIN_AREA = 16.0
"""Square pixels; what clipping leaves of a box outside the picture is not a person."""

SMALLEST_INPUT, LARGEST_INPUT = 32, 8192
"""Pixels of the longer side of a network's input: beyond, memory for it runs out before anybody is found."""


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """How the network is run; the names are Ultralytics'."""

    conf: float = 0.1
    """Lowest score of a box given to the tracker, which uses weak boxes only to continue a track."""
    iou: float = 0.7
    """Two boxes that overlap more than this are one person (non-maximum suppression)."""
    imgsz: int = 640
    """Longer side of the network's input, pixels; larger finds smaller people and is slower."""
    device: str = ""
    """Device: cpu, 0, cuda:1, mps, ...; empty: the first GPU, else the CPU."""
    classes: tuple[int, ...] = ()
    """Class numbers to keep; none given: the class named person."""
    half: bool = False
    """Compute in 16-bit floats on a GPU."""
    batch: int = 4
    """Most frames in a batch of the network."""
    openvino: bool = True
    """On the CPU, run the networks by OpenVINO where that is installed: half the time, the same boxes to about a
    pixel."""
    int8: bool = False
    """By OpenVINO, run the 8-bit copy that `followspot export-detector` wrote beside the weights: a quarter of the time
    on processors without bfloat16; boxes are less exact, which can cost identities."""
    trust: bool = False
    """Load a .pt that holds more than a network of Ultralytics: code in it runs, so trust its author."""

    def __post_init__(self) -> None:
        for name in ("conf", "iou"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"--{name} must lie between 0 and 1, not {getattr(self, name)}")
        if not SMALLEST_INPUT <= self.imgsz <= LARGEST_INPUT:
            raise InputError(f"--imgsz must lie between {SMALLEST_INPUT} and {LARGEST_INPUT}, not {self.imgsz}")
        if self.batch < 1:
            raise InputError(f"--batch must be at least 1, not {self.batch}")


class YoloDetector:
    """Any Ultralytics model that detects, poses or segments: .pt, .onnx, .engine or an OpenVINO folder.

    A .pt file is a pickle; code in it is not run, unless the options trust it. What runs it:

    - on the processor OpenVINO, a copy that is made once and kept; where the device is given as cpu, and the network
      detects (no poses, no masks), without importing torch;
    - on a GPU `record` (`models.recorded.Recorded`), where that is given and the network detects;
    - Ultralytics in all other cases.

    Raises InputError where the weights are missing or are none, know no people, hold code, or need a package that is
    not there.
    """

    def __init__(
        self, weights: str | Path, options: DetectorOptions | None = None, record: Record | None = None
    ) -> None:
        self.weights = Path(weights)
        self.options = options or DetectorOptions()
        require(self.options, DetectorOptions, "the options of a detector")
        self._network = _network(self.weights, self.options, record)

    @property
    def int8(self) -> bool:
        """Whether the 8-bit copy of the weights runs."""
        return isinstance(self._network, OpenvinoNetwork) and self._network.folder.name.endswith(INT8_FOLDER)

    def prepare(self, width: int, height: int) -> None:
        """Get ready for frames of this size, in any thread: else the first of them waits for it."""
        with contextlib.suppress(RuntimeError):  # which the first frame meets again
            if isinstance(self._network, OpenvinoNetwork):
                self._network.prepare(width, height)
            elif isinstance(self._network, TorchNetwork):
                self._network.prepare(width, height, self.options.batch)

    def __call__(self, frame: Picture) -> Detections:
        """People in one frame, which may be its image alone, (H, W, 3) uint8 BGR.

        Raises InputError where the frame has no image or the network cannot take it.
        """
        return self.batch([frame])[0]

    def batch(self, frames: Sequence[Picture]) -> list[Detections]:
        """People in each of the frames, in their order; images of one size go through fastest."""
        images = [_image(as_frame(frame)) for frame in frames]
        size = self.options.batch
        return [found for start in range(0, len(images), size) for found in self._found(images[start:][:size])]

    def _found(self, images: list[np.ndarray]) -> list[Detections]:
        try:
            found = self._network(images)
        except (RuntimeError, ValueError, TypeError, AssertionError, ImportError, OSError) as error:
            raise InputError(f"the detector {self.weights} cannot run: {told(error)}") from error
        return [each[area(each.xyxy) >= MIN_AREA] for each in found]


class ReplayDetector:
    """Boxes found earlier instead of a network: `detections` by 0-based frame index; a frame without entry has none."""

    def __init__(self, detections: Mapping[int, Detections]) -> None:
        self.detections = detections

    def __call__(self, frame: Frame) -> Detections:
        return self.detections.get(frame.index, Detections.empty())

    def batch(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self(frame) for frame in frames]


def _image(frame: Frame) -> np.ndarray:
    if frame.image is None:
        raise InputError(f"frame {frame.index} has no picture to detect people in: replay boxes with --detections")
    return np.ascontiguousarray(frame.image)


def _network(
    weights: Path, options: DetectorOptions, record: Record | None
) -> OpenvinoNetwork | TorchNetwork | UltralyticsNetwork:
    copy = None
    if options.openvino:
        copy = openvino_folder(weights, options.device, int8=options.int8, trust=options.trust)
    if copy is not None:
        try:
            return OpenvinoNetwork(copy, options.conf, options.iou, options.imgsz, options.classes)
        except OtherKindError:
            pass
        except Exception as error:  # the copy is damaged in any way
            if isinstance(error, InputError):
                UltralyticsNetwork(weights, None, options)  # refuses classes that the weights do not know either
            if copy.name.endswith(INT8_FOLDER):
                raise InputError(f"{copy} is damaged: install or export it again, or leave --int8 out") from error
            shutil.rmtree(copy, ignore_errors=True)  # torch runs the weights, and the next run copies them anew
            copy = None
    device = gpu(options.device) if record and copy is None and check_kind(weights) == ".pt" else None
    if record and device:
        with contextlib.suppress(OtherKindError):
            return TorchNetwork(weights, device, options, record)
    return UltralyticsNetwork(weights, copy, options)
