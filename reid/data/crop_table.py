"""crops.csv: where each crop of a data set comes from, one line a crop."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .crops import DataError

COLUMNS = ("image", "person", "video", "frame", "time", "left", "top", "right", "bottom", "score", "tracklet", "doubt")
CROP_TABLE = "crops.csv"
MOST = 10_000_000
"""People, frames (four days of video), seconds and pixels go no further."""


def is_plain_name(name: str) -> bool:
    """Whether this names a file in the folder it is looked for in, and none elsewhere."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\\0")


def widened_height(xyxy: Sequence[float] | np.ndarray) -> float:
    """Height in pixels of the smallest 1:2 box about the middle of this one (4,) that holds it."""
    return float(max(xyxy[3] - xyxy[1], 2 * (xyxy[2] - xyxy[0]), 2.0))


@dataclass(frozen=True, slots=True)
class CropRow:
    """One crop: its file's name in images/, its person, and where it was cut out.

    `video` is the source's key in video.json and sources.json, `frame` counts from 0 in it, `time` is in seconds,
    `xyxy` the person's box in the source's pixels, `score` the detector's (1 where the source gives none), `tracklet`
    the piece of track it came from (unique within the video), `doubt` how doubtful the label is, 0 to 1.
    """

    image: str
    person: int
    video: str
    frame: int
    time: float
    xyxy: tuple[float, float, float, float]
    score: float = 1.0
    tracklet: int = 0
    doubt: float = 0.0

    @property
    def inside(self) -> tuple[float, float]:
        """The person's box as shares of the widened crop's width and height."""
        left, top, right, bottom = self.xyxy
        tall = widened_height(self.xyxy)
        return 2 * max(right - left, 1.0) / tall, max(bottom - top, 1.0) / tall

    def cells(self) -> list[str]:
        """The line's cells, in the order of `COLUMNS`."""
        box = [f"{value:.2f}" for value in self.xyxy]
        origin = [self.image, str(self.person), self.video, str(self.frame), f"{self.time:.3f}"]
        return [*origin, *box, f"{self.score:.3f}", str(self.tracklet), f"{self.doubt:.3f}"]

    @classmethod
    def of(cls, cells: list[str]) -> CropRow:
        """A line's cells read again. Raises ValueError where they are no such line: the image is a plain file name,
        people, frames and seconds count from 0 to `MOST`, and no other number goes further from 0."""
        if len(cells) != len(COLUMNS):
            raise ValueError(f"not {len(COLUMNS)} cells but {len(cells)}")
        image, person, video, frame, time, left, top, right, bottom, score, tracklet, doubt = cells
        if not is_plain_name(image):
            raise ValueError(f"{image!r} is no name of a file in images/")
        box = (float(left), float(top), float(right), float(bottom))
        row = cls(image, int(person), video, int(frame), float(time), box, float(score), int(tracklet), float(doubt))
        for name, number in {"person": row.person, "frame": row.frame, "time": row.time}.items():
            if not 0 <= number < math.inf:
                raise ValueError(f"{name} {number} is no number from 0 on")
            if number > MOST:
                raise ValueError(f"{name} {number} is beyond {MOST}")
        if not all(map(math.isfinite, box)):
            raise ValueError(f"the box {', '.join(map(str, box))} is not finite")
        for name, number in {"score": row.score, "tracklet": row.tracklet, "doubt": row.doubt}.items():
            if not abs(number) <= MOST:
                raise ValueError(f"the {name} {number} is no number from -{MOST} to {MOST}")
        if max(map(abs, box)) > MOST:
            raise ValueError(f"the box {', '.join(map(str, box))} is in no video's pixels")
        return row


def write_crop_table(path: Path, rows: Iterable[CropRow]) -> None:
    """Write the header and a line a row."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows(row.cells() for row in rows)


def read_crop_table(path: Path) -> list[CropRow]:
    """The rows, in the file's order. Raises DataError naming the line that cannot be read."""
    rows = []
    for number, row in read_lines(path):
        if not isinstance(row, CropRow):
            raise DataError(f"{path}, line {number}: {row}; write the table again.")
        rows.append(row)
    return rows


def crop_table_faults(path: Path, listed: Mapping[str, int]) -> list[str]:
    """A sentence for each fault of the table: lines that cannot be read, and rows at odds with `listed`, the person of
    each picture. Raises DataError where it is no table of crops."""
    faults: list[str] = []
    seen: set[str] = set()
    for number, row in read_lines(path):
        reason = str(row) if not isinstance(row, CropRow) else _contradiction(row, listed, seen)
        if reason:
            faults.append(f"line {number}: {reason}")
        if isinstance(row, CropRow):
            seen.add(row.image)
    if lacking := sorted(listed.keys() - seen):
        faults.append(f"no line for {len(lacking)} of the pictures, the first {lacking[0]}")
    return faults


def read_lines(path: Path) -> Iterator[tuple[int, CropRow | ValueError]]:
    """Number and row of each line below the header, or what is wrong with it.

    Raises DataError where it is no table of crops.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file)
            if tuple(next(lines, [])) != COLUMNS:
                raise DataError(f"{path} does not begin with {','.join(COLUMNS)}; it is no table of crops.")
            for cells in lines:
                yield lines.line_num, _row(cells)
    except OSError as error:
        raise DataError(f"Cannot read the table of crops {path} ({error.strerror}); check the path.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table of crops ({error}); write it again.") from error


def _row(cells: list[str]) -> CropRow | ValueError:
    try:
        return CropRow.of(cells)
    except ValueError as error:
        return error


def _contradiction(row: CropRow, listed: Mapping[str, int], seen: Collection[str]) -> str:
    """What is wrong with a row that can be read, nothing where all is well."""
    left, top, right, bottom = row.xyxy
    wrong = {
        f"{row.image} has a line already": row.image in seen,
        f"{row.image} is no picture of the data set": row.image not in listed,
        f"{row.image} shows person {listed.get(row.image)}, not {row.person}": row.person != listed.get(row.image),
        f"the box of {row.image} has no size": not (left < right and top < bottom),
    }
    return next((sentence for sentence, holds in wrong.items() if holds), "")
