"""Data sets of people: each known layout on disk is read into `Crop` records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from .crops import Crop, DataError, Split, spread_over_time
from .cuhk03 import cuhk03_crops, is_cuhk03, read_cuhk03
from .dancereid import dance_crops, read_dancereid
from .folders import every_folder_crop, read_folders
from .joint_layouts import JOINT_LAYOUTS, as_coco
from .landmarks import require_landmarks
from .market1501 import every_market_crop, is_market1501, read_market1501
from .reading import DataOptions, images_in

__all__ = ["DANCEREID", "LAYOUTS", "Crop", "DataError", "DataOptions", "Split", "every_crop", "layout_of", "read_split"]


def read_split(root: Path, options: DataOptions) -> Split:
    """Read `root` in its layout, and further people to train on. Raises DataError naming what was looked for where."""
    most = options.also_max_crops
    if min(most) < 0:
        raise DataError(f"--also-max-crops {min(most)} is no number of crops; give one from 1 on, or 0 for all.")
    if len(most) > 1 and len(most) != len(options.also):
        raise DataError(
            f"--also-max-crops has {len(most)} numbers, --also names {len(options.also)}; "
            "give one number for all, or one for each folder."
        )
    if len({further.resolve() for further in options.also}) < len(options.also):
        raise DataError("--also names a folder twice, which would make two people of each in it; name it once.")
    if root.resolve() in {further.resolve() for further in options.also}:
        raise DataError(f"--also names {root}, the data itself: all its people would be trained on; leave it out.")
    for folder in (root, *options.also):
        require_landmarks(folder, options.joints)
    split = LAYOUTS[layout_of(root, options)].read(root, options)
    crops = [*split.train, *split.query, *split.gallery]
    if not crops:
        raise DataError(f"No crop in {root} belongs to a part of its split; check that they name the same people.")
    first = 1 + max(crop.person for crop in crops)
    train = list(split.train)
    counts = most if len(most) > 1 else most * len(options.also)
    for further, count in zip(options.also, counts, strict=True):
        joining = spread_over_time(every_crop(further, replace(options, layout="auto")), count)
        train += [replace(crop, person=first + crop.person, video=f"{further.name}/{crop.video}") for crop in joining]
        first = 1 + max(crop.person for crop in train)
    return replace(split, train=with_common_joints(train))


def with_common_joints(crops: list[Crop]) -> list[Crop]:
    """The crops, all landmarks in COCO's layout where the data sets have different ones."""
    found = {len(crop.keypoints) for crop in crops if crop.keypoints is not None}
    if len(found) < 2 or not found <= set(JOINT_LAYOUTS):  # unknown ones are reported where landmarks are needed
        return crops
    return [crop if crop.keypoints is None else replace(crop, keypoints=as_coco(crop.keypoints)) for crop in crops]


def every_crop(root: Path, options: DataOptions) -> list[Crop]:
    """The crops, by path, those in no part of a split too. Raises DataError where there are none."""
    return sorted(LAYOUTS[layout_of(root, options)].crops(root, options), key=lambda crop: crop.path)


def layout_of(root: Path, options: DataOptions) -> str:
    """The layout that was chosen or recognised. Raises DataError where there is no such folder or layout."""
    if not root.is_dir():
        raise DataError(f"There is no data folder {root}; check the path.")
    if options.layout == "auto":
        return recognise(root)
    if options.layout not in LAYOUTS:
        raise DataError(f"There is no layout {options.layout!r}; choose one of {', '.join(LAYOUTS)} or auto.")
    layout = LAYOUTS[options.layout]
    if not layout.marks(root):
        raise DataError(
            f"{root} has not the layout {options.layout}: it lacks {layout.looks_like}; leave --layout out."
        )
    return options.layout


def recognise(root: Path) -> str:
    """The name of the layout whose marks stand in the folder."""
    for name, layout in LAYOUTS.items():
        if layout.marks(root):
            return name
    looked_for = "; ".join(f"{layout.looks_like} ({name})" for name, layout in LAYOUTS.items())
    images = len(images_in(root))
    unlabelled = f", and images ({images}) that nothing says who they show" if images else ""
    raise DataError(f"No known layout under {root}: looked for {looked_for}; found none of them{unlabelled}.")


@dataclass(frozen=True)
class Layout:
    """How a layout is recognised, described to the user, and read."""

    marks: Callable[[Path], bool]
    looks_like: str
    read: Callable[[Path, DataOptions], Split]
    crops: Callable[[Path, DataOptions], list[Crop]]
    """Every crop, whichever part it is in, or in none."""


DANCEREID = "dancereid"
LAYOUTS = {
    "market1501": Layout(
        is_market1501, "bounding_box_train/, or query/ and bounding_box_test/", read_market1501, every_market_crop
    ),
    DANCEREID: Layout(
        lambda root: (root / "meta.json").is_file(), "meta.json and images/", read_dancereid, dance_crops
    ),
    "cuhk03": Layout(is_cuhk03, "images_labeled/", read_cuhk03, cuhk03_crops),
    # the last one tried: it takes any folder with pictures, so a new layout goes above it
    "folders": Layout(
        lambda root: any(images_in(path) for path in root.rglob("*") if path.is_dir()),
        "PERSON/*.jpg",
        read_folders,
        every_folder_crop,
    ),
}
