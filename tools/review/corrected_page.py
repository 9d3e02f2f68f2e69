"""report.html of a corrected run, made while its video is drawn."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracker.results.presence import Summary
from tracker.types import Frame, FrameTracks
from tracker.video.source import Source

from ..run.file_names import CORRECTED
from ..run.made_by import networks
from ..run.output import count
from ..run.page_parts import PageParts
from ..run.result_files import REPORT
from ..run.tracked_run import TrackedRun, read_run
from .corrections import BY_HAND
from .edit_file import Review
from .run_answers import current_moments
from .run_tracks import read_run_tracks


class CorrectedPage:
    """A sink of the run's frames, as many as were tracked, with their corrected rows; `finish` writes the page."""

    def __init__(self, run: TrackedRun) -> None:
        self._run = run
        self._parts, self._summary = PageParts(), Summary()

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Take in one frame."""
        for sink in (self._summary, *self._parts.sinks):
            sink.write(frame, tracks)

    def finish(self, source: Source, names: Mapping[int, str], video: Path) -> Path:
        """The page, which plays the drawn `video`. Raises InputError."""
        page = self._run.folder / CORRECTED / REPORT
        data = read_run_tracks(read_run(self._run.folder, Path(self._run.opened)))
        review = Review(data)
        moments = current_moments(data.moments, review.labelled)
        self._parts.write(
            page,
            self._summary,
            source,
            names,
            video=os.path.relpath(video, page.parent),
            facts={"Tracking": f"{BY_HAND}, {count(len(review.edits), 'edit')}", **_made_by(self._run.config)},
            moments=[each for each in moments if not each.mended and each.moment.key not in review.labelled.looked],
            notes=self._run.notes,
        )
        return page


def _made_by(config: Mapping[str, Any]) -> dict[str, str]:
    """The networks' files and the version, as far as the run's config.json tells them."""
    weights, versions = config.get("weights"), config.get("versions")
    names = {}
    for part, known in weights.items() if isinstance(weights, dict) else ():
        if isinstance(known, dict):
            names[part] = str(known.get("file"))
    options = config.get("options")
    detections = options.get("detections") if isinstance(options, dict) else None
    version = versions.get("followspot") if isinstance(versions, dict) else None
    return {**networks(names, detections), "Followspot": str(version or "unknown version")}
