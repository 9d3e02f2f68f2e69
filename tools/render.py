"""`followspot render`: draw a video again from its results, without any model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional

from tracker.drawing.render import Renderer, RenderOptions
from tracker.results.mot_files import read_tracks
from tracker.types import MAX_ABSENCE, FrameTracks, InputError
from tracker.video.prefetch import prefetch
from tracker.video.sources import open_source

from .run.help import Common
from .run.interruption import Interruption
from .run.output import note, say
from .run.progress import progress
from .run.result_files import note_of
from .run.video_sinks import VideoSink


@dataclass(frozen=True)
class RenderCommand:
    """Draw a video again from its results, with other names, colours or trails; no model runs."""

    video: Positional[str]
    """The video that was tracked (or any other source of frames)."""
    tracks: Positional[Path]
    """Its tracks.txt, or any other MOT text file."""
    out: Path | None = None
    """The video to write; by default NAME-tracks.mp4 beside the tracks."""
    overwrite: bool = False
    """Replace the video if it exists."""
    away: float = MAX_ABSENCE
    """Seconds of absence after which a person's return is marked."""
    draw: Annotated[RenderOptions, Common(("trail", "skeleton", "names"))] = field(default_factory=RenderOptions)

    def run(self) -> None:
        """Raises InputError for a missing or malformed file, or an existing video."""
        if not self.tracks.is_file():
            raise InputError(f"there is no file {self.tracks} to draw from")
        with open_source(self.video) as source:
            out = self.out or self.tracks.with_name(f"{source.name}-tracks.mp4")
            if out.exists() and not self.overwrite:
                raise InputError(f"{out} exists: choose another --out, or --overwrite it")
            rows = {tracks.frame: tracks for tracks in read_tracks(self.tracks, fps=source.fps, away=self.away)}
            draw = replace(self.draw, note=self.draw.note or note_of(self.tracks))
            with Interruption() as interruption, VideoSink(out, source, Renderer(draw)) as sink:
                frames = progress(prefetch(interruption.until(source)), source.frame_count, source.name)
                for frame in frames:
                    sink.write(frame, rows.get(frame.index) or FrameTracks.empty(frame.index, frame.time))
            if source.warning:
                note(source.warning)
            say(f"drawn: {out}")
