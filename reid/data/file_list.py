"""The files a model was trained on: every picture by name and hash, so that others can compare them with theirs."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from models.digest import sha256

from .crops import Crop, grouped, people

DIGITS = 16


@dataclass(frozen=True)
class FileList:
    """Data folder's name -> (picture's name, the first 16 hexadecimal digits of its SHA-256), by name."""

    files: dict[str, list[tuple[str, str]]]

    @classmethod
    def of(cls, crops: Sequence[Crop]) -> FileList:
        """The list for these crops."""
        with ThreadPoolExecutor() as threads:
            hashes = list(threads.map(lambda crop: sha256(crop.path)[:DIGITS], crops))
        of_folders = grouped(zip(crops, hashes, strict=True), lambda pair: folder_of(pair[0]))
        return cls({name: sorted((crop.path.name, digits) for crop, digits in of_folders[name]) for name in of_folders})

    def write(self, path: Path) -> None:
        """Write `folder,picture,sha256` lines, gzipped; the same list gives the same bytes."""
        with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as stream:
            stream.write(b"folder,picture,sha256\n")
            for folder in self.files:
                stream.write(self.lines(folder))

    def lines(self, folder: str) -> bytes:
        """The folder's part of the list."""
        return "".join(f"{folder},{name},{digits}\n" for name, digits in self.files[folder]).encode()

    def by_folder(self, crops: Sequence[Crop]) -> list[str]:
        """Cells of a Markdown table: folder, people, crops, hash of its part of the list."""
        return [
            f"{folder} | {len(people(own))} | {len(own)} | `{hashlib.sha256(self.lines(folder)).hexdigest()}`"
            for folder, own in grouped(crops, folder_of).items()
        ]


def folder_of(crop: Crop) -> str:
    """The name of the data folder: the one that holds images/, bounding_box_train/ and the like."""
    return crop.path.parent.parent.name
