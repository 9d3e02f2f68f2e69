"""What every reader of a data set shares: its options, the pictures of a folder, a split by person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .crops import Crop, DataError, Split, hold_out_people, people, query_and_gallery

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


DANCE_FPS = 30.0


@dataclass(frozen=True)
class DataOptions:
    """Which data is read, and who is kept aside for evaluation."""

    layout: str = "auto"
    """market1501, dancereid, cuhk03, folders (one per person), or auto: recognised by what the folder holds."""
    kept_aside: int = 50
    """People kept aside for evaluation where the data has no query and gallery of its own."""
    split_seed: int = 0
    """Draws the people kept aside and their query crops."""
    split: Literal["clean", "published"] = "clean"
    """Which of DanceReID's splits: nobody in both training and test, or the published one, where five people are."""
    joints: int = 0
    """Which landmarks are read where there are several keypointsN.txt: those of so many joints; 0: the most."""
    tight: bool = False
    """Of crops widened around people's boxes look at the boxes alone, as the tracker does; crops.csv tells them."""
    also: tuple[Path, ...] = ()
    """Further data folders: everybody in them is trained on as well, nobody evaluated."""
    also_most: int = 0
    """So many crops of each of their people at most, spread over her time; 0: all of them."""


def images_in(folder: Path) -> list[Path]:
    """The pictures directly in a folder, by name."""
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in IMAGE_SUFFIXES)


def split_by_person(crops: list[Crop], count: int, options: DataOptions) -> Split:
    """Keep `count` people aside and make their crops query and gallery."""
    if len(people(crops)) < 2:
        raise DataError(
            f"All {len(crops)} crops under {crops[0].path.parent} show one person; at least two are needed."
        )
    train, aside = hold_out_people(crops, count, options.split_seed)
    return Split(train, *query_and_gallery(aside, options.split_seed))
