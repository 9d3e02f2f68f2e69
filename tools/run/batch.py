"""Several sources tracked one after the other: what is known of each before the start, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from tracker.results.presence import Summary
from tracker.types import InputError
from tracker.video.addresses import without_secrets
from tracker.video.sources import Source, is_there
from tracker.video.video_reader import VideoReader

from .file_names import CONFIG, OVERVIEW, TRACKS
from .folder import numbered, weights_used
from .output import count, first_names, note, read_json_object, say, show
from .result_files import VIDEO
from .tracked_run import TrackedRun, absolute, read_run

NOT_COMPARED = {"sources", "out", "dry_run", "show", "reconnect", "workers", "ray"}
"""Options of `track` that change nothing in a run's results."""


def refuse_missing(names: Sequence[str], parent: Path) -> None:
    """Raise InputError for sources that are not there, or results that have no place, before the first is tracked."""
    if parent.exists() and not parent.is_dir():
        raise InputError(f"--out {parent} is a file: name a folder for the folders of the results")
    missing = [name for name in names if not is_there(name)]
    if missing:
        raise InputError(f"there is no {' and no '.join(missing)}; check the names, nothing was started")


def refuse_runs(names: Sequence[str]) -> None:
    """Raise InputError for the folder of a run: what `track` would find in it are videos with boxes drawn in."""
    for folder in names:
        if all((Path(folder) / file).is_file() for file in (TRACKS, OVERVIEW)):
            raise InputError(
                f"{folder} is the folder of a run, and boxes are drawn in its videos: name the video it was made from, "
                f"or draw it again with `followspot render {folder}`"
            )


@dataclass
class Batch:
    """What became of each of the sources `names`, for the table at the end."""

    names: Sequence[str]
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    whole: bool = True
    """Whether the results of all that were tracked, now or before, are whole."""

    @contextmanager
    def going_on(self, name: str) -> Iterator[None]:
        """Within the block an InputError is said, and counts as a failure of this source."""
        try:
            yield
        except InputError as error:
            note(str(error) if without_secrets(name) in str(error) else f"{name}: {error}")
            self.failed.append(name)
            self.rows[name] = ("-", "-", "-", "failed")

    def done(self, name: str, summary: Summary, folder: Path, whole: bool) -> None:
        """The source was tracked into this folder; `whole` says whether all of it could be read."""
        numbers = len(summary.people), len(summary.returns), summary.frames
        self._add(name, map(str, numbers), f"{folder}", [], whole)

    def skipped(self, name: str, run: TrackedRun) -> None:
        """The source has a run already that went to its end; what could not be read of it is said again."""
        reach = f"{run.folder}/ is whole" if run.complete else f"{run.folder}/ holds what could be read"
        say(f"{name} is done already: {reach}, of the same video and options")
        for sentence in run.notes:
            note(sentence)
        summary = read_json_object(run.folder / OVERVIEW)["summary"]
        numbers = (str(summary.get(fact, "-")) for fact in ("people", "recoveries", "frames"))
        self._add(name, numbers, f"{run.folder}", ["from before"], run.complete)

    def _add(self, name: str, numbers: Iterable[str], folder: str, remarks: list[str], whole: bool) -> None:
        """A row of the table, and what is to be remarked on its results."""
        self.whole = self.whole and whole
        said = ", ".join([*remarks, *([] if whole else ["not whole"])])
        self.rows[name] = (*numbers, f"{folder} ({said})" if said else folder)

    def show(self) -> None:
        """Show the table."""
        source, results = (Column(heading, overflow="fold") for heading in ("source", "results"))  # any long name fits
        numbers = (Column(name, justify="right", no_wrap=True) for name in ("people", "recoveries", "frames"))
        table = Table(source, *numbers, results, box=SIMPLE_HEAD)
        for name in self.names:
            table.add_row(without_secrets(name), *self.rows.get(name, ("-", "-", "-", "not begun")))
        show(table)

    def refuse_failed(self) -> None:
        """Raise InputError with the count of those that failed, if any."""
        if self.failed:
            raise InputError(
                f"{len(self.failed)} of {count(len(self.names), 'source')} failed: {first_names(self.failed)}"
            )


def whole_run(
    source: Source, name: str, parent: Path, options: Any, weights: Mapping[str, Path | None], tracking: str
) -> TrackedRun | None:
    """The run of this source by these options and weights among parent/NAME, parent/NAME-2, ...: one that went to the
    source's end, and after which neither the video nor the boxes to replay were changed. None where there is none."""
    wanted = {"opened": absolute(name), "options": compared(as_json(asdict(options))), "tracking": tracking}
    wanted |= {"weights": as_json(weights_used(weights)), "ended": True}
    inputs = [*_with_subfolders(Path(name)), *([options.detections] if options.detections is not None else [])]
    for folder in numbered(parent / source.name):
        if not folder.exists():
            return None
        try:
            run = read_run(folder)
        except InputError:
            continue
        found = {**run.config, "options": compared(run.config.get("options"))}
        written = (folder / CONFIG).stat().st_mtime
        unchanged = all(path.exists() and path.stat().st_mtime <= written for path in inputs)
        if unchanged and all(found.get(fact) == value for fact, value in wanted.items()) and _has_its_files(run):
            return run
    return None


def _with_subfolders(source: Path) -> list[Path]:
    """What tells by its time that the source was changed; pictures of a MOTChallenge sequence lie in a folder of it."""
    return [source, *(path for path in source.glob("*/") if source.is_dir())]


def _has_its_files(run: TrackedRun) -> bool:
    """Whether all rows that were written are still there, and the video where one was drawn."""
    overview = read_json_object(run.folder / OVERVIEW)
    rows = (run.folder / TRACKS).read_bytes()
    video = run.folder / VIDEO
    try:
        if run.config.get("options", {}).get("video", True):
            VideoReader(video).close()
    except InputError:
        return False
    return rows.count(b"\n") == overview["summary"].get("boxes") and rows[-1:] in (b"", b"\n")


def compared(options: Any) -> Any:
    """Those that change a run's results."""
    kept = options.items() if isinstance(options, dict) else ()
    return {name: value for name, value in kept if name not in NOT_COMPARED}


def as_json(content: Mapping[str, object]) -> Any:
    """What a JSON file gives back of it."""
    return json.loads(json.dumps(content, default=str))
