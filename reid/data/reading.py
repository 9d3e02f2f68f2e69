"""Common parts of the data set readers: options, the pictures of a folder, a split by person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .crops import Crop, DataError, Split, people, query_and_gallery, split_off_people
from .option_ranges import require_range

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
VIDEO_FPS = 30.0
"""Frame rate that is assumed where a data set gives frames and no times."""


@dataclass(frozen=True)
class DataOptions:
    """Which data is read, and which people are validation people."""

    layout: str = "auto"
    """market1501, dancereid, cuhk03, folders (one per person), or auto: recognised by what the folder holds."""
    validation_people: int = 50
    """Number of people for validation instead of training, where the data has no query and gallery of its own."""
    validation: Literal["test", "training"] = "test"
    """Who scores the epochs where the data has a query and gallery of its own: these test people, or
    --validation-people of the training people, so that the test people decide nothing."""
    split_seed: int = 0
    """Seed of the draw of validation people and their query crops."""
    split: Literal["clean", "published"] = "clean"
    """Split of DanceReID: clean, or published (five people are in both training and test)."""
    joints: int = 0
    """Number of joints of the keypointsN.txt file to read, where there are several; 0: the largest."""
    tight: bool = False
    """Read only the person's box of a widened crop, as the tracker cuts it; crops.csv holds the boxes."""
    also: tuple[Path, ...] = ()
    """Further data folders: all their people are trained on as well, none is evaluated."""
    also_max_crops: tuple[int, ...] = (0,)
    """Most crops of each person of --also, spread over time; 0: all. One number, or one a folder."""

    def __post_init__(self) -> None:
        require_range("validation_people", self.validation_people, 0)
        require_range("split_seed", self.split_seed, 0)


def images_in(folder: Path) -> list[Path]:
    """The pictures directly in a folder, by name."""
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in IMAGE_SUFFIXES)


def split_by_person(crops: list[Crop], count: int, options: DataOptions) -> Split:
    """Make `count` people validation people, their crops query and gallery."""
    if len(people(crops)) < 2:
        raise DataError(
            f"The crops under {crops[0].path.parent} ({len(crops)}) show one person; at least two people are needed."
        )
    train, validation = split_off_people(crops, count, options.split_seed)
    return Split(train, *query_and_gallery(validation, options.split_seed))


def with_validation(split: Split, options: DataOptions) -> Split:
    """The data's own split, or with `--validation training` its training people alone, some of them for validation."""
    if options.validation == "test":
        return split
    return split_by_person(split.train, options.validation_people, options)
