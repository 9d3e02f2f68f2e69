"""A worker of `track --workers`, a process of its own: it tracks videos one after the other, by its share of the cores.

It knows nothing of Ray, which calls its methods: `track` in one thread, `frames` and `stop` from another meanwhile.
"""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2

from tracker.results.presence import Summary
from tracker.results.writers import Sink
from tracker.types import Frame, FrameTracks, InputError
from tracker.video.sources import is_there

from .folder import version_of
from .interruption import Interruption, Stopped
from .parts import Parts
from .tracking import Run


class Job(Protocol):
    """What is done to every video: the options of `track`."""

    def make_parts(self) -> Parts:
        """The networks. Raises InputError, WeightsError."""

    def track_into(
        self, folder: Path, name: str, parts: Parts, interruption: Interruption, sinks: Sequence[Sink] = ()
    ) -> Run:
        """The source tracked into an empty folder. Raises InputError."""


@dataclass(frozen=True)
class Outcome:
    """What became of a video: what was printed of it, and its summary, unless it failed or was stopped at once."""

    said: str
    summary: Summary | None = None
    whole: bool = True
    mistake: InputError | None = None


class Worker:
    """`share` is (k, n): the k-th of n parts of the machine's cores; `place` is the folder that paths start from."""

    def __init__(self, job: Job, place: Path, share: tuple[int, int]) -> None:
        self._job, self._place, self._share = job, place, share
        self._interruption, self._count = Interruption(), FrameCount(Path())

    def prepare(self) -> str:
        """Take the share of the cores, make the networks; returns what was printed. Raises InputError, WeightsError."""
        go_to(self._place)
        keep_to(*self._share)
        with redirect_stdout(io.StringIO()) as said:
            self._parts = self._job.make_parts()
        return said.getvalue()

    def track(self, name: str, folder: Path) -> Outcome:
        """Track a source into a folder that is there, and empty."""
        self._count = FrameCount(folder)
        run, mistake = None, None
        with redirect_stdout(io.StringIO()) as said, suppress(Stopped):
            try:
                if not folder.is_dir():
                    raise InputError(
                        f"{socket.gethostname()} does not see {folder.absolute()}, where the results belong"
                    )
                run = self._job.track_into(folder, name, self._parts, self._interruption, [self._count])
            except InputError as error:
                mistake = error
        if run is None:
            return Outcome(said.getvalue(), mistake=mistake)
        return Outcome(said.getvalue(), run.summary, not run.notes)

    def frames(self) -> tuple[Path, int]:
        """The folder of the video at hand, or of the last one, and how many of its frames are tracked."""
        return self._count.folder, self._count.frames

    def stop(self) -> None:
        """End the video at hand with what was tracked, and begin no other."""
        with suppress(Stopped):
            self._interruption.ask()


class FrameCount:
    """A sink that counts the frames of the run in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.frames = folder, 0

    def __enter__(self) -> FrameCount:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        self.frames += 1


def go_to(place: Path) -> None:
    """Let paths start from this folder, where this machine has it; whole paths need none."""
    with suppress(OSError):
        os.chdir(place)


def keep_to(part: int, of: int) -> None:
    """Compute on these of the cores alone, so that workers do not wait for one another; on Linux.

    With more workers than cores, several share one.
    """
    if hasattr(os, "sched_setaffinity"):
        cores = shared(sorted(os.sched_getaffinity(0)), part, of)
        for thread in os.listdir("/proc/self/task"):  # those that begin later take after the one that begins them
            with suppress(OSError):  # it has ended
                os.sched_setaffinity(int(thread), cores)
        cv2.setNumThreads(len(cores))


def shared(cores: Sequence[int], part: int, of: int) -> Sequence[int]:
    """The `part`-th of so many runs of cores, which differ by one in length at most."""
    own = cores[part * len(cores) // of : (part + 1) * len(cores) // of]
    return own or [cores[part % len(cores)]]


@dataclass(frozen=True)
class View:
    """What a machine of a cluster sees of the files that all must see."""

    host: str
    version: str | None
    results: bool
    missing: tuple[str, ...]


def look(token: Path, files: Sequence[Any], place: Path) -> View:
    """`token` was written where the results will be; `files` are sources and whatever else the job reads."""
    go_to(place)
    missing = tuple(str(file) for file in files if not is_there(str(file)))
    return View(socket.gethostname(), version_of("followspot"), token.is_file(), missing)
