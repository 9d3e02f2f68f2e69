"""The detector and the re-ID encoder of a run, made from the user's options."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from models.bundled import COLOUR_HISTOGRAM, ENCODERS, PERSON_DETECTOR, require_unchanged
from tracker.detection.detector import DetectorOptions, ReplayDetector, YoloDetector
from tracker.detection.openvino_copy import is_kept, kept_copy, made_copy
from tracker.detection.weights import openvino_place
from tracker.results.mot_files import read_detections
from tracker.types import Detector, InputError
from tracker.types import Embedder as AnyEmbedder

from .accelerator import device_or_cpu
from .output import note

if TYPE_CHECKING:
    from reid.encoder.embedder import Embedder

BUNDLED = "bundled"
NONE = "none"
HISTOGRAM = "histogram"
NAMED_ENCODERS = {NONE: None, HISTOGRAM: COLOUR_HISTOGRAM, **ENCODERS}


def detector_weights(choice: str) -> Path:
    """The file behind `--detector`: the bundled one, or a path. Raises InputError for an empty one."""
    return PERSON_DETECTOR if choice == BUNDLED else _path("detector", choice)


def encoder_weights(choice: str) -> Path | None:
    """The file behind `--reid`; None for `none`. Raises InputError for an empty one."""
    return NAMED_ENCODERS[choice] if choice in NAMED_ENCODERS else _path("reid", choice)


def _path(option: str, name: str) -> Path:
    if not name:
        raise InputError(f"--{option} is empty: name a file, or leave it out")
    return Path(name)


def make_detector(weights: Path, options: DetectorOptions, detections: Path | None = None) -> Detector:
    """A network, or boxes replayed from a MOT file where one is given. Raises InputError, WeightsError."""
    if detections is None:
        require_unchanged(weights)
        options = replace(options, device=device_or_cpu(options.device))
        copy = openvino_place(weights, options.device, int8=options.int8) if options.openvino else None
        if copy is not None:
            require_unchanged(copy)
        _tell_of_copying(copy)
        detector = YoloDetector(weights, options, _recorded if options.device != "cpu" else None)
        _tell_of_torch(copy)
        if options.int8 and not detector.int8:
            note(f"{weights.name} has no 8-bit copy that runs here; `followspot export-detector` makes one")
        return detector
    if not detections.is_file():
        raise InputError(f"there is no file {detections} to replay detections from")
    return ReplayDetector(read_detections(detections))


def make_embedder(weights: Path | None, device: str = "", openvino: bool = True) -> Embedder | None:
    """The re-ID encoder with its calibration, or None. Raises WeightsError.

    On the processor OpenVINO runs a copy of a bundled one, unless `openvino` is False.
    """
    if weights is None:
        return None
    from reid.encoder.embedder import Embedder, EmbedderOptions

    device = device_or_cpu(device)
    copied = openvino and device == "cpu" and weights in ENCODERS.values()
    copied = copied and importlib.util.find_spec("openvino") is not None
    copy = _encoder_copy(weights) if copied else None
    embedder = Embedder(weights, EmbedderOptions(device=device or "auto"), copy)
    if copied and not embedder.runs_copy:
        place = _encoder_place(weights)
        shutil.rmtree(place, ignore_errors=True)  # a damaged one, so that it is made anew
        _tell_of_torch(place)
    if not embedder.calibrated:
        note(f"{weights} is not calibrated, so it decides little: run `followspot calibrate {weights} SCENE` first")
    elif embedder.calibration_centred is None:
        again = f"run `followspot calibrate {weights} SCENE` again"
        note(f"{weights} was calibrated by release 0.1, so people of like looks are told apart less well: {again}")
    return embedder


def _recorded(run: Any, device: Any) -> Any:
    from models.recorded import Recorded  # which imports torch

    return Recorded(run, device)


def _encoder_copy(weights: Path) -> Path | None:
    require_unchanged(weights)
    copy = _encoder_place(weights)
    _tell_of_copying(copy)
    return made_copy(weights, copy, _convert_encoder)


def _encoder_place(weights: Path) -> Path:
    return kept_copy(weights, ("torch", "followspot"))


def _tell_of_torch(copy: Path | None) -> None:
    """A note where the copy could not be made, or was damaged and is gone."""
    if copy is not None and not is_kept(copy):
        note(f"{copy} cannot be kept or read, so PyTorch runs: slower, and results may differ in the last digits")


def _tell_of_copying(copy: Path | None) -> None:
    if copy is not None and not is_kept(copy):
        note(
            f"copying {copy.name.split('_openvino')[0].rpartition('_')[0]} for this processor; later runs start at once"
        )


def _convert_encoder(weights: Path, workshop: Path) -> Path:
    from models.pretrained import load_encoder
    from reid.encoder.encoder_export import write_openvino

    write_openvino(workshop / "encoder", load_encoder(weights))
    return workshop / "encoder"


@dataclass(frozen=True)
class Parts:
    """What a run tracks with, and the files it was read from, by part: None where no network is one."""

    detector: Detector
    embedder: AnyEmbedder | None
    weights: dict[str, Path | None]

    @property
    def int8(self) -> bool:
        """Whether the detector runs in 8 bits."""
        return isinstance(self.detector, YoloDetector) and self.detector.int8


def make_parts(
    detector: str,
    reid: str,
    options: DetectorOptions,
    detections: Path | None = None,
    size: tuple[int, int] | None = None,
) -> Parts:
    """The parts that the options of a command name. Raises InputError, WeightsError.

    With a `size` (width, height) of the frames OpenVINO compiles the networks side by side.
    """
    weights = encoder_weights(reid)
    if weights is not None and not weights.exists():
        raise InputError(f"there is no file {weights}: --reid names weights, or {', '.join(NAMED_ENCODERS)}")
    made = make_detector(detector_weights(detector), options, detections)
    if size is not None and isinstance(made, YoloDetector):
        Thread(target=made.prepare, args=size).start()
    embedder = make_embedder(weights, options.device, options.openvino)
    return Parts(made, embedder, part_files(detector, reid, detections))


def part_files(detector: str, reid: str, detections: Path | None) -> dict[str, Path | None]:
    """The files that the parts are read from: None where no network is one."""
    return {"detector": None if detections else detector_weights(detector), "reid": encoder_weights(reid)}
