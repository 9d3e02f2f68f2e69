"""SHA-256 of a weights file."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256(*paths: Path) -> str:
    """SHA-256 in hexadecimal of files one after another; a folder (an OpenVINO model) is its files by name."""
    digest = hashlib.sha256()
    for file in (file for path in paths for file in files_of(path)):
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def files_of(path: Path) -> list[Path]:
    """The file itself, or all files in a folder, by name."""
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
