"""Files that are whole whatever happens: rows that are appended, and files that are replaced."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..types import InputError

_FLUSH_EVERY = 1.0


class RowFile:
    """A text file that grows by whole rows, and has on disk what was added until about a second ago.

    Made with its folder. Where the disk takes no more, the file ends with the last whole row. Raises InputError where
    it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[str] = []
        self._size = 0
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)
        self._flushed = time.monotonic()

    def add(self, rows: str) -> None:
        """Append rows, each ended by a newline."""
        self._waiting.append(rows)
        if time.monotonic() - self._flushed > _FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        """Hand to the system what waits; a power cut aside, it is on disk then."""
        data, done = "".join(self._waiting).encode(), 0
        self._waiting = []
        with writing(self._path):
            try:
                while done < len(data):
                    done += self._file.write(data[done:])
            except OSError:
                self._file.truncate(self._size + data.rfind(b"\n", 0, done) + 1)
                raise
        self._size += done
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Flush, and let go of the file whatever happens."""
        with self._file:
            self.flush()


def replace_text(path: Path, text: str) -> None:
    """`replace_bytes` of a text, in UTF-8."""
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Write a whole file, its folder too: either all of it is there or what was there before. Raises InputError."""
    unfinished = path.with_name(path.name + ".part")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.unlink(missing_ok=True)
            with unfinished.open("xb") as file:  # a new file, wherever a link of that name led
                file.write(content)
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
