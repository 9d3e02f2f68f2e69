"""Result files: MOT text and CSV that grow frame by frame, and a JSON overview written at the end."""

from __future__ import annotations

import csv
import io
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from ..drawing.colours import colour_of, css
from ..types import Frame, FrameTracks, InputError, Recovery
from .mot_files import format_rows
from .presence import Person, Summary
from .whole_files import RowFile, replace_text

CSV_COLUMNS = ("frame", "time", "id", "name", "x1", "y1", "x2", "y2", "score", "recovered")

UNFINISHED = "not finished: it is still being tracked, or was killed; the results hold what was tracked until then"
"""The note in tracks.json until the run ends."""
STOPPED = "stopped on request; the results hold what was tracked until then"

_SAVE_EVERY = 5.0
"""Seconds between two states of tracks.json."""
_SAVE_SHARE = 100
"""Times as long as writing tracks.json took must have passed before it is written again: 1% of the run at most."""


class Sink(AbstractContextManager["Sink"], Protocol):
    """Takes a video's frames in order, each with all its rows; as a context manager it finishes what it began."""

    def write(self, frame: Frame, tracks: FrameTracks) -> None: ...


class _LineWriter(ABC):
    """A `RowFile` as a sink. Entering it creates the file and its folder; raises InputError where it may not."""

    _header = ""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)

    @abstractmethod
    def _lines(self, frame: Frame, tracks: FrameTracks) -> str: ...

    def __enter__(self) -> _LineWriter:
        self._file = RowFile(self._path)
        self._file.add(self._header)
        self._file.flush()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Append the rows of one frame; raises InputError where the disk takes no more."""
        self._file.add(self._lines(frame, tracks))


class MotWriter(_LineWriter):
    """tracks.txt in the MOTChallenge format."""

    def _lines(self, frame: Frame, tracks: FrameTracks) -> str:
        return format_rows(tracks)


class CsvWriter(_LineWriter):
    """tracks.csv: a header, then a row per person and frame; frames from 0, times in seconds, corners in pixels.

    The rows of an `offline` result have another column that says so: `refined`, or `filled` for those not detected.
    """

    def __init__(self, path: Path, names: Mapping[int, str] | None = None, offline: bool = False) -> None:
        super().__init__(path)
        self._names = names or {}
        self._offline = offline
        self._header = ",".join([*CSV_COLUMNS, *(["offline"] if offline else [])]) + "\n"

    def _lines(self, frame: Frame, tracks: FrameTracks) -> str:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        returned = {recovery.id for recovery in tracks.recoveries if recovery.is_return}
        columns = (tracks.ids.tolist(), tracks.xyxy.tolist(), tracks.score.tolist())
        for identity, box, score in zip(*columns, strict=True):
            corners = [f"{value:.2f}" for value in box]
            name = self._names.get(identity, "")
            offline = ["refined" if score > 0 else "filled"] if self._offline else []
            facts = [frame.index, f"{frame.time:.3f}", identity, name, *corners, f"{score:.4f}"]
            rows.writerow([*facts, int(identity in returned), *offline])
        return text.getvalue()


class JsonWriter:
    """tracks.json: facts of the video, and of every person the times on stage and the recoveries.

    It feeds `summary` with the frames it is given (so give that summary to no other sink). The file is written now and
    then, and says that it is not complete, so that a kill leaves what was known; when the run ends, also when that is
    by Ctrl-C, it is written with `notes`, sentences on what is missing: without any, and without an error, it is
    complete. `video` holds facts to be copied in, such as source, width, height, fps.
    """

    def __init__(
        self,
        path: Path,
        summary: Summary,
        video: Mapping[str, object] | None = None,
        names: Mapping[int, str] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self._path = Path(path)
        self._summary = summary
        self._video = dict(video or {})
        self._names = names or {}
        self._notes = notes
        self._due = 0.0

    def __enter__(self) -> JsonWriter:
        self._summary.__enter__()
        self._save([UNFINISHED])
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        told = self._notes
        if error is not None:
            told = [*(note for note in told if note != UNFINISHED), reason(error)]
        self._save(told)

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Take in one frame."""
        self._summary.write(frame, tracks)
        if time.monotonic() > self._due:
            self._save([UNFINISHED])

    def _save(self, notes: Sequence[str]) -> None:
        started = time.monotonic()
        write_overview(self._path, self._summary, self._video, self._names, notes)
        now = time.monotonic()
        self._due = now + max(_SAVE_EVERY, _SAVE_SHARE * (now - started))


def reason(error: BaseException) -> str:
    """The note on results that an error ended."""
    if isinstance(error, KeyboardInterrupt):
        return STOPPED
    said = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    return f"ended early ({said}); the results hold what was tracked until then"


def write_overview(
    path: Path, summary: Summary, video: Mapping[str, object], names: Mapping[int, str], notes: Sequence[str]
) -> None:
    """Write tracks.json whole; it is complete where there are no notes. Raises InputError."""
    content = overview(summary, video, names, notes)
    replace_text(path, json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n")


def overview(
    summary: Summary, video: Mapping[str, object], names: Mapping[int, str], notes: Sequence[str] = ()
) -> dict[str, object]:
    """What tracks.json holds; times in seconds."""
    return {
        "complete": not notes,
        "notes": list(notes),
        "video": dict(video),
        "summary": {
            "frames": summary.frames,
            "seconds": round(summary.duration, 3),
            "people": len(summary.people),
            "boxes": summary.boxes,
            "recoveries": len(summary.returns),
            "remembered": len(summary.remembered),
            "longest_absence": round(summary.longest_absence, 3),
            "camera_cuts": len(summary.cuts),
            "recognised_across_cuts": len(summary.across_cuts),
        },
        "camera_cuts": [round(cut, 3) for cut in summary.cuts],
        "camera_cut_frames": summary.cut_frames,
        "people": [_person(person, names.get(person.id)) for person in summary.people],
    }


def _person(person: Person, name: str | None) -> dict[str, object]:
    return {
        "id": person.id,
        "name": name,
        "colour": css(colour_of(person.id)),
        "seconds": round(person.seconds, 3),
        "boxes": person.boxes,
        "appearances": [[round(start, 3), round(end, 3)] for start, end in person.stays],
        "recoveries": [_recovery(recovery) for recovery in person.recoveries],
        "unsure_frames": person.unsure,
    }


def _recovery(recovery: Recovery) -> dict[str, object]:
    facts = asdict(recovery)
    del facts["id"]
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in facts.items()}
