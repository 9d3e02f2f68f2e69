"""The folder of a training run: whether it can be written; and a description of the data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from ..data.crops import Crop, DataError, people


def require_writable(folder: Path) -> None:
    """Try to write where the folder is or will be, before anything is read; DataError where that fails."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise DataError(f"Cannot write to {folder} ({error.strerror}); name another --out.") from error


@contextmanager
def written_into(folder: Path) -> Iterator[None]:
    """A block that writes into the folder; DataError where the disk is full or gone."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"Cannot write {error.filename or folder} ({error.strerror}); free some room, then resume with "
            "--resume: the last save is whole."
        ) from error


def description(crops: Sequence[Crop]) -> str:
    """How many crops of how many people, and a digest of all names and labels, by which other data is noticed."""
    digest = hashlib.sha256()
    for crop in crops:
        joints = b"" if crop.keypoints is None else crop.keypoints.tobytes()
        digest.update(f"{crop.path.name} {crop.person} {crop.camera} {crop.video} {crop.frame} {crop.time}".encode())
        digest.update(joints)
    return f"{len(crops)} crops of {len(people(crops))} people (sha256 {digest.hexdigest()[:12]})"
