"""Data sets of people: each known layout on disk is read into `Crop` records."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from .crop_table import CROP_TABLE, CropRow, read_crop_table
from .crops import (
    UNKNOWN_CAMERA,
    WHOLE,
    Crop,
    DataError,
    Split,
    hold_out_people,
    people,
    query_and_gallery,
    spread_out,
)
from .dancereid_tables import PARTS, read_chosen_split, read_identities, read_pose, read_videos
from .landmarks import Landmarks, read_landmarks

__all__ = ["LAYOUTS", "Crop", "DataError", "DataOptions", "Split", "every_crop", "layout_of", "read_split"]

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
MARKET_NAME = re.compile(r"(-?\d+)_c(\d+)s(\d+)_(\d+)_\d+")
MARKET_FOLDERS = ("bounding_box_train", "query", "bounding_box_test")
MARKET_FPS = 25.0
DANCE_FPS = 30.0
CUHK03_NAME = re.compile(r"(\d+)_(\d+)_(\d)_\d+")
CUHK03_TEST_PEOPLE = 100


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


def read_split(root: Path, options: DataOptions) -> Split:
    """Read `root` in its layout, and further people to train on. Raises DataError naming what was looked for where."""
    if options.also_most < 0:
        raise DataError(f"--also-most {options.also_most} is no number of crops; give one from 1 on, or 0 for all.")
    if len({further.resolve() for further in options.also}) < len(options.also):
        raise DataError("--also names a folder twice, which would make two people of each in it; name it once.")
    split = LAYOUTS[layout_of(root, options)].read(root, options)
    crops = [*split.train, *split.query, *split.gallery]
    first = 1 + max(crop.person for crop in crops)
    train = list(split.train)
    for further in options.also:
        joining = spread_out(every_crop(further, replace(options, layout="auto")), options.also_most)
        train += [replace(crop, person=first + crop.person, video=f"{further.name}/{crop.video}") for crop in joining]
        first = 1 + max(crop.person for crop in train)
    return replace(split, train=train)


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
    return options.layout


def recognise(root: Path) -> str:
    """The name of the layout whose marks stand in the folder."""
    for name, layout in LAYOUTS.items():
        if layout.marks(root):
            return name
    looked_for = "; ".join(f"{layout.looks_like} ({name})" for name, layout in LAYOUTS.items())
    images = len(images_in(root))
    unlabelled = f", and {images} images that nothing says who they show" if images else ""
    raise DataError(f"No known layout under {root}: looked for {looked_for}; found none of them{unlabelled}.")


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


def read_market1501(root: Path, options: DataOptions) -> Split:
    """Market-1501: bounding_box_train, query and bounding_box_test where there are any, keypointsN.txt if given."""
    landmarks = read_landmarks(root, options.joints)
    if all((root / name).is_dir() for name in MARKET_FOLDERS):
        return Split(*(market_crops(root / name, landmarks) for name in MARKET_FOLDERS))
    return split_by_person(market_crops(root / MARKET_FOLDERS[0], landmarks), options.kept_aside, options)


def every_market_crop(root: Path, options: DataOptions) -> list[Crop]:
    """The crops of those folders that are there."""
    landmarks = read_landmarks(root, options.joints)
    folders = [root / name for name in MARKET_FOLDERS if (root / name).is_dir()]
    return [crop for folder in folders for crop in market_crops(folder, landmarks)]


def market_crops(folder: Path, landmarks: Landmarks) -> list[Crop]:
    """The crops of one folder; -1 (junk by the data set's own word) is left out, 0 (a distractor) is kept."""
    images = images_in(folder)
    matches = [(path, MARKET_NAME.match(path.name)) for path in images]
    crops = [
        Crop(
            path,
            person=int(match[1]),
            camera=int(match[2]),
            video=f"c{match[2]}s{match[3]}",
            frame=int(match[4]),
            time=int(match[4]) / MARKET_FPS,
            keypoints=landmarks.of(path),
        )
        for path, match in matches
        if match and int(match[1]) >= 0
    ]
    if not crops:
        raise DataError(f"No pictures named like 0002_c1s1_000451_03.jpg in {folder} ({len(images)} pictures there).")
    return crops


def read_dancereid(root: Path, options: DataOptions) -> Split:
    """DanceReID: images/, poses/, meta.json, splits.json (the reference code wrote split.json), video.json."""
    crops, split = dance_crops(root, options), read_chosen_split(root, options.split)
    chosen = {part: set(split[part]) for part in PARTS}
    return Split(
        *([crop for crop in crops if crop.person in chosen[part] or crop.path.name in chosen[part]] for part in PARTS)
    )


def dance_crops(root: Path, options: DataOptions) -> list[Crop]:
    """Everybody's crops, whichever part of a split holds them."""
    identities, videos, rows = read_identities(root), read_videos(root), crop_rows(root)
    if options.tight and not rows:
        raise DataError(f"{root} has no {CROP_TABLE}, which would tell people's boxes; leave --tight out.")
    crops = [
        dance_crop(root, name, person, videos.get(person, ""), rows.get(name))
        for person, names in enumerate(identities)
        for name in names
    ]
    return crops if options.tight else [replace(crop, inside=WHOLE) for crop in crops]


def crop_rows(root: Path) -> dict[str, CropRow]:
    """Picture -> what the data set's table tells of it; empty where it has no table."""
    table = root / CROP_TABLE
    return {row.image: row for row in read_crop_table(table)} if table.is_file() else {}


def dance_crop(root: Path, name: str, person: int, video: str, row: CropRow | None) -> Crop:
    """The record of PPPP_FFFFFF.jpg with its pose, if there is one."""
    frame = int(Path(name).stem.split("_")[-1])
    keypoints = read_pose(root / "poses" / Path(name).with_suffix(".txt"))
    time = row.time if row else frame / DANCE_FPS
    crop = Crop(root / "images" / name, person, UNKNOWN_CAMERA, video, frame, time, keypoints)
    return replace(crop, inside=row.inside) if row else crop


def read_cuhk03(root: Path, options: DataOptions) -> Split:
    """CUHK03 classic: 100 people are kept aside (seeded)."""
    crops = cuhk03_crops(root, options)
    return split_by_person(crops, min(CUHK03_TEST_PEOPLE, len(people(crops)) // 2), options)


def cuhk03_crops(root: Path, options: DataOptions) -> list[Crop]:
    """Pictures PAIR_PERSON_VIEW_NN.png of both views, from the first of the known folders."""
    folder = next(folder for name in CUHK03_FOLDERS if (folder := root / name).is_dir())
    landmarks = read_landmarks(root, options.joints)
    matches = [(path, CUHK03_NAME.match(path.name)) for path in images_in(folder)]
    crops = [
        Crop(
            path,
            person=int(match[1]) * 10_000 + int(match[2]),
            camera=int(match[3]),
            video=f"pair{match[1]}",
            frame=0,
            time=0.0,
            keypoints=landmarks.of(path),
        )
        for path, match in matches
        if match
    ]
    if not crops:
        raise DataError(f"No pictures named like 1_001_1_01.png in {folder}.")
    return crops


def read_folders(root: Path, options: DataOptions) -> Split:
    """One folder a person, or train/, query/ and gallery/ with such folders in them."""
    parts = crops_of_folders(root, options)
    if len(parts) > 1:
        return Split(*parts)
    return split_by_person(parts[0], min(options.kept_aside, len(people(parts[0])) // 2), options)


def crops_of_folders(root: Path, options: DataOptions) -> list[list[Crop]]:
    """The crops of train/, query/ and gallery/ where there are these, or of the whole."""
    landmarks = read_landmarks(root, options.joints)
    parts = [root / name for name in ("train", "query", "gallery")]
    roots = parts if all(part.is_dir() for part in parts) else [root]
    names = sorted({path.name for part in roots for path in part.iterdir() if path.is_dir()})
    return [folder_crops(part, names, landmarks) for part in roots]


def every_folder_crop(root: Path, options: DataOptions) -> list[Crop]:
    """The crops of all people, whichever part they are in."""
    return [crop for part in crops_of_folders(root, options) for crop in part]


def folder_crops(root: Path, names: list[str], landmarks: Landmarks) -> list[Crop]:
    """A crop's person is its folder's place among `names`, its frame the last number in its own name."""
    crops = [
        Crop(path, person, UNKNOWN_CAMERA, root.name, frame, frame / DANCE_FPS, landmarks.of(path))
        for person, name in enumerate(names)
        for index, path in enumerate(images_in(root / name))
        for frame in [int((re.findall(r"\d+", path.stem) or [index])[-1])]
    ]
    if not crops:
        raise DataError(f"No pictures in folders of people under {root}; looked for {root}/PERSON/*.jpg or .png.")
    return crops


@dataclass(frozen=True)
class Layout:
    """How a layout is recognised, described to the user, and read."""

    marks: Callable[[Path], bool]
    looks_like: str
    read: Callable[[Path, DataOptions], Split]
    crops: Callable[[Path, DataOptions], list[Crop]]
    """Every crop, whichever part it is in, or in none."""


CUHK03_FOLDERS = ("images_labeled", "images_detected", "labeled", "detected")
LAYOUTS = {
    "market1501": Layout(
        lambda root: (root / "bounding_box_train").is_dir(), "bounding_box_train/", read_market1501, every_market_crop
    ),
    "dancereid": Layout(
        lambda root: (root / "meta.json").is_file(), "meta.json and images/", read_dancereid, dance_crops
    ),
    "cuhk03": Layout(
        lambda root: any((root / name).is_dir() for name in CUHK03_FOLDERS),
        "images_labeled/",
        read_cuhk03,
        cuhk03_crops,
    ),
    # the last one tried: it takes any folder with pictures, so a new layout goes above it
    "folders": Layout(
        lambda root: any(images_in(path) for path in root.rglob("*") if path.is_dir()),
        "PERSON/*.jpg",
        read_folders,
        every_folder_crop,
    ),
}
