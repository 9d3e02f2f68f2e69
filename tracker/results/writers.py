"""Result files: MOT text and CSV that grow frame by frame, and a JSON overview written at the end."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from ..drawing.colours import colour_of, css
from ..types import Frame, FrameTracks, InputError, Recovery
from .mot_files import format_rows
from .presence import Person, Summary

CSV_COLUMNS = ("frame", "time", "id", "name", "x1", "y1", "x2", "y2", "score", "recovered")

_FLUSH_EVERY = 1.0


class Sink(AbstractContextManager["Sink"], Protocol):
    """Takes a video's frames in order, each with all its rows; as a context manager it finishes what it began."""

    def write(self, frame: Frame, tracks: FrameTracks) -> None: ...


class _LineWriter(ABC):
    """A text file that is whole after every frame, and on disk about a second later.

    Entering it creates the file and its folder; raises InputError where it may not.
    """

    _header = ""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)

    @abstractmethod
    def _lines(self, frame: Frame, tracks: FrameTracks) -> str: ...

    def __enter__(self) -> _LineWriter:
        with writing(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8", newline="")
        self._file.write(self._header)
        self._file.flush()
        self._flushed = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Append the rows of one frame; raises InputError where the disk takes no more."""
        with writing(self._path):
            self._file.write(self._lines(frame, tracks))
            if time.monotonic() - self._flushed > _FLUSH_EVERY:
                self._file.flush()
                self._flushed = time.monotonic()


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

    It feeds `summary` with the frames it is given (so give that summary to no other sink) and writes it when the run
    ends, also when that is by Ctrl-C. `video` holds facts to be copied in, such as source, width, height, fps.
    """

    def __init__(
        self,
        path: Path,
        summary: Summary,
        video: Mapping[str, object] | None = None,
        names: Mapping[int, str] | None = None,
    ) -> None:
        self._path = Path(path)
        self._summary = summary
        self._video = dict(video or {})
        self._names = names or {}

    def __enter__(self) -> JsonWriter:
        self._summary.__enter__()
        self._save()
        return self

    def __exit__(self, *_: object) -> None:
        self._save()

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Take in one frame."""
        self._summary.write(frame, tracks)

    def _save(self) -> None:
        text = json.dumps(overview(self._summary, self._video, self._names), indent=1, ensure_ascii=False, default=str)
        replace_text(self._path, text + "\n")


def overview(summary: Summary, video: Mapping[str, object], names: Mapping[int, str]) -> dict[str, object]:
    """What tracks.json holds; times in seconds."""
    return {
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
        "appearances": [[round(start, 3), round(end, 3)] for start, end in person.appearances],
        "recoveries": [_recovery(recovery) for recovery in person.recoveries],
    }


def _recovery(recovery: Recovery) -> dict[str, object]:
    facts = asdict(recovery)
    del facts["id"]
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in facts.items()}


def replace_text(path: Path, text: str) -> None:
    """Write a whole file, its folder too: either all of it is there or what was there before. Raises InputError."""
    unfinished = path.with_name(path.name + ".part")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_text(text, encoding="utf-8")
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Within the block an OSError becomes an InputError that names the file."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); choose another place with --out") from error
