"""A folder with a run that was never finished: it gives way to a new run, and nothing in it is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .file_names import OVERVIEW, SECOND_PASS
from .output import os_errors_as, read_json_object

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ASIDE = "-unfinished"


def is_left_over(folder: Path) -> bool:
    """Whether the folder holds a run that says it is not complete, and that no process is writing any more."""
    unfinished = read_json_object(folder / OVERVIEW).get("complete") is False or (folder / SECOND_PASS).is_dir()
    return unfinished and not _is_held(folder)


def set_aside(folder: Path, place: Path) -> None:
    """Rename the folder of an unfinished run to `place`. Raises InputError."""
    with os_errors_as(f"cannot move the unfinished run in {folder} to {place}", "; choose another --out"):
        folder.rename(place)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Within the block the folder is being written; the system ends that with the process, also where it is killed."""
    directory = _locked(folder)
    try:
        yield
    finally:
        if directory is not None:
            os.close(directory)


def _is_held(folder: Path) -> bool:
    try:
        directory = _locked(folder)
    except BlockingIOError:
        return True
    if directory is not None:
        os.close(directory)
    return False


def _locked(folder: Path) -> int | None:
    """The open folder with a lock on it; None where the system knows none. Raises BlockingIOError where it is taken."""
    if fcntl is None:
        return None
    directory = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(directory)
        raise
    except OSError:  # a network file system without locks
        os.close(directory)
        return None
    return directory
