"""One run, one folder: what was asked stands in `config.json`, and earlier runs are never overwritten."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tracker.types import InputError

PACKAGES = ("followspot", "torch", "ultralytics", "numpy", "opencv-python", "av", "filterpy", "lap")


def choose_folder(out: Path | None, name: str) -> Path:
    """`out` if it is new or empty, else refused; without it the first free one of runs/NAME, runs/NAME-2, ...

    Nothing is made yet. Raises InputError.
    """
    if out is not None:
        if out.is_file():
            raise InputError(f"--out {out} is a file: name a folder for the results")
        if out.is_dir() and any(out.iterdir()):
            raise InputError(f"--out {out} already holds files: name a new folder, so that no results are overwritten")
        return out
    base = Path("runs") / (name or "run")
    number, folder = 1, base
    while folder.exists():
        number += 1
        folder = base.with_name(f"{base.name}-{number}")
    return folder


def make_folder(folder: Path) -> None:
    """Make the folder and its parents. Raises InputError where that is not allowed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write-test"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"cannot write results to {folder}: {error.strerror}; choose another --out") from error


def remove_if_empty(folder: Path, made: bool) -> None:
    """Leave no empty folder of ours behind."""
    if made and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def write_config(folder: Path, options: Any, weights: dict[str, Path | None], more: dict[str, Any]) -> None:
    """config.json: options, versions, and the sha256 of the weights used."""
    config = {
        "options": asdict(options),
        "weights": {
            part: None if path is None else {"file": path.name, "sha256": sha256(path)}
            for part, path in weights.items()
        },
        "versions": {package: _version(package) for package in PACKAGES},
        **more,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2, default=str) + "\n")


def sha256(path: Path) -> str:
    """Of a file, or of all files in a folder (an OpenVINO model) in the order of their names."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
