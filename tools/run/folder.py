"""One run, one folder: `config.json` holds its options, and earlier runs are never overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, count
from pathlib import Path
from typing import Any

from models.digest import sha256
from tracker.types import InputError

from .output import note, os_errors_as, read_json_object, write_json
from .unfinished import ASIDE, OVERVIEW, held, is_left_over, set_aside

CONFIG = "config.json"
PACKAGES = ("followspot", "torch", "ultralytics", "numpy", "opencv-python", "av", "filterpy", "lap")


def choose_folder(out: Path | None, name: str) -> Path:
    """`out` if it is new or empty, else refused; without it the first free one of runs/NAME, runs/NAME-2, ...

    A run in `out` that was not finished will give way. Nothing is made yet. Raises InputError.
    """
    if out is not None:
        if out.is_file():
            raise InputError(f"--out {out} is a file: name a folder for the results")
        if out.is_dir() and any(out.iterdir()) and not is_left_over(out):
            raise InputError(f"--out {out} already holds files: name a new folder, so that no results are overwritten")
        return out
    return first_free(Path("runs") / (name or "run"))


def first_free(folder: Path) -> Path:
    """The path itself, or with -2, -3, ... behind its name: the first that does not exist."""
    numbered = (folder.with_name(f"{folder.name}-{number}") for number in count(2))
    return next(path for path in chain([folder], numbered) if not path.exists())


def make_folder(folder: Path) -> list[Path]:
    """Make the folder; returns what had to be made, the folder before its parents. Raises InputError.

    A run in it that was not finished is set aside, with a note.
    """
    if is_left_over(folder):
        aside = first_free(folder.with_name(folder.name + ASIDE))
        set_aside(folder, aside)
        note(f"{folder} held a run that was not finished; that is now {aside}")
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    with os_errors_as(f"cannot write results to {folder}", "; choose another --out"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".write-test").touch()
        (folder / ".write-test").unlink()
    return made


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make the folder for the block; if the block fails with nothing worth keeping, it is removed, with its parents.

    Worth keeping is what tracks any frame. Raises InputError where no folder may be made.
    """
    made = make_folder(folder)
    with held(folder):
        try:
            yield
        except BaseException:
            if not is_worth_keeping(folder):
                for file in folder.iterdir():
                    file.unlink()
                for path in made:
                    path.rmdir()
            raise


def is_worth_keeping(folder: Path) -> bool:
    """Whether a run has rows of tracks, or frames in which it saw no person, or a video of them."""
    tracks, summary = folder / "tracks.txt", read_json_object(folder / OVERVIEW).get("summary")
    has_rows = tracks.exists() and tracks.stat().st_size > 0
    has_frames = isinstance(summary, dict) and bool(summary.get("frames"))
    return has_rows or has_frames or any(folder.glob("video*.mp4"))


def write_config(folder: Path, options: Any, weights: dict[str, Path | None], more: dict[str, Any]) -> None:
    """config.json: options, versions, and the sha256 of the weights used. Raises InputError."""
    config = {
        "options": asdict(options),
        "weights": {
            part: None if path is None or not path.exists() else {"file": path.name, "sha256": sha256(path)}
            for part, path in weights.items()
        },
        "versions": {package: version_of(package) for package in PACKAGES},
        **more,
    }
    write_json(config, folder / CONFIG)


def version_of(package: str) -> str | None:
    """Of an installed package, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
