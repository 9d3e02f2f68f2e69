"""`followspot export-detector`: an 8-bit copy of a detector, written only where it finds the same people."""

from __future__ import annotations

import importlib.util
import os
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from models.bundled import require_unchanged
from tracker.detection.detector import LARGEST_INPUT, SMALLEST_INPUT
from tracker.detection.weights import INT8_FOLDER, check_kind, openvino_folder
from tracker.types import InputError

from .run.checks import require_at_least, require_between
from .run.output import count, os_errors_as, say
from .run.parts import detector_weights

SURE, OVERLAP, AGREEMENT = 0.5, 0.8, 0.95
"""Of the boxes with such a score, such a share must overlap one of the other network this much."""
CHECKED = 60
"""Pictures for the check."""
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
NNCF_MISSING = "8-bit networks are made by NNCF, which is not installed: pip install 'followspot[int8]'"


@dataclass(frozen=True)
class ExportDetectorCommand:
    """Write an 8-bit copy of a detector of people beside it, NAME_int8_openvino_model, and check it.

    `track --int8` then runs the copy on a processor: a fifth faster where the processor has bfloat16, four times where
    it has not. It is made of pictures by NNCF (post-training quantization; about five minutes), and written only where
    95% of all sure boxes are the same.
    """

    weights: Positional[str]
    """The detector: `bundled`, or a .pt file of Ultralytics that detects people."""
    pictures: Path
    """Folder of pictures like those to be tracked, such as `train-detector` leaves in WORK/pictures/train/images."""
    limit: int = 300
    """How many of them, drawn at random, give the ranges of activations; the check takes others."""
    imgsz: int = 640
    """Longer side of the network's input, pixels, as it is for `track`."""
    out: Path | None = None
    """The new folder, if not beside the weights; `track --int8` looks for it only there."""

    def run(self) -> None:
        """Raises InputError where nothing can be made, or the copy finds other people."""
        require_at_least(1, "limit", self.limit)
        require_between(SMALLEST_INPUT, LARGEST_INPUT, "imgsz", self.imgsz)
        weights = detector_weights(self.weights)
        require_unchanged(weights)
        if check_kind(weights) != ".pt":
            raise InputError(f"{weights} is an export already: name the .pt file it was made of")
        out = self.out or weights.with_name(f"{weights.stem}{INT8_FOLDER}")
        if os.path.lexists(out):
            raise InputError(f"{out} exists; remove it, or choose another --out")
        ranges, check = self._pictures()
        if not _has_nncf():
            raise InputError(NNCF_MISSING)
        copy = openvino_folder(weights, "cpu")
        if copy is None:
            raise InputError(f"{weights} cannot be copied for OpenVINO, which comes before 8 bits")
        with os_errors_as(f"cannot write {out}", "; choose another --out"):
            self._write(weights, copy, out, ranges, check)
        say(str(out))

    def _write(self, weights: Path, copy: Path, out: Path, ranges: list[Path], check: list[Path]) -> None:
        """It is made in a folder of its own and moved at the end, so that `out` is whole or not there."""
        from tracker.detection.openvino_network import OpenvinoNetwork

        from .detector_training.quantization import agreement, quantize

        try:
            floats = OpenvinoNetwork(copy, SURE / 2, 0.7, self.imgsz)
        except ValueError as error:
            raise InputError(f"{weights} detects no people: only networks that do are made 8-bit") from error
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.absolute().parent) as workshop:
            made = Path(workshop) / out.name
            quantize(weights, copy, ranges, self.imgsz, made)
            share = agreement([floats, OpenvinoNetwork(made, SURE / 2, 0.7, self.imgsz)], check, SURE, OVERLAP)
            if not share >= AGREEMENT:
                raise InputError(
                    f"the 8-bit copy of {weights} is not written: it shares {100 * share:.1f}% of the sure boxes only; "
                    "give more --pictures, like those to be tracked"
                )
            os.replace(made, out)
        say(f"{100 * share:.1f}% of the sure boxes in {len(check)} other pictures are the same")

    def _pictures(self) -> tuple[list[Path], list[Path]]:
        """Those that give ranges, and those for the check."""
        found = sorted(path for path in self.pictures.rglob("*") if path.suffix.lower() in ENDINGS)
        if len(found) < 2:
            raise InputError(
                f"{self.pictures} holds {count(len(found), 'picture')}: 8 bits take at least two, better 300"
            )
        random.Random(0).shuffle(found)
        checked = min(CHECKED, max(1, len(found) // 5))
        return found[checked:][: self.limit], found[:checked]


def _has_nncf() -> bool:
    return importlib.util.find_spec("nncf") is not None
