"""A finished run of `followspot track`, read again: where its video is, and its tracks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracker.results.mot_files import read_tracks
from tracker.types import MAX_ABSENCE, FrameTracks, InputError
from tracker.video.addresses import without_secrets
from tracker.video.mot_folder import LONGEST
from tracker.video.source import Source
from tracker.video.sources import is_there, open_source

from .file_names import CONFIG, CORRECTED, EDITS, OVERVIEW, RECORDING, TABLE, TRACKS
from .frame_times import frame_times
from .output import read_json_object


@dataclass(frozen=True)
class TrackedRun:
    """The folder of a run and what its config.json and tracks.json say; see `read_run`."""

    folder: Path
    opened: str
    """The source as `open_source` takes it."""
    name: str
    """Name of the source, as in the results."""
    fps: float
    width: int
    height: int
    frames: int
    """Number of frames that were tracked."""
    tracking: str
    """`online`, or `refined offline`."""
    names: dict[int, str]
    """Names of people who have one, by id."""
    config: dict[str, Any]
    """All of config.json."""
    complete: bool = True
    """Whether the results are whole; else `notes` say what is missing."""
    notes: tuple[str, ...] = ()
    corrections: bool = False
    """Whether these are the corrected tracks and names, not the run's own."""

    def corrected(self) -> TrackedRun:
        """The run with the tracks and names of its folder corrected/; as it is where there are none, or no edits.

        Raises InputError where its tracks.json is damaged.
        """
        if not (self.folder / EDITS).is_file() or not (self.folder / CORRECTED / TRACKS).is_file():
            return self
        overview = self.folder / CORRECTED / OVERVIEW
        people = read_json_object(overview).get("people")
        names = self.names if people is None else _names(people, overview)
        return replace(self, corrections=True, names=names)

    def open(self) -> Source:
        """The frames that were tracked. Raises InputError where the video is not where it was, or is another."""
        if not is_there(self.opened):
            raise InputError(f"the video of {self.folder} is no longer at {self.opened}; name it with --video")
        source = open_source(self.opened, vid_stride=self.stride, image_fps=self._option("image_fps", 30.0))
        if (source.width, source.height) != (self.width, self.height):
            source.close()
            raise InputError(
                f"{self.opened} is not the video of {self.folder}: that was {self.width}x{self.height}, this is "
                f"{source.width}x{source.height}"
            )
        return source

    def tracks(self, away: float = MAX_ABSENCE) -> list[FrameTracks]:
        """The tracks of every frame that was tracked, empty ones too, with the frames' numbers in the source.

        A row is marked as recovered after `away` seconds of absence. Raises InputError where tracks.txt is damaged.
        """
        stride = self.stride
        path = self.folder / (CORRECTED if self.corrections else "") / TRACKS
        length = self.frames * stride
        rows = read_tracks(path, fps=self.fps * stride, length=length, truth=False, away=away, stride=stride)
        times = frame_times(self.folder / TABLE, self.frames, stride, self.fps).tolist()
        return [_at(time, each) for time, each in zip(times, rows[::stride], strict=False)]

    @property
    def stride(self) -> int:
        """Every so many frames of the source were tracked."""
        stride = self._option("vid_stride", 1)
        return max(1, int(stride)) if stride < math.inf else LONGEST + 1  # which `read_run` refuses

    def _option(self, name: str, default: float) -> Any:
        """A number among the command's options in config.json."""
        options = self.config.get("options")
        value = options.get(name) if isinstance(options, dict) else None
        return value if isinstance(value, int | float) and value == value else default  # no NaN


def read_run(folder: Path, video: Path | None = None) -> TrackedRun:
    """Read a run's folder; `video` is given where the file was moved since.

    Raises InputError where it is no run, or its files hold numbers that no run has.
    """
    config, overview = read_json_object(folder / CONFIG), read_json_object(folder / OVERVIEW)
    facts, summary = overview.get("video"), overview.get("summary")
    if not (folder / TRACKS).is_file() or not (folder / OVERVIEW).is_file():
        raise InputError(f"{folder} is no run: it needs {TRACKS} and {OVERVIEW}; name a folder that `track` wrote")
    if not isinstance(facts, dict) or not isinstance(summary, dict):
        raise InputError(_damaged(folder / OVERVIEW))
    recording = folder / RECORDING
    opened = str(video) if video is not None else str(recording) if recording.is_file() else config.get("opened")
    if not isinstance(opened, str):
        raise InputError(f"{folder / CONFIG} does not say where the video is; name it with --video")
    try:
        run = TrackedRun(
            folder,
            opened,
            str(facts["source"]),
            float(facts["fps"]),
            int(facts["width"]),
            int(facts["height"]),
            int(summary["frames"]),
            str(facts["tracking"]),
            _names(overview.get("people", []), folder / OVERVIEW),
            config,
            overview.get("complete") is not False,  # runs before 0.2.0 do not say it
            tuple(map(str, overview.get("notes", ()))),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise InputError(_damaged(folder / OVERVIEW)) from error
    if not (0 < run.fps < math.inf and 0 <= run.frames <= LONGEST and 1 <= run.stride <= LONGEST):
        raise InputError(
            f"{folder} has a frame rate, a length or a --vid-stride that no run has; track the video again"
        )
    return run if run.complete else _with_late_rows(run)


def _at(time: float, tracks: FrameTracks) -> FrameTracks:
    """The tracks of a frame at its time, in seconds."""
    return replace(tracks, time=time, recoveries=tuple(replace(each, time=time) for each in tracks.recoveries))


def _with_late_rows(run: TrackedRun) -> TrackedRun:
    """The run with the frames whose rows were written after tracks.json was for the last time."""
    rows = len(read_tracks(run.folder / TRACKS, truth=False))
    return replace(run, frames=max(run.frames, math.ceil(rows / run.stride)))


def _names(people: Any, overview: Path) -> dict[int, str]:
    """Of the people in a tracks.json, by id. Raises InputError."""
    try:
        return {int(person["id"]): str(person["name"]) for person in people if person.get("name")}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(_damaged(overview)) from error


def _damaged(overview: Path) -> str:
    return f"{overview} is damaged or of another version; track the video again"


def absolute(source: str) -> str:
    """A source that is named by a path, from the root, so that it is found from any folder; others as they are, but
    without their passwords."""
    named = "://" in source or (source.isdecimal() and not Path(source).exists())
    return without_secrets(source) if named else str(Path(source).resolve())
