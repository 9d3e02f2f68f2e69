"""What `render` draws: an opened video with its tracks, from a run's folder or from two files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path

import numpy as np

from tracker.offline.refinement import OFFLINE
from tracker.results.keypoint_file import with_keypoints
from tracker.results.mot_files import read_tracks
from tracker.types import Frame, FrameTracks, InputError
from tracker.video.source import Source
from tracker.video.sources import open_source

from .box_fit import tell_misfits
from .file_names import CORRECTED, TRACKS
from .result_files import KEYPOINTS, VIDEO, note_of
from .run_events import tracks_with_events
from .tracked_run import TrackedRun, read_run


@dataclass(frozen=True)
class Drawable:
    """A video and its tracks; close the source after use."""

    source: Source
    tracks: list[FrameTracks]
    """Of every frame that was tracked, in order."""
    names: dict[int, str]
    note: str
    """What the drawn video says in its corner; nothing for online tracks."""
    origin: str
    """Which tracks these are, in words."""
    folder: Path
    """Where a drawn video goes if it is told nothing else."""
    stem: tuple[str, ...] = ()
    """What its name begins with then."""
    notes: tuple[str, ...] = ()
    """What is missing in the tracks of a run that is not whole."""
    corrected: TrackedRun | None = None
    """The run, where these are its corrected tracks."""
    opened: Path | None = None
    """The video's file, where it is one."""
    own: Path | None = None
    """The video that `track` drew."""

    @cached_property
    def _frames(self) -> np.ndarray:
        return np.array([rows.frame for rows in self.tracks])

    def row(self, frame: Frame) -> int:
        """Which of the tracks are those of this frame, or of the last one before it that was tracked."""
        return max(int(np.searchsorted(self._frames, frame.index, side="right")) - 1, 0)

    def as_far_as_tracked(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The frames, of a run that is not whole those up to its end."""
        last = self.tracks[-1].frame if self.tracks else -1
        return takewhile(lambda frame: frame.index <= last, frames) if self.notes else iter(frames)

    def has(self, frame: Frame) -> bool:
        """Whether this frame was tracked."""
        row = self.row(frame)
        return row < len(self.tracks) and self.tracks[row].frame == frame.index

    def is_beyond(self, frame: Frame) -> bool:
        """Whether a run had ended before this frame. MOT text does not say where its video ends."""
        return self.own is not None and bool(self.tracks) and frame.index > self.tracks[-1].frame

    def at(self, frame: Frame) -> FrameTracks:
        """The tracks of this frame, empty where it was not tracked."""
        return self.tracks[self.row(frame)] if self.has(frame) else FrameTracks.empty(frame.index, frame.time)

    def id_of(self, person: str) -> int:
        """The id of a person given by id or by name. Raises InputError where there is no such person, or several."""
        ids = {id for rows in self.tracks for id in rows.ids.tolist()}
        if person.isdecimal() and int(person) in ids:
            return int(person)
        named = sorted(id for id in ids if self.names.get(id) == person)
        if len(named) == 1:
            return named[0]
        if named:
            raise InputError(f"{person} is the name of {', '.join(map(str, named))}: give one of these ids")
        there = ", ".join(_called(id, self.names) for id in sorted(ids)) or "none at all"
        raise InputError(f"there is no person {person} in {self.origin}; there are {there}")


def drawable_run(folder: Path, video: Path | None, uncorrected: bool, away: float) -> Drawable:
    """A run's video and tracks: the corrected ones where there are any, unless `uncorrected`.

    `video` is given where the file was moved. Raises InputError where the folder is no run, or its video is gone.
    """
    run = read_run(folder, video)
    run = run if uncorrected else run.corrected()
    tracks = with_keypoints(tracks_with_events(run, away), folder / KEYPOINTS)
    place = folder / CORRECTED if run.corrections else folder
    with closed_on_error(run.open()) as source:
        tell_misfits(place / TRACKS, ((each.frame, each) for each in tracks), source, run.stride)
    origin = f"{place / TRACKS} ({_kind(run)})"
    return Drawable(
        source,
        tracks,
        run.names,
        _note(run),
        origin,
        place,
        (),
        run.notes,
        run if run.corrections else None,
        Path(run.opened),
        folder / VIDEO,
    )


def drawable_files(video: str, tracks: Path, away: float) -> Drawable:
    """Any source of frames and a MOT text file. Raises InputError where one is missing or malformed."""
    if not tracks.is_file():
        advice = f", as {tracks} is a folder: name the {TRACKS} in it, or the folder alone" if tracks.is_dir() else ""
        raise InputError(f"there is no file {tracks} to draw from{advice}")
    with closed_on_error(open_source(video)) as source:
        rows = read_tracks(tracks, fps=source.fps, away=away)
        tell_misfits(tracks, ((each.frame, each) for each in rows), source)
    return Drawable(source, rows, {}, note_of(tracks), str(tracks), tracks.parent, (source.name,), opened=Path(video))


@contextmanager
def closed_on_error(source: Source) -> Iterator[Source]:
    """The source, which stays open unless the block fails."""
    try:
        yield source
    except BaseException:
        source.close()
        raise


def _kind(run: TrackedRun) -> str:
    return "corrected" if run.corrections else run.tracking


def _note(run: TrackedRun) -> str:
    return _kind(run) if run.corrections or run.tracking == OFFLINE else ""


def _called(id: int, names: dict[int, str]) -> str:
    return f"{id} ({names[id]})" if id in names else str(id)
