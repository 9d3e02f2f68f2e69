"""What the page of a run shows besides the summary, gathered while the frames go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracker.ground_plane import GroundPlaneOptions
from tracker.results.formation import FloorRows, formation_of
from tracker.results.frame_times import FrameTimes
from tracker.results.moment_words import CurrentMoment
from tracker.results.portraits import Portraits
from tracker.results.presence import Summary
from tracker.results.report import write_report
from tracker.results.writers import Sink
from tracker.video.source import Source

from .doubtful_moments import told


@dataclass(frozen=True)
class PageParts:
    """Three sinks, and the page that is made of them."""

    portraits: Portraits = field(default_factory=Portraits)
    """Pictures of the people."""
    floor_rows: FloorRows = field(default_factory=FloorRows)
    """Boxes of the people, for the formation."""
    times: FrameTimes = field(default_factory=FrameTimes)
    floor: GroundPlaneOptions = field(default_factory=GroundPlaneOptions)

    @property
    def sinks(self) -> list[Sink]:
        """What the frames are written to."""
        return [self.portraits, self.floor_rows, self.times]

    def write(
        self,
        path: Path,
        summary: Summary,
        source: Source,
        names: Mapping[int, str],
        *,
        video: str | None,
        facts: Mapping[str, object],
        moments: Sequence[CurrentMoment] = (),
        notes: Sequence[str] = (),
    ) -> None:
        """The page; `video` lies relative to it, the facts say how the results were made. Raises InputError."""
        size = f"{source.width}x{source.height}, {source.fps:.4g} frames a second"
        write_report(
            path,
            summary,
            title=source.name,
            video=video,
            facts={"Video": size, **facts},
            names=names,
            portraits=self.portraits.portraits(),
            poster=self.portraits.poster,
            formation=formation_of(self.floor_rows.tracks, (source.width, source.height), self.floor),
            moments=told(moments, names, self.times.at),
            notes=notes,
        )
