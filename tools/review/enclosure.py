"""Files of the data folder, and no others."""

from __future__ import annotations

from pathlib import Path

from tracker.types import InputError


def enclosed(folder: Path, name: str) -> Path:
    """The path of `name` below `folder`. Raises InputError where it lies outside, also by way of a symbolic link."""
    try:
        root, path = folder.resolve(), (folder / name).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{name!r} is no path that can be followed") from error
    if not path.is_relative_to(root):
        raise InputError(f"{name} leads out of {folder}; only files in it are opened")
    return path
