"""`followspot demo`: track the bundled clip with the bundled weights and score the result, offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .evaluate_tracks import EvaluateTracksCommand
from .run.output import say
from .track import TrackCommand

ASSETS = Path(__file__).resolve().parent.parent / "assets"
"""Beside the packages, in a checkout as in an installed wheel."""


@dataclass(frozen=True)
class DemoCommand:
    """Track the bundled clip with the bundled weights, and score it against its exact truth; needs no network."""

    out: Path | None = None
    """Folder for the results, new or empty; by default runs/demo, numbered if it exists."""

    def run(self) -> None:
        """Raises InputError where the results cannot be written."""
        clip = str(ASSETS / "demo.mp4")
        folder = TrackCommand(sources=(clip,), out=self.out).track_one(clip)
        EvaluateTracksCommand(gt=ASSETS / "demo_gt.txt", results=folder / "tracks.txt").run()
        say(f"\nwatch {folder}/video.mp4, or open {folder}/report.html in a browser")
