"""A MOTChallenge sequence folder: `seqinfo.ini` and, where they were kept, its pictures."""

from __future__ import annotations

import configparser
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ..types import InputError

SEQINFO = "seqinfo.ini"
LONGEST = 10_000_000
"""Frames of a sequence at most, four days of video."""
LONGEST_NAME = 200
"""Bytes of a name; file systems take 255, and endings are added."""
LARGEST = 100_000
"""Pixels of its width and height at most."""


@dataclass(frozen=True, slots=True)
class SequenceInfo:
    """What `seqinfo.ini` says. `image_folder` and `frame_rate` are its imDir and frameRate; sizes are in pixels."""

    name: str
    image_folder: str
    frame_rate: float
    length: int
    width: int
    height: int


def seqinfo_text(info: SequenceInfo, ending: str = ".jpg") -> str:
    """The content of a `seqinfo.ini`; `ending` is that of the pictures' names."""
    return (
        f"[Sequence]\nname={info.name}\nimDir={info.image_folder}\nframeRate={info.frame_rate:g}\n"
        f"seqLength={info.length}\nimWidth={info.width}\nimHeight={info.height}\nimExt={ending}\n"
    )


def read_seqinfo(folder: Path) -> SequenceInfo:
    """Reads the folder's `seqinfo.ini`. Raises InputError where it is no such file or lacks a number it needs."""
    path = folder / SEQINFO
    parser = configparser.ConfigParser(interpolation=None)  # a name may have a per cent sign
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
        section = parser["Sequence"]
        info = SequenceInfo(
            name=section.get("name", folder.name),
            image_folder=section.get("imDir", "img1"),
            frame_rate=section.getfloat("frameRate", 30.0),
            length=int(section["seqLength"]),
            width=int(section["imWidth"]),
            height=int(section["imHeight"]),
        )
    except KeyError as missing:
        raise InputError(f"{path} lacks {missing.args[0]}; see the MOTChallenge format") from None
    except (OSError, ValueError, configparser.Error) as error:
        raise InputError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    if min(info.frame_rate, info.length, info.width, info.height) <= 0:
        raise InputError(f"{path} has a frame rate, length or size that is not above 0")
    if info.length > LONGEST or max(info.width, info.height) > LARGEST or not info.frame_rate < math.inf:
        raise InputError(f"{path} has a frame rate, length or size that no video has")
    if info.name in ("", ".", "..") or Path(info.name).name != info.name or not _fits(info.name):
        raise InputError(f"{path} has the name {info.name[:60]!r}, which is no name of a folder")
    if not _fits(info.image_folder):
        raise InputError(f"{path} has the imDir {info.image_folder[:60]!r}, which is no folder")
    return info


def picture_frames(files: Sequence[Path], length: int) -> list[int]:
    """The frame, from 0, of each picture of a sequence of `length` frames, given in order.

    The n-th picture is frame n where all are there; else the number that ends its name counts.
    """
    numbers = [int(found[0]) for file in files if (found := re.search(r"[0-9]+$", file.stem))]
    in_order = list(range(len(files)))
    rising = len(numbers) == len(files) and all(a < b for a, b in pairwise(numbers))
    if len(files) == length or not rising or numbers[-1] > LONGEST:
        return in_order
    begins_anywhere = numbers[-1] - numbers[0] + 1 == length  # such as the second half of a sequence that was cut
    first = numbers[0] if begins_anywhere else min(numbers[0], 1)
    return [number - first for number in numbers]


def _fits(path: str) -> bool:
    """Whether a file system can hold such a path."""
    return path.isprintable() and len(path.encode()) <= LONGEST_NAME
