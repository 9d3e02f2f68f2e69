"""`followspot convert`: a run's tracks in the formats of annotation tools and of other libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from tracker.results.coco_video import CocoVideoWriter
from tracker.results.cvat_video import CvatVideoWriter
from tracker.results.keypoint_file import with_keypoints
from tracker.results.source_facts import SourceFacts
from tracker.results.writers import Sink
from tracker.types import Frame, InputError

from .review.corrections import bring_up_to_date
from .run.output import note, say
from .run.result_files import KEYPOINTS
from .run.tracked_run import TrackedRun, read_run
from .run.tracking import write_all

Format = Literal["coco", "cvat"]
FORMATS: dict[Format, tuple[str, Callable[[Path, SourceFacts], Sink]]] = {
    "coco": ("coco.json", CocoVideoWriter),
    "cvat": ("cvat.xml", CvatVideoWriter),
}
"""The name of the file, and what writes it."""


@dataclass(frozen=True)
class ConvertCommand:
    """Write the tracks of a run for other programs; the video is not needed.

    coco: coco.json, COCO for video as mmtracking and mmdetection read it (CocoVID), with TAO's fields, and with joints
    where a pose model found them. cvat:
    cvat.xml, `CVAT for video 1.1`, to be uploaded to a task that has the label `person`. `followspot evaluate tracks`
    reads both. Tracks that were corrected on the review page are taken where there are any.
    """

    run_folder: Positional[Path]
    """Folder of the run, as `followspot track` wrote it."""
    to: tuple[Format, ...]
    """Formats to write: coco, cvat, or both."""
    out: Path | None = None
    """Folder for the files; by default that of the run."""
    uncorrected: bool = False
    """Take the tracks as the run left them, though there are corrected ones."""
    overwrite: bool = False
    """Replace files that exist."""

    def run(self) -> None:
        """Raises InputError where the folder is no run, or a file exists."""
        if not self.to:
            raise InputError(f"--to names no format: give {' or '.join(FORMATS)}, or both")
        found = read_run(self.run_folder)
        if not self.uncorrected:
            bring_up_to_date(found)
        chosen = found if self.uncorrected else found.corrected()
        folder = self.out or self.run_folder
        files = {folder / FORMATS[kind][0]: FORMATS[kind][1] for kind in dict.fromkeys(self.to)}
        for path in files:
            if path.exists() and not self.overwrite:
                raise InputError(f"{path} exists: choose another --out, or --overwrite it")
        facts = SourceFacts(found.name, found.fps, found.width, found.height, chosen.names)
        tracks = with_keypoints(chosen.tracks(), self.run_folder / KEYPOINTS)
        write_all(
            ((Frame(rows.frame, rows.time, None), rows) for rows in tracks),
            [writer(path, facts) for path, writer in files.items()],
        )
        for sentence in found.notes:
            note(f"of the tracks: {sentence}")
        for path in files:
            say(f"{path}{_said(chosen)}")


def _said(run: TrackedRun) -> str:
    return " (corrected tracks)" if run.corrections else ""
