"""One run, one folder: `config.json` holds its options, and earlier runs are never overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, count
from pathlib import Path
from typing import Any

from models.digest import sha256
from tracker.types import InputError
from tracker.video.addresses import without_secrets

from .file_names import CONFIG, OVERVIEW, TRACKS
from .output import note, os_errors_as, read_json_object, write_json
from .unfinished import ASIDE, held, is_left_over, set_aside

RUNS = Path("runs")
"""Where runs go that are given no folder."""
PACKAGES = ("followspot", "torch", "ultralytics", "numpy", "opencv-python", "av", "openvino", "filterpy", "lap")


def choose_folder(out: Path | None, name: str, parent: Path = RUNS, opened: str | None = None) -> Path:
    """`out` if it is new or empty, else refused; without it the first free one of parent/NAME, parent/NAME-2, ...

    A run that was not finished, in `out` or in parent/NAME of the source `opened`, will give way. Nothing is made yet.
    Raises InputError.
    """
    if out is not None:
        if out.is_file():
            raise InputError(f"--out {out} is a file: name a folder for the results")
        if out.is_dir() and any(out.iterdir()) and not is_left_over(out):
            raise InputError(f"--out {out} already holds files: name a new folder, so that no results are overwritten")
        return out if out.name.strip(".") else out.resolve()  # . and .. have no name to put an ending to
    first = parent / (name or "run")
    gives_way = opened is not None and is_left_over(first) and read_json_object(first / CONFIG).get("opened") == opened
    return first if gives_way else first_free(first)


def first_free(folder: Path) -> Path:
    """The path itself, or with -2, -3, ... behind its name: the first that does not exist."""
    return next(path for path in numbered(folder) if not path.exists())


def numbered(folder: Path) -> Iterator[Path]:
    """The path itself, then with -2, -3, ... behind its name, without end."""
    return chain([folder], (folder.with_name(f"{folder.name}-{number}") for number in count(2)))


def is_worth_keeping(folder: Path) -> bool:
    """Whether a run has rows of tracks, or frames in which it saw no person, or a video of them."""
    tracks, summary = folder / TRACKS, read_json_object(folder / OVERVIEW).get("summary")
    has_rows = tracks.exists() and tracks.stat().st_size > 0
    has_frames = isinstance(summary, dict) and bool(summary.get("frames"))
    return has_rows or has_frames or any(folder.glob("video*.mp4"))


@contextmanager
def new_folder(
    out: Path | None,
    name: str,
    parent: Path = RUNS,
    opened: str | None = None,
    worth_keeping: Callable[[Path], bool] = is_worth_keeping,
) -> Iterator[Path]:
    """`claimed_folder` for a run: if the block fails with nothing worth keeping, all that was made is removed.

    Worth keeping is by default what tracks any frame. Raises InputError.
    """
    with claimed_folder(out, name, parent, opened) as (folder, made):
        try:
            yield folder
        except BaseException:
            if not worth_keeping(folder):
                for entry in folder.iterdir():
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
                with suppress(OSError):  # of a parent that holds another run by now
                    for path in made:
                        path.rmdir()
            raise


@contextmanager
def claimed_folder(
    out: Path | None, name: str, parent: Path = RUNS, opened: str | None = None
) -> Iterator[tuple[Path, list[Path]]]:
    """`choose_folder`'s folder, made for this block alone, and what was made for it, the folder before its parents.

    Of runs that look for a folder at the same time each gets one of its own; a run that was not finished, in `out` or
    in parent/NAME of the source `opened`, is set aside, with a note. Raises InputError where no folder may be made, or
    another run has taken `out`.
    """
    wanted = choose_folder(out, name, parent, opened)
    made = [path for path in wanted.parents if not path.exists()]
    with ExitStack() as stack:
        with os_errors_as(f"cannot write results to {wanted}", "; choose another --out"):
            wanted.parent.mkdir(parents=True, exist_ok=True)
            _make_way(wanted)
            # to make a folder succeeds only once, so each run gets the next number
            folder = wanted if out is not None else next(path for path in numbered(wanted) if _made(path))
            new = out is None or _made(folder)
            (folder / ".write-test").touch()
            (folder / ".write-test").unlink()
        stack.enter_context(held_alone(folder))
        if any(folder.iterdir()):
            raise InputError(f"another run has filled --out {folder} just now: name a new folder")
        if out is None:
            _tell_of_another(folder, name or "run")
        yield folder, [folder, *made] if new else made


@contextmanager
def held_alone(folder: Path) -> Iterator[None]:
    """Within the block no other run may write into the folder. Raises InputError where one does."""
    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder))
        except BlockingIOError:
            raise InputError(f"another run has taken --out {folder} just now: name a new folder") from None
        yield


def _make_way(folder: Path) -> None:
    """Set a run aside that was not finished, with a note."""
    if is_left_over(folder):
        aside = first_free(folder.with_name(folder.name + ASIDE))
        set_aside(folder, aside)
        note(f"{folder} held a run that was not finished; that is now {aside}")


def made_folder(name: str, parent: Path, opened: str) -> Path:
    """The first free one of parent/NAME, parent/NAME-2, ..., made for the caller alone. Raises InputError.

    An unfinished run of the source `opened` in the first of them is set aside, with a note.
    """
    _make_way(choose_folder(None, name, parent, opened))
    with os_errors_as(f"cannot write results to {parent / name}", "; choose another --out"):
        parent.mkdir(parents=True, exist_ok=True)
        folder = next(path for path in numbered(parent / name) if _made(path))
    _tell_of_another(folder, name)
    return folder


def _tell_of_another(folder: Path, name: str) -> None:
    if folder.name != name:
        note(f"{folder.with_name(name)} is taken: the results go to {folder}")


def _made(folder: Path) -> bool:
    """Whether there was no such folder before."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def write_config(folder: Path, options: Any, weights: dict[str, Path | None], more: dict[str, Any]) -> None:
    """config.json: options without passwords, versions, and the sha256 of the weights used. Raises InputError."""
    config = {
        "options": {name: _kept(value) for name, value in asdict(options).items()},
        "weights": weights_used(weights),
        "versions": {package: version_of(package) for package in PACKAGES},
        **more,
    }
    write_json(config, folder / CONFIG)


def _kept(value: Any) -> Any:
    """An option as it may be read by others."""
    if isinstance(value, str):
        return without_secrets(value)
    return [_kept(each) for each in value] if isinstance(value, tuple | list) else value


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
