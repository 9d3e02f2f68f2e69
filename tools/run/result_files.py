"""The result files of one pass over one source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tracker.drawing.render import Renderer, RenderOptions
from tracker.offline.refinement import OFFLINE
from tracker.results.keypoint_file import KeypointWriter
from tracker.results.presence import Summary
from tracker.results.writers import UNFINISHED, CsvWriter, JsonWriter, MotWriter, Sink, write_overview
from tracker.video.sources import Source
from tracker.video.video_writer import unfinished

from .doubtful_moments import found_in
from .file_names import CONFIG, OVERVIEW, RECORDING, TRACKS
from .output import read_json_object
from .page_parts import PageParts
from .video_sinks import VideoSink

VIDEO, REPORT, KEYPOINTS = "video.mp4", "report.html", "keypoints.txt"
ONLINE = "online"
RECORDING_CRF = 18
"""x264's quality of what may be drawn again."""


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
    page: PageParts = field(default_factory=PageParts)
    lag: float = 0.0
    """Seconds of video from a frame to its rows, of online results."""
    record: bool = False
    """Keep the pictures as they were tracked, too: of a live source there is no other copy."""

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
            *self.page.sinks,
            KeypointWriter(self.folder / KEYPOINTS),
        ]
        if self.video:
            draw = replace(self.draw, note=self.draw.note or OFFLINE) if self.offline else self.draw
            sinks.append(VideoSink(self.folder / VIDEO, self.source, Renderer(draw)))
        if self.record:
            sinks.append(VideoSink(self.folder / RECORDING, self.source, Renderer(style="plain"), RECORDING_CRF))
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
            **self.tracking,
        }

    @property
    def tracking(self) -> dict[str, object]:
        """How late the rows of a frame were known, for tracks.json and config.json."""
        return {"tracking": self.label, "lag_seconds": None if self.offline else self.lag}

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
        self.page.write(
            self.folder / REPORT,
            summary,
            self.source,
            self.draw.names,
            video=self._video,
            facts={"Tracking": self.label if self.offline else f"{self.label}, {self.lag:g} s late", **facts},
            moments=found_in(self.folder),
            notes=notes,
        )


def note_of(tracks: Path) -> str:
    """What a drawn video says of how these tracks were made, by the config.json beside them: nothing if online."""
    return OFFLINE if read_json_object(tracks.parent / CONFIG).get("tracking") == OFFLINE else ""
