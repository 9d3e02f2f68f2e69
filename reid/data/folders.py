"""Any folder with one folder of pictures a person: the layout of data of one's own.

No citation, no standard split: train/, query/ and gallery/ where they are there, else validation people are drawn.
"""

from __future__ import annotations

import re
from pathlib import Path

from .crops import UNKNOWN_CAMERA, Crop, DataError, Split, people
from .landmarks import Landmarks, read_landmarks
from .reading import VIDEO_FPS, DataOptions, images_in, split_by_person, with_validation

MOST_DIGITS = 18
"""Of a frame number; longer ones, such as of a date with a fraction of a second, would not fit into 64 bits."""


def read_folders(root: Path, options: DataOptions) -> Split:
    """One folder a person, or train/, query/ and gallery/ with such folders in them."""
    parts = crops_of_folders(root, options)
    if len(parts) > 1:
        return with_validation(Split(*parts), options)
    return split_by_person(parts[0], min(options.validation_people, len(people(parts[0])) // 2), options)


def crops_of_folders(root: Path, options: DataOptions) -> list[list[Crop]]:
    """The crops of train/, query/ and gallery/ where these are there, else of the whole folder."""
    landmarks = read_landmarks(root, options.joints)
    parts = [root / name for name in ("train", "query", "gallery")]
    roots = parts if all(part.is_dir() for part in parts) else [root]
    names = sorted({path.name for part in roots for path in part.iterdir() if path.is_dir()})
    return [folder_crops(part, names, landmarks) for part in roots]


def every_folder_crop(root: Path, options: DataOptions) -> list[Crop]:
    """The crops of all people, whichever part they are in."""
    return [crop for part in crops_of_folders(root, options) for crop in part]


def folder_crops(root: Path, names: list[str], landmarks: Landmarks) -> list[Crop]:
    """A crop's person is its folder's index in `names`."""
    crops = [
        Crop(path, person, UNKNOWN_CAMERA, root.name, frame, frame / VIDEO_FPS, landmarks.of(path))
        for person, name in enumerate(names)
        for index, path in enumerate(images_in(root / name))
        for frame in [frame_of(path, index)]
    ]
    if not crops:
        raise DataError(f"No pictures in folders of people under {root}; looked for {root}/PERSON/*.jpg or .png.")
    return crops


def frame_of(path: Path, index: int) -> int:
    """The last number in a picture's name; `index`, its place among the person's, where that is none of a frame."""
    digits = (re.findall(r"\d+", path.stem) or [""])[-1]
    return int(digits) if 0 < len(digits) <= MOST_DIGITS else index
