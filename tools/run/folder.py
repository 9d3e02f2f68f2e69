"""One run, one folder: `config.json` holds its options, and earlier runs are never overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, count
from pathlib import Path
from typing import Any

from models.digest import sha256
from tracker.types import InputError

from .output import note, os_errors_as, write_json

CONFIG = "config.json"
CLAIM = ".running"
"""A file in the folder of a run while it is written to, so that no other run takes the same folder."""
RUNS = Path("runs")
"""Where runs go that are given no folder."""
PACKAGES = ("followspot", "torch", "ultralytics", "numpy", "opencv-python", "av", "filterpy", "lap")


def choose_folder(out: Path | None, name: str, parent: Path = RUNS) -> Path:
    """`out` if it is new or empty, else refused; without it the first free one of parent/NAME, parent/NAME-2, ...

    Nothing is made yet. Raises InputError.
    """
    if out is not None:
        if out.is_file():
            raise InputError(f"--out {out} is a file: name a folder for the results")
        if out.is_dir() and any(out.iterdir()):
            raise InputError(f"--out {out} already holds files: name a new folder, so that no results are overwritten")
        return out
    return first_free(parent / (name or "run"))


def first_free(folder: Path) -> Path:
    """The path itself, or with -2, -3, ... behind its name: the first that does not exist."""
    return next(path for path in numbered(folder) if not path.exists())


def numbered(folder: Path) -> Iterator[Path]:
    """The path itself, then with -2, -3, ... behind its name, without end."""
    return chain([folder], (folder.with_name(f"{folder.name}-{number}") for number in count(2)))


@contextmanager
def new_folder(out: Path | None, name: str, parent: Path = RUNS) -> Iterator[Path]:
    """`claimed_folder` for a run: if the block fails with nothing worth keeping, all that was made is removed.

    Worth keeping are a config.json, which is written at the end of a run, and rows of tracks. Raises InputError.
    """
    with claimed_folder(out, name, parent) as (folder, made):
        try:
            yield folder
        except BaseException:
            tracks = folder / "tracks.txt"
            if not (folder / CONFIG).exists() and not (tracks.exists() and tracks.stat().st_size):
                for file in folder.iterdir():
                    file.unlink()
                with suppress(OSError):  # of a parent that holds another run by now
                    for path in made:
                        path.rmdir()
            raise


@contextmanager
def claimed_folder(out: Path | None, name: str, parent: Path = RUNS) -> Iterator[tuple[Path, list[Path]]]:
    """`choose_folder`'s folder, made for this block alone, and what was made for it, the folder before its parents.

    Of runs that look for a folder at the same time each gets one of its own. Raises InputError where no folder may be
    made, or another run has taken `out`.
    """
    wanted = choose_folder(out, name, parent)
    made = [path for path in wanted.parents if not path.exists()]
    with os_errors_as(f"cannot write results to {wanted}", "; choose another --out"):
        wanted.parent.mkdir(parents=True, exist_ok=True)
        folder, new = _claim_free(wanted) if out is None else _claim(wanted)
    if out is None and folder.name != (name or "run"):
        note(f"{parent / (name or 'run')} is taken: the results go to {folder}")
    try:
        yield folder, [folder, *made] if new else made
    finally:
        (folder / CLAIM).unlink(missing_ok=True)


def _claim_free(wanted: Path) -> tuple[Path, bool]:
    """The folder or the next number of it, new: to make a folder succeeds only once."""
    for folder in numbered(wanted):
        if _made(folder):
            (folder / CLAIM).touch()
            return folder, True
    raise AssertionError("there are endless numbers")


def _claim(folder: Path) -> tuple[Path, bool]:
    """The folder with `CLAIM` in it, and whether it is new. Raises InputError where another run was faster."""
    new = _made(folder)
    with suppress(FileExistsError):  # to make a file succeeds only once
        (folder / CLAIM).touch(exist_ok=False)
        if [file.name for file in folder.iterdir()] == [CLAIM]:
            return folder, new
        (folder / CLAIM).unlink()
    raise InputError(f"another run has taken --out {folder} just now: name a new folder")


def _made(folder: Path) -> bool:
    """Whether there was no such folder before."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def write_config(folder: Path, options: Any, weights: dict[str, Path | None], more: dict[str, Any]) -> None:
    """config.json: options, versions, and the sha256 of the weights used. Raises InputError."""
    config = {
        "options": asdict(options),
        "weights": weights_used(weights),
        "versions": {package: version_of(package) for package in PACKAGES},
        **more,
    }
    try:
        write_json(config, folder / CONFIG)
    except InputError:
        with suppress(OSError):
            (folder / CONFIG).unlink()
        raise


def weights_used(weights: Mapping[str, Path | None]) -> dict[str, dict[str, str] | None]:
    """Name and sha256 of each part's file, None where there is none."""
    return {
        part: None if path is None or not path.exists() else {"file": path.name, "sha256": sha256(path)}
        for part, path in weights.items()
    }


def version_of(package: str) -> str | None:
    """Of an installed package, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
