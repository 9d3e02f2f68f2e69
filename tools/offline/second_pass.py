"""The second pass of `followspot track --refine`: refined results replace the online ones, or nothing changes."""

from __future__ import annotations

import os
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tracker.cast_memory import evenly
from tracker.gallery import crop
from tracker.offline.refinement import Numbering, RefinementOptions
from tracker.prefetch import prefetch
from tracker.results.presence import Summary
from tracker.track import Identity
from tracker.types import Frame, FrameTracks, InputError
from tracker.video.sources import Source, is_read_once

from ..run.file_names import SECOND_PASS
from ..run.interruption import Stopped
from ..run.output import count, note, os_errors_as, say
from ..run.page_parts import PageParts
from ..run.progress import progress
from ..run.result_files import ONLINE
from ..run.tracking import NOT_REFINED, Run, write_all
from .second_look import Refined, SecondLook, lasting_identities


def refuse_live(sources: Sequence[str]) -> None:
    """Raise InputError for a source that cannot be read twice."""
    for name in sources:
        if is_read_once(name):
            raise InputError(f"--refine looks at a video twice, as a whole, and {name} is live: leave --refine out")


def keep_crops(
    tracked: Iterable[tuple[Frame, FrameTracks]], refined: Refined, crops: dict[tuple[int, int], np.ndarray]
) -> Iterator[tuple[Frame, FrameTracks]]:
    """The same frames; from each the people's sightings are cut out into `crops`, (h, w, 3) BGR by id and frame."""
    wanted: dict[int, list[tuple[int, np.ndarray]]] = defaultdict(list)
    for id, sightings in refined.sightings.items():
        for sighting, _ in sightings:
            wanted[sighting.frame].append((id, sighting.xyxy))
    for frame, tracks in tracked:
        yield frame, tracks
        if frame.image is not None:
            for id, xyxy in wanted[frame.index]:
                crops[id, frame.index] = crop(frame.image, xyxy).copy()


def with_frames(source: Source | None, tracks: Sequence[FrameTracks]) -> Iterator[tuple[Frame, FrameTracks]]:
    """The tracks with the source's frames, or with frames without a picture where there is no source."""
    by_frame = {rows.frame: rows for rows in tracks}
    frames = (Frame(rows.frame, rows.time, None) for rows in tracks) if source is None else prefetch(source)
    yield from ((frame, by_frame[frame.index]) for frame in frames if frame.index in by_frame)


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder within `folder`; when the block ends well, its files take their places in `folder`.

    What they replace moves to online/. If the block fails, `folder` stays as it was. Raises InputError.
    """
    part, online = folder / SECOND_PASS, folder / ONLINE
    try:
        with os_errors_as(f"cannot write refined results to {folder}"):
            part.mkdir()
            yield part
            online.mkdir()
            for file in sorted(part.iterdir()):
                if (folder / file.name).exists():
                    os.replace(folder / file.name, online / file.name)
                os.replace(file, folder / file.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@dataclass(frozen=True)
class SecondPass:
    """The second pass over a video."""

    options: RefinementOptions
    cast: int | None
    video: bool
    reopen: Callable[[], AbstractContextManager[Source]]

    def run(self, run: Run, look: SecondLook) -> None:
        """Replace the run's online results by refined ones; a note, where a stop was asked for.

        Raises InputError where they cannot be written. The online results stay where this does not end well.
        """
        try:
            people = self._run(run, look)
        except BaseException as error:
            if not isinstance(error, Stopped):
                note(NOT_REFINED)
                raise
        else:
            run.save_people(people)

    def _run(self, run: Run, look: SecondLook) -> list[Identity]:
        """The people as they are known after it; the run has the refined summary and files then."""
        online, before = run.files, run.summary
        started, name = time.perf_counter(), online.source.name
        say(f"{name}: pass 1 found {count(len(before.people), 'id')} online; assigning ids again")
        members = run.memory.members if run.memory else ()
        numbering = Numbering(run.memory.next_id if run.memory else 1, {member.id for member in members})

        def shown(rounds: Iterable[int]) -> Iterator[int]:
            """As many as needed."""
            return progress(run.interruption.checked(rounds), None, f"{name}, who is who", "rounds")

        with run.interruption.at_once():
            refined = look.refined(online.source.fps, self.options, numbering, cast=self.cast, shown=shown)
        views = run.people.memory.views if run.people.save_cast else 0
        sightings = {id: evenly(own, views) for id, own in refined.sightings.items()}
        refined = replace(refined, sightings=sightings)
        summary = Summary(spent=before.wall_seconds + time.perf_counter() - started)
        crops: dict[tuple[int, int], np.ndarray] = {}
        pictures = self.reopen() if self.video or views else nullcontext()
        with replacing(online.folder) as folder, pictures as source:
            files = replace(
                online,
                folder=folder,
                source=source or online.source,
                video=self.video,
                offline=True,
                page=PageParts(floor=online.page.floor),
            )
            tracked = run.interruption.until(with_frames(source, refined.tracks))
            tracked = progress(tracked, len(refined.tracks), f"{name}, pass 2 of 2")
            write_all(keep_crops(tracked, refined, crops), files.sinks(summary))
            run.interruption.check()
            run.awaits_refinement = False
            run.finish(files, summary)
        run.finish(replace(online, folder=online.folder / ONLINE), before)  # they await nothing any more
        run.summary, run.files = summary, replace(online, offline=True)
        return lasting_identities(refined, crops)
