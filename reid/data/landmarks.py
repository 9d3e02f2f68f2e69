"""Landmarks beside the pictures: a line each in keypointsN.txt, or in DanceReID's layout a file each in poses/.

A line is the picture's path from the data folder (or its bare name, as Market-1501's were published), then x y for each
of N joints, in pixels of the picture, nan where a joint is not known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ..encoder.atomic_write import replace_text
from .crops import Crop, DataError
from .reading import IMAGE_SUFFIXES

FARTHEST = 1e6
"""Pixels; no joint is further from a picture's corner."""
JOINTS_IN_NAME = re.compile(r"keypoints\D*(\d*)")
LINE = re.compile(rf"(.*(?:{'|'.join(map(re.escape, sorted(IMAGE_SUFFIXES)))}))\s+(\S.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Landmarks:
    """The landmarks of a data folder: line's name -> (P, 2) float32."""

    root: Path
    rows: Mapping[str, np.ndarray]

    def of(self, picture: Path) -> np.ndarray | None:
        """The picture's landmarks, by its path in the folder or else by its name; None where it has none."""
        found = self.rows.get(picture.relative_to(self.root).as_posix())
        return self.rows.get(picture.name) if found is None else found


def read_landmarks(root: Path, joints: int = 0) -> Landmarks:
    """The landmarks in keypointsN.txt of N = `joints`, or of the greatest N; empty where there is no such file.

    Raises DataError naming the line that cannot be read.
    """
    files = landmark_files(root)
    if not files or (joints and joints not in files):
        return Landmarks(root, {})
    number = joints or max(files)
    return Landmarks(root, read_rows(files[number], number))


def landmark_files(root: Path) -> dict[int, Path]:
    """The data folder's keypointsN.txt, by N."""
    return {joints_in_name(path): path for path in sorted(root.glob("keypoints*.txt"), reverse=True)}


def require_landmarks(root: Path, joints: int) -> None:
    """Raise DataError where a data folder has landmarks, but none of so many joints; 0 are any."""
    files = landmark_files(root)
    if joints and files and joints not in files:
        there = ", ".join(sorted(path.name for path in files.values()))
        raise DataError(f"{root} has no keypoints{joints}.txt for --joints {joints}, only {there}; leave --joints out.")


def joints_in_name(path: Path) -> int:
    """N of keypointsN.txt, 0 where the name has none."""
    match = JOINTS_IN_NAME.match(path.name)
    return int((match and match[1]) or 0)


def read_rows(path: Path, joints: int) -> dict[str, np.ndarray]:
    """Name -> (P, 2) float32 of a landmark file's lines; P must be `joints` unless that is 0. Raises DataError."""
    rows = {}
    for number, line in enumerate(lines_of(path), start=1):
        if not line.strip():
            continue
        match = LINE.fullmatch(line.strip())
        try:
            wide = np.array(match[2].split() if match else "", float).reshape(-1, 2)
            if joints and len(wide) != joints:
                raise ValueError(f"{len(wide)} joints")
            if (np.abs(wide) > FARTHEST).any():
                raise ValueError("a joint that is in no picture")
        except ValueError as error:
            raise DataError(
                f"{path} is no landmark file: line {number} should be a picture's name and then x y of "
                f"{joints or 'all'} joints."
            ) from error
        rows[match[1] if match else ""] = wide.astype(np.float32)
    return rows


def lines_of(path: Path) -> list[str]:
    """The lines of a text file. Raises DataError where it is none."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"Cannot read the landmarks {path} ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no landmark file: it holds bytes that are no text; write it again.") from error


def has_landmarks(crop: Crop) -> bool:
    """Whether at least one joint is known."""
    return crop.keypoints is not None and bool(np.isfinite(crop.keypoints).any())


class LandmarkWriter(AbstractContextManager["LandmarkWriter"], Protocol):
    """Adds landmarks to a data folder within a `with` block; what was written stays, however the block ends."""

    def write(self, picture: Path, keypoints: np.ndarray) -> None: ...


class KeypointsFile:
    """Lines added to keypointsN.txt as they come; leaving the block puts the file in the order of the names."""

    def __init__(self, root: Path, joints: int) -> None:
        self.root, self.joints, self.path = root, joints, root / f"keypoints{joints}.txt"

    def __enter__(self) -> KeypointsFile:
        self._cut_unfinished_line()
        self.file = self.path.open("a", encoding="utf-8")
        return self

    def write(self, picture: Path, keypoints: np.ndarray) -> None:
        """Add a picture's keypoints (N, 2); they replace those that it had."""
        self.file.write(keypoints_line(picture.relative_to(self.root).as_posix(), keypoints))
        self.file.flush()

    def __exit__(self, *_: object) -> None:
        self.file.close()
        rows = read_rows(self.path, self.joints)
        if rows:
            replace_text(self.path, "".join(keypoints_line(name, rows[name]) for name in sorted(rows)))
        else:
            self.path.unlink()

    def _cut_unfinished_line(self) -> None:
        """A kill may have cut the last line off."""
        if self.path.is_file():
            content = self.path.read_bytes()
            if not content.endswith(b"\n"):
                os.truncate(self.path, content.rfind(b"\n") + 1)


class PoseFiles:
    """One file a picture in poses/, a line "x y" a joint: DanceReID's way."""

    def __init__(self, root: Path, joints: int) -> None:
        self.folder = root / "poses"

    def __enter__(self) -> PoseFiles:
        self.folder.mkdir(exist_ok=True)
        return self

    def write(self, picture: Path, keypoints: np.ndarray) -> None:
        """Write a picture's keypoints (N, 2), in the place of those that it had."""
        lines = "".join(f"{x:.1f} {y:.1f}\n" for x, y in keypoints)
        replace_text(self.folder / picture.with_suffix(".txt").name, lines)

    def __exit__(self, *_: object) -> None:
        pass


def keypoints_line(name: str, keypoints: np.ndarray) -> str:
    """The line of keypointsN.txt for one picture."""
    return " ".join([name, *(f"{value:.1f}" for value in keypoints.ravel())]) + "\n"


WRITERS: dict[str, Callable[[Path, int], LandmarkWriter]] = {"dancereid": PoseFiles}
"""Layouts with landmarks of their own kind; all others have a `KeypointsFile`."""


def landmark_writer(root: Path, layout: str, joints: int) -> LandmarkWriter:
    """What writes landmarks where `read_split` reads them in this layout."""
    return WRITERS.get(layout, KeypointsFile)(root, joints)
