"""edits.json in the reviewed folder: read, checked against the data, and rewritten with every edit."""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from pathlib import Path
from typing import Any

from tracker.types import InputError

from ..run.file_names import EDITS
from .edit_words import told
from .edits import Edit, applied, replay
from .enclosure import enclosed
from .json_files import read_json_file
from .labelled_people import LabelledPeople, Reviewed

EDIT_FILE = EDITS
VERSION = 1
KEPT_STATES = 50
"""So many edits are undone without a replay."""


def read_edits(path: Path) -> list[Edit]:
    """The edits, in order; none where there is no file. Raises InputError where it is no edit file."""
    if not path.exists():
        return []
    content = read_json_file(path)
    if not isinstance(content, dict) or not isinstance(content.get("edits"), list):
        raise InputError(f'{path} is no edit file: it must be like {{"version": {VERSION}, "edits": []}}')
    if content.get("version") != VERSION:
        raise InputError(f"{path} has version {content.get('version')!r}; this followspot reads version {VERSION}")
    return content["edits"]


def write_edits(path: Path, edits: list[Edit]) -> None:
    """Replace the file at once, a line an edit; a crash leaves the old or the new one. Raises InputError."""
    lines = ",\n".join(json.dumps(edit, ensure_ascii=False) for edit in edits)
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with part.open("x", encoding="utf-8") as file:  # a new file, wherever a link of that name led
            file.write(f'{{"version": {VERSION}, "edits": [\n{lines}\n]}}\n')
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"the edits cannot be saved in {path}: {error.strerror}") from error


class Review:
    """The data with its edits, as they grow; every change is saved before it counts.

    edits.json may also be written by hand meanwhile: `refresh` takes it in. Safe to use from several threads.
    """

    def __init__(self, data: Reviewed) -> None:
        self.data = data
        self.path = data.folder / EDIT_FILE
        self.lock = threading.RLock()
        self.edits: list[Edit] = []
        self.undone: list[Edit] = []
        self.labelled: LabelledPeople
        self.revision = 0
        """Grows with every change; a page whose number is older must look again before it edits."""
        self._before: deque[LabelledPeople] = deque(maxlen=KEPT_STATES)
        self._written: tuple[int, int] | None = None
        self._load()

    def refresh(self) -> None:
        """Read edits.json again if another program changed it. Raises InputError where it does not fit."""
        with self.lock:
            if self._written != self._state_of_file():
                self._load()
                self.undone.clear()
                self.revision += 1

    def add(self, edit: Edit) -> None:
        """Apply and save one more edit. Raises InputError, with nothing saved, where it does not fit or is none."""
        with self.lock:
            after = applied(self.labelled, edit)
            if after.is_like(self.labelled):
                raise InputError("that is so already; nothing was changed")
            self._advance(edit, after)
            self.undone.clear()

    def undo(self) -> Edit | None:
        """Take the last edit back; None where there is none."""
        with self.lock:
            if not self.edits:
                return None
            edit = self.edits[-1]
            before = self._before[-1] if self._before else replay(self.data, self.edits[:-1])
            self._save(self.edits[:-1])
            if self._before:
                self._before.pop()
            self.labelled = before
            self.undone.append(edit)
            return edit

    def redo(self) -> Edit | None:
        """Make the edit again that was undone last; None where there is none."""
        with self.lock:
            if not self.undone:
                return None
            edit = self.undone[-1]
            self._advance(edit, applied(self.labelled, edit))
            self.undone.pop()
            return edit

    def described(self) -> dict[str, Any]:
        """What both pages know of the edits; the last one in words."""
        return {
            "revision": self.revision,
            "edits": len(self.edits),
            "last": told(self.edits[-1], self.labelled.names) if self.edits else None,
            "undone": len(self.undone),
        }

    def _advance(self, edit: Edit, after: LabelledPeople) -> None:
        self._save([*self.edits, edit])
        self._before.append(self.labelled)
        self.labelled = after

    def _load(self) -> None:
        found = self._state_of_file()
        edits = read_edits(enclosed(self.data.folder, EDIT_FILE))
        try:
            self.labelled = replay(self.data, edits)
        except InputError as error:
            raise InputError(f"{self.path}: {error}; mend it or move it away") from error
        self.edits, self._written = edits, found
        self._before.clear()

    def _save(self, edits: list[Edit]) -> None:
        write_edits(self.path, edits)
        self._written = self._state_of_file()
        self.edits = edits
        self.revision += 1

    def _state_of_file(self) -> tuple[int, int] | None:
        try:
            found: Any = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
