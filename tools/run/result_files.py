"""The result files of one pass over one source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tracker.drawing.render import Renderer, RenderOptions
from tracker.ground_plane import GroundPlaneOptions
from tracker.offline.refinement import OFFLINE
from tracker.results.formation import FloorRows, formation_of
from tracker.results.keypoint_file import KeypointWriter
from tracker.results.portraits import Portraits
from tracker.results.presence import Summary
from tracker.results.report import write_report
from tracker.results.writers import UNFINISHED, CsvWriter, JsonWriter, MotWriter, Sink, write_overview
from tracker.video.sources import Source
from tracker.video.video_writer import unfinished

from .folder import CONFIG
from .output import read_json_object
from .tracked_run import OVERVIEW, TRACKS
from .video_sinks import VideoSink

VIDEO, REPORT, KEYPOINTS = "video.mp4", "report.html", "keypoints.txt"
ONLINE = "online"


@dataclass(frozen=True)
class ResultFiles:
    """Tracks in three formats, the page, and the video where `video` wants it; `offline` results say so in each.

    MOT text has no place to say it: there rows that were filled in are known by their score, 0.
    """

    folder: Path
    source: Source
    draw: RenderOptions
    video: bool
    offline: bool = False
    portraits: Portraits = field(default_factory=Portraits)
    """Pictures of the people, for the page."""
    floor_rows: FloorRows = field(default_factory=FloorRows)
    """Boxes of the people, for the formation on the page."""
    floor: GroundPlaneOptions = field(default_factory=GroundPlaneOptions)

    @property
    def label(self) -> str:
        """How the tracks were made."""
        return OFFLINE if self.offline else ONLINE

    def sinks(self, summary: Summary) -> list[Sink]:
        """What the tracked frames are written to; `summary` is fed by one of them."""
        names = self.draw.names
        sinks: list[Sink] = [
            JsonWriter(self.folder / OVERVIEW, summary, self._facts, names, [UNFINISHED]),
            MotWriter(self.folder / TRACKS),
            CsvWriter(self.folder / "tracks.csv", names, self.offline),
            self.portraits,
            self.floor_rows,
            KeypointWriter(self.folder / KEYPOINTS),
        ]
        if self.video:
            draw = replace(self.draw, note=self.draw.note or OFFLINE) if self.offline else self.draw
            sinks.append(VideoSink(self.folder / VIDEO, self.source, Renderer(draw)))
        return sinks

    @property
    def _facts(self) -> dict[str, object]:
        """Of the video, for tracks.json."""
        source = self.source
        return {
            "source": source.name,
            "fps": source.fps,
            "width": source.width,
            "height": source.height,
            "tracking": self.label,
        }

    @property
    def _video(self) -> str | None:
        """The name of the video, or of what there is of it."""
        names = (VIDEO, unfinished(Path(VIDEO)).name)
        return next((name for name in names if (self.folder / name).exists()), None)

    def write_overview(self, summary: Summary, notes: Sequence[str]) -> None:
        """tracks.json as it stands at the end: complete where there are no notes. Raises InputError."""
        write_overview(self.folder / OVERVIEW, summary, self._facts, self.draw.names, notes)

    def write_page(self, summary: Summary, facts: Mapping[str, object], notes: Sequence[str] = ()) -> None:
        """The page, with how the results were made and sentences on what is missing. Raises InputError."""
        source = self.source
        size = f"{source.width}x{source.height}, {source.fps:.4g} frames a second"
        write_report(
            self.folder / REPORT,
            summary,
            title=source.name,
            video=self._video,
            facts={"Video": size, "Tracking": self.label, **facts},
            names=self.draw.names,
            portraits=self.portraits.portraits(),
            poster=self.portraits.poster,
            formation=formation_of(self.floor_rows.tracks, (source.width, source.height), self.floor),
            notes=notes,
        )


def note_of(tracks: Path) -> str:
    """What a drawn video says of how these tracks were made, by the config.json beside them: nothing if online."""
    return OFFLINE if read_json_object(tracks.parent / CONFIG).get("tracking") == OFFLINE else ""
