"""`followspot benchmark boxes`: the errors of a real or simulated detector's boxes against truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.table import Table

from tracker.results.mot_files import read_detections
from tracker.types import Detections

from .benchmark.box_errors import COVERED_FROM, SCORED_FROM, BoxErrors, errors_of
from .benchmark.boxes import write_boxes
from .benchmark.setup import BenchmarkSetup, set_up
from .run.output import number_table, show
from .run.parts import BUNDLED
from .scoring.labelled_boxes import pad, read_truth


@dataclass(frozen=True)
class BenchmarkBoxesCommand:
    """Count the errors of boxes against truth: recall and IoU by how far people are covered, precision by score.

    A box is a person's from an IoU of 0.5 on, and each person has one at most. Covered: the share of the person's box
    that people nearer to the camera cover.
    """

    gt: Path
    """Sequences with truth: a folder of SEQUENCE/gt/gt.txt with seqinfo.ini, or one such sequence folder."""
    detections: tuple[str, ...] = ("simulated",)
    """The boxes, as in `followspot benchmark tracks`."""
    detector: str = BUNDLED
    """The network of `--detections detector`: `bundled`, or any Ultralytics model in one file."""
    pictures: Path | None = None
    """Where the pictures are, if not in the sequences' folders: a folder that holds SEQUENCE.mp4 or SEQUENCE/ with
    images, or the video of the only sequence."""
    only: tuple[str, ...] = ()
    """Names of sequences, to leave out the others."""

    def run(self) -> None:
        setup = set_up(self.gt, self.only, self.pictures, (), ())
        errors = {kind: self._errors(kind, setup) for kind in self.detections}
        found = {kind: (each.recall(), each.median_overlap()) for kind, each in errors.items()}
        percent = {f"{kind}: recall %": [100 * value for value in recall] for kind, (recall, _) in found.items()}
        overlap = {f"{kind}: median IoU %": [100 * value for value in median] for kind, (_, median) in found.items()}
        show(_table("covered from", COVERED_FROM, {**percent, **overlap}))
        precision = {f"{kind}: precision %": [100 * share for share in e.precision()] for kind, e in errors.items()}
        show(_table("score from", SCORED_FROM, precision))
        for kind, each in errors.items():
            print(f"{kind}: {each.summary}")

    def _errors(self, kind: str, setup: BenchmarkSetup) -> BoxErrors:
        parts = []
        with TemporaryDirectory() as folder:
            for sequence in setup.sequences:
                boxes = read_detections(write_boxes(kind, 0, sequence, self.detector, Path(folder)))
                truth = read_truth(sequence.truth)
                length = sequence.length or len(truth)
                found = [boxes.get(index, Detections.empty()) for index in range(length)]
                parts.append(errors_of(pad(truth, length)[:length], found))
        return BoxErrors.pooled(parts)


def _table(first: str, starts: Sequence[float], columns: dict[str, list[float]]) -> Table:
    table = number_table(first, list(columns))
    for row, start in enumerate(starts):
        table.add_row(
            f"{start:g}", *("" if np.isnan(column[row]) else f"{column[row]:.1f}" for column in columns.values())
        )
    return table
