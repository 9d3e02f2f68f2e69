"""DanceReID, and the layout of all data sets that `followspot dataset` makes; JSON files are checked as they are read.

Ho, Shim, Wee: "Learning from Dances: Pose-Invariant Re-Identification for Multi-Person Tracking", ICASSP 2020.
https://github.com/azuxmioy/DanceReID

100 people, 21 videos, 62,598 crops with 17 joints, no cameras (a crop's frame stands for one). Published split:
training 71 people, 41,242 crops of 15 videos; test 29 people, 21,356 crops of 6 videos, each query and gallery; five
people are in both. `reid/dancereid/` makes the data set, and a split without these five.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .crop_table import CROP_TABLE, CropRow, crop_table_faults, read_crop_table
from .crops import UNKNOWN_CAMERA, WHOLE, Crop, DataError, Split
from .reading import VIDEO_FPS, DataOptions, with_validation

PARTS = ("trainval", "query", "gallery")
LONGEST_NAME = 60
"""Of a picture."""
MOST_DIGITS = 12
"""Of a frame number in a picture's name."""


def read_identities(root: Path) -> list[list[str]]:
    """Each person's pictures, from meta.json. Raises DataError where it lists none."""
    path, meta = read_json(root, "meta.json")
    listed = meta.get("identities") if isinstance(meta, dict) else None
    if not isinstance(listed, list):
        raise DataError(f"{path} has no list under 'identities', where each person's pictures should be listed.")
    try:
        identities = [list(names_in(path, files)) for files in listed]
    except RecursionError as error:
        raise DataError(f"{path} nests its lists of pictures too deep; write it again.") from error
    if not any(identities):
        raise DataError(f"{path} lists no pictures under 'identities'.")
    return identities


def names_in(path: Path, files: Any) -> Iterator[str]:
    """File names out of lists nested to any depth. Raises DataError for anything else, paths out of images/ too."""
    if isinstance(files, list):
        for item in files:
            yield from names_in(path, item)
    elif isinstance(files, str) and is_picture_name(files):
        yield files
    else:
        raise DataError(f"{path} lists {files!r}, which is no picture's name like 0003_000451.jpg; write it again.")


def is_picture_name(name: str) -> bool:
    """Whether this is a plain name that ends in a frame number, of no more digits than any video needs."""
    digits = Path(name).stem.split("_")[-1]
    plain = Path(name).name == name and name.isprintable() and len(name) <= LONGEST_NAME
    return plain and digits.isdecimal() and len(digits) <= MOST_DIGITS


def frame_of(name: str) -> int:
    """The frame number in a picture's name."""
    return int(Path(name).stem.split("_")[-1])


def read_videos(root: Path) -> dict[int, str]:
    """Person -> video, from video.json."""
    path, videos = read_json(root, "video.json")
    if not isinstance(videos, dict) or not all(isinstance(people, list) for people in videos.values()):
        raise DataError(f"{path} should be a list of people's numbers for each video; write it again.")
    return {person: str(video) for video, people in videos.items() for person in people if isinstance(person, int)}


def read_chosen_split(root: Path, name: str) -> dict[str, list[int | str]]:
    """The split of this name; the first one where they have no names, as the reference code writes it.

    Its three parts list people's numbers or pictures' names. Raises DataError where they do not.
    """
    path, content = read_json(root, "splits.json", "split.json")
    splits = content if isinstance(content, list) else [content]
    if not splits or not all(isinstance(split, dict) for split in splits):
        raise DataError(f"{path} holds no split, a table with the lists {', '.join(PARTS)}; write it again.")
    named = {str(split["name"]): split for split in splits if "name" in split}
    if named and name not in named:
        raise DataError(f"The data in {root} has no {name} split; give --split {' or '.join(map(str, named))}.")
    chosen: dict[str, list[int | str]] = named[name] if named else splits[0]
    wrong = [part for part in PARTS if not is_part(chosen.get(part))]
    if wrong:
        raise DataError(
            f"{path} has no list of people's numbers or pictures' names under {' and '.join(map(repr, wrong))}; "
            f"a split needs {', '.join(PARTS)}."
        )
    return chosen


def is_part(entries: Any) -> bool:
    """Whether these are people's numbers or pictures' names."""
    return isinstance(entries, list) and all(isinstance(entry, int | str) for entry in entries)


def read_pose(path: Path) -> np.ndarray | None:
    """Keypoints (P, 2) float32 of a file with a line "x y" a joint; None where there is none. Raises DataError."""
    if not path.is_file():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an empty file, which is reported below
            x, y = np.loadtxt(path, dtype=np.float32, ndmin=2).T
    except ValueError as error:
        raise DataError(f"{path} is no pose: it should have a line 'x y' for each joint; write it again.") from error
    return np.stack([x, y], axis=1)


def read_json(root: Path, *names: str) -> tuple[Path, Any]:
    """The first of the files that exists, and its content. Raises DataError where none does or it is not JSON."""
    for path in (root / name for name in names):
        if path.is_file():
            try:
                return path, json.loads(path.read_text(encoding="utf-8"))
            except OSError as error:
                raise DataError(f"Cannot read {path} ({error.strerror}); check the path.") from error
            except (ValueError, RecursionError) as error:  # no JSON, no text, or nested too deep
                raise DataError(f"{path} is not valid JSON ({error}); write it again.") from error
    raise DataError(f"There is no {' or '.join(names)} in {root}, which DanceReID's layout needs.")


def read_dancereid(root: Path, options: DataOptions) -> Split:
    """DanceReID: images/, poses/, meta.json, splits.json (the reference code wrote split.json), video.json."""
    crops, split = dance_crops(root, options), read_chosen_split(root, options.split)
    chosen = {part: set(split[part]) for part in PARTS}
    parts = (
        [crop for crop in crops if crop.person in chosen[part] or crop.path.name in chosen[part]] for part in PARTS
    )
    return with_validation(Split(*parts), options)


def dance_crops(root: Path, options: DataOptions) -> list[Crop]:
    """All crops, in whichever part of a split they are."""
    identities, videos, table = read_identities(root), read_videos(root), root / CROP_TABLE
    rows = {row.image: row for row in read_crop_table(table)} if table.is_file() else {}
    if options.tight and not rows:
        raise DataError(f"{root} has no {CROP_TABLE}, which would hold people's boxes; leave --tight out.")
    return [
        dance_crop(root, name, person, videos.get(person, ""), rows.get(name), options.tight)
        for person, names in enumerate(identities)
        for name in names
    ]


def table_faults(root: Path) -> list[str]:
    """A sentence for each fault of crops.csv; none where there is no such file. Raises DataError."""
    if not (root / CROP_TABLE).is_file():
        return []
    listed = {name: person for person, names in enumerate(read_identities(root)) for name in names}
    return crop_table_faults(root / CROP_TABLE, listed)


def dance_crop(root: Path, name: str, person: int, video: str, row: CropRow | None, tight: bool) -> Crop:
    """The record of PPPP_FFFFFF.jpg with its pose, if there is one."""
    frame = frame_of(name)
    keypoints = read_pose(root / "poses" / Path(name).with_suffix(".txt"))
    time, inside = (row.time, row.inside) if row else (frame / VIDEO_FPS, WHOLE)
    inside = inside if tight else WHOLE
    return Crop(root / "images" / name, person, UNKNOWN_CAMERA, video, frame, time, keypoints, inside)
