"""One run: a source tracked into a folder, and what is kept and printed of it, also where it is stopped or fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rich.text import Text

from tracker.cast_memory import CastMemory
from tracker.gap_filling import GapOptions
from tracker.keyframes import Keyframes
from tracker.pipeline import LAG, Keep, track
from tracker.prefetch import prefetch
from tracker.results.presence import Summary
from tracker.results.writers import STOPPED, Sink, reason
from tracker.track import Identity
from tracker.tracker import Tracker
from tracker.types import Detections, Frame, FrameTracks, InputError

from .cast_files import CastFiles, say_cast
from .file_names import CONFIG
from .folder import write_config
from .interruption import Interruption
from .live import Live
from .made_by import made_by
from .output import count, note, read_json_object, say, write_json
from .parts import Parts
from .progress import progress
from .result_files import ResultFiles
from .unused_boxes import UNUSED, UnusedBoxes

NOT_REFINED = "not refined, because the second pass was not finished: the results are those of the first, online pass"
NOBODY_DETECTED = "for people who are small in the picture try --imgsz 1280, for others another --detector"
NO_SURE_BOX = "no box came in enough frames one after the other with a score high enough"


@dataclass
class Run:
    """One source being tracked, and its results so far.

    `options` are the command's, for config.json; `memory` are the people known before this source.
    """

    options: Any
    opened: str
    """The source as `open_source` takes it, a path from the root."""
    files: ResultFiles
    parts: Parts
    tracker: Tracker
    people: CastFiles
    memory: CastMemory | None
    interruption: Interruption
    summary: Summary = field(default_factory=Summary)
    stopped: bool = False
    """Whether the source was given up on request."""
    failure: BaseException | None = None
    """What ended it early."""
    unwritten: str | None = None
    """Of a source that was tracked to its end, which of its files could not be written, and why."""
    awaits_refinement: bool = False
    """Whether a second pass was asked for, and has not ended."""
    gaps: GapOptions | None = None
    """Which short gaps are filled in the first pass."""
    lag: float = LAG
    """Seconds that frames are held back in the first pass, to be put right, besides those for the gaps."""
    keyframes: Keyframes | None = None
    """Where people are not detected in every frame."""
    learnt: CastMemory | None = None
    """The people to be known in the next source."""
    live: Live | None = None
    """Of a live source."""

    def track(self, sinks: Sequence[Sink], batch: int, passes: str = "", keepers: Sequence[Keep] = ()) -> None:
        """The online pass over the source. What was tracked until it is stopped or fails stays in the files.

        `keepers` are given what was detected in each frame, too.
        """
        source = self.files.source
        source.tell, self.interruption.at_stop = note, source.stop_waiting
        unused = UnusedBoxes(self.files.folder / UNUSED, self.tracker.options.association.low_score)
        write_config(self.files.folder, self.options, self.parts.weights, self._facts(self.files))
        try:
            tracked = self._tracked(batch, [unused.detected.keep, *keepers])
            tracked = progress(tracked, source.frame_count, source.name + passes)
            write_all(tracked, [*self.files.sinks(self.summary), unused, *sinks])
            self.stopped = self.interruption.cut_short or (source.live and self.interruption.asked)
            if not self.summary.frames:
                self.interruption.check()
            self.finish(self.files, self.summary)
        except BaseException as error:
            self.keep(error)
            if isinstance(error, InputError) and self.summary.frames:
                raise InputError(f"{error}; what was tracked until then is in {self.files.folder}/") from error
            raise
        self.save_people(self.tracker.identities)

    def _tracked(self, batch: int, keepers: Sequence[Keep]) -> Iterator[tuple[Frame, FrameTracks]]:
        """Of a live source a frame at a time, and no more in advance than keeps the detector at work."""

        def keep(frame: Frame, detections: Detections) -> None:
            for keeper in keepers:
                keeper(frame, detections)

        frames, detector = self.interruption.until(self.files.source), self.parts.detector
        of_all = partial(track, detector=detector, tracker=self.tracker, delay=self.lag, gaps=self.gaps, keep=keep)
        if self.live is None:
            yield from of_all(prefetch(frames), batch=batch, keyframes=self.keyframes)
            return
        with self.live.open():
            yield from of_all(frames, ahead=1, watch=self.live)

    def keep(self, error: BaseException) -> None:
        """Finish what can be of a run that ends by an error: each file by itself, and the error stays the one told."""
        self.failure = error
        if not self.summary.frames:
            return
        with suppress(InputError):
            self.finish(self.files, self.summary)
        with suppress(InputError):
            self.save_people(self.tracker.identities)

    def finish(self, files: ResultFiles, summary: Summary) -> None:
        """Write config.json, the page, and last tracks.json, which says whether the results are whole.

        Raises InputError, where tracks.json says what could not be written, if that can be.
        """
        try:
            self._write_page_and_config(files, summary)
        except InputError as error:
            self.unwritten = str(error) if self.failure is None else self.unwritten
            with suppress(InputError):
                files.write_overview(summary, self.notes)
            raise
        files.write_overview(summary, self.notes)

    def _write_page_and_config(self, files: ResultFiles, summary: Summary) -> None:
        config = read_json_object(self.files.folder / CONFIG)
        ended = self.failure is None and not self.stopped and not self.awaits_refinement
        numbers = {"frames": summary.frames, "ended": ended, "embedded_crops": self.tracker.embedded}
        if self.keyframes is not None:
            numbers["detected_frames"] = self.keyframes.detected
        live = self.live.facts if self.live is not None else {}
        write_json({**config, **self._facts(files), **numbers, **live}, files.folder / CONFIG)
        files.write_page(summary, made_by(self.options, self.parts.weights), [*self.notes, *self.advice])

    def _facts(self, files: ResultFiles) -> dict[str, Any]:
        """For config.json."""
        return {
            "source": files.source.name,
            "opened": self.opened,
            **files.tracking,
            "int8": self.parts.int8,
        }

    @property
    def notes(self) -> list[str]:
        """Sentences on what is missing in the results."""
        said = [
            self.files.source.warning,
            STOPPED if self.stopped else None,
            self.unwritten or (None if self.failure is None else reason(self.failure)),
            NOT_REFINED if self.awaits_refinement else None,
        ]
        return list(dict.fromkeys(filter(None, said)))

    @property
    def advice(self) -> list[str]:
        """Sentences on results that are whole and may surprise."""
        said = self.live.sentences if self.live is not None else []
        if self.summary.people:
            return said
        needed = self.tracker.min_frames(self.files.source.fps)
        why = NO_SURE_BOX if self.parts.weights["detector"] is None else NOBODY_DETECTED
        if self.summary.frames < needed:
            why = f"it takes {needed} in a row to tell a person from a false alarm"
        return [*said, f"no person in {count(self.summary.frames, 'frame')}: {why}"]

    def save_people(self, identities: Sequence[Identity]) -> None:
        """Add them to those known before, in the cast file if one is asked for. Raises InputError."""
        files = self.files
        self.learnt = self.people.save(
            self.memory, identities, self.parts.embedder, self.summary, files.source.name, files.draw
        )

    def print_summary(self) -> None:
        """Print the summary: numbers of people and recoveries, speed, where the files are, the cast."""
        summary, files = self.summary, self.files
        people = count(len(summary.people), "person", "people")
        facts = [
            f" in {count(summary.frames, 'frame')}",
            count(len(summary.returns), "recovery", "recoveries"),
            *([f"{count(len(summary.cuts), 'camera cut')}"] if summary.cuts else []),
            f"longest absence {summary.longest_absence:.1f} s",
            f"{summary.frames_per_second:.1f} frames/s",
            f"{count(self.tracker.embedded, 'crop')} embedded",
        ]
        passes = (", ", (files.label, "bold"), " in two passes") if files.offline else ()
        say(Text.assemble((people, "bold"), ", ".join(facts), *passes))
        for sentence in [*self.notes, *self.advice]:
            note(sentence)
        say(f"results in {files.folder}/")
        if self.memory is not None:
            say_cast(self.memory, summary, files.draw.names)
            self.people.say_saved(self.learnt)


def write_all(tracked: Iterable[tuple[Frame, FrameTracks]], sinks: Sequence[Sink]) -> None:
    """Feed the sinks, and finish them whatever happens."""
    with ExitStack() as stack:
        entered = [stack.enter_context(sink) for sink in sinks]
        for frame, tracks in tracked:
            for sink in entered:
                sink.write(frame, tracks)
