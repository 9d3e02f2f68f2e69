"""A run's folder as it is reviewed: its tracks, recoveries and camera cuts, and the boxes that no track took."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from reid.dancereid.progress import SourceVideo
from reid.data.crop_table import CropRow
from tracker.cast_memory import checked_name
from tracker.results.moments import Moment, MomentFinder, TrackedRows
from tracker.results.mot_files import read_detections
from tracker.types import Detections, InputError, Recovery
from tracker.video.mot_folder import LONGEST

from ..run.doubtful_moments import tracked_rows
from ..run.file_names import OVERVIEW, TRACKS
from ..run.run_events import read_events
from ..run.tracked_run import TrackedRun
from ..run.unused_boxes import UNUSED
from .labelled_people import Columns

LARGEST = 1e6
"""Ids and coordinates in pixels go no further."""


@dataclass(frozen=True)
class RunTracks:
    """What `followspot review` begins with; see `read_run_tracks`. Its one video has the name of the run's source."""

    run: TrackedRun
    columns: Columns
    recoveries: tuple[Recovery, ...]
    cuts: tuple[int, ...]
    """Frames with which another camera takes over."""
    unused: dict[int, Detections]
    """By frame."""
    names: dict[int, str]
    rows: TrackedRows
    """What doubtful moments are found in."""
    times: np.ndarray
    """Seconds of each tracked frame, (frames,)."""

    @property
    def folder(self) -> Path:
        """Of the run."""
        return self.run.folder

    @property
    def video(self) -> str:
        """The name of its video."""
        return self.run.name

    @property
    def videos(self) -> tuple[str, ...]:
        """Its one video."""
        return (self.video,)

    @property
    def crops(self) -> tuple[CropRow, ...]:
        """A run has no crops on disk."""
        return ()

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """The doubtful moments of the run's own tracks, in the order of time."""
        return tuple(MomentFinder(self.rows).found())

    @cached_property
    def moment_keys(self) -> frozenset[str]:
        """Of these moments."""
        return frozenset(moment.key for moment in self.moments)

    @property
    def sources(self) -> dict[str, SourceVideo]:
        """Where the video is."""
        run = self.run
        source = SourceVideo(Path(run.opened), self.fps(self.video), run.width, run.height, self.length(self.video))
        return {self.video: source}

    def fps(self, _: str) -> float:
        """Frames per second of the video, whichever of them were tracked."""
        return self.run.fps * self.run.stride

    def seconds(self, frame: int) -> float:
        """When a frame of the video is."""
        return float(self.times[min(frame // self.run.stride, len(self.times) - 1)])

    def length(self, _: str) -> int:
        """Frames of the video, up to the last one that was tracked."""
        return (self.run.frames - 1) * self.run.stride + 1


def read_run_tracks(run: TrackedRun) -> RunTracks:
    """The run's own tracks, but for what was filled in, as the review fills gaps itself.

    Raises InputError where a file of it is damaged, or holds what no run has.
    """
    if not 0 < run.frames * run.stride <= LONGEST:
        raise InputError(f"{run.folder / OVERVIEW} speaks of {run.frames} frames, which is no run that can be reviewed")
    if not (0 < run.fps < math.inf and 0 < run.width <= LARGEST and 0 < run.height <= LARGEST):
        raise InputError(f"{run.folder / OVERVIEW} has a video of {run.width}x{run.height} at {run.fps} frames/s; "
                         "track the video again")  # fmt: skip
    tracks = run.tracks()
    events = read_events(run)
    rows = tracked_rows(run, tracks, events)
    person, xyxy = rows.person, rows.xyxy
    if not (np.abs(xyxy) <= LARGEST).all() or not ((person >= 0) & (person <= LARGEST)).all():
        raise InputError(f"{run.folder / TRACKS} has an id or a corner beyond {LARGEST:.0f}; track the video again")
    score = np.concatenate([each.score[each.score > 0] for each in tracks])
    columns = Columns(person, np.zeros(len(person), np.int32), rows.frame, xyxy, score)
    try:
        names = {id: checked_name(name) for id, name in run.names.items()}
    except ValueError as error:
        raise InputError(f"{run.folder / OVERVIEW} has a name that is none ({error}); mend it there") from error
    unused = read_detections(run.folder / UNUSED) if (run.folder / UNUSED).is_file() else {}
    times = np.array([each.time for each in tracks])
    return RunTracks(run, columns, events.recoveries, events.cut_frames, unused, names, rows, times)
