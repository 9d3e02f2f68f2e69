"""What `--on` of a benchmark names: a folder of sequences with truth, and the boxes that are tracked there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracker.types import InputError

from ..run.parts import BUNDLED, NONE
from .boxes import DETECTOR
from .setup import BenchmarkSetup, set_up


@dataclass(frozen=True, slots=True)
class Bench:
    """The sequences in `truth`, and a kind of detections that `boxes.write_boxes` takes."""

    truth: Path
    kind: str

    @classmethod
    def named(cls, where: str) -> Bench:
        """The one of `FOLDER=DETECTIONS`. Raises InputError for anything else."""
        folder, equals, kind = where.rpartition("=")
        if not equals:
            raise InputError(f"{where} should be FOLDER=DETECTIONS, such as dancetrack=exact")
        return cls(Path(folder), kind)

    @property
    def title(self) -> str:
        """For tables: `dancetrack yolox`."""
        return f"{self.truth.name} {self.kind.split('/')[-1].removesuffix('.txt')}"

    def folder(self, out: Path) -> Path:
        """Where in `out` its results belong."""
        return out / self.truth.name / self.kind.replace("/", "-").removesuffix(".txt")

    def set_up(self, pictures: Path | None = None, reid: str = NONE) -> BenchmarkSetup:
        """Its sequences; `pictures` is where else they may be if a detector looks at them. Raises InputError."""
        return set_up(self.truth, (), pictures if self.kind in (BUNDLED, DETECTOR) else None, [reid], [])
