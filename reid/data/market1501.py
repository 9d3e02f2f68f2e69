"""Market-1501.

Zheng, Shen, Tian, Wang, Wang, Tian: "Scalable Person Re-identification: A Benchmark", ICCV 2015.
https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html

1,501 people, six cameras, 32,668 crops of 64 x 128 pixels. Standard split: training 751 people, 12,936 crops; test 750
people, 3,368 queries and 19,732 gallery crops (distractors and junk among them).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from .crops import NOBODY, Crop, DataError, Split, people, without_distractors
from .landmarks import Landmarks, read_landmarks
from .reading import DataOptions, images_in, split_by_person, with_validation

NAME = re.compile(r"(-?\d+)_c(\d+)s(\d+)_(\d+)_\d+")
TRAIN, QUERY, GALLERY = "bounding_box_train", "query", "bounding_box_test"
FPS = 25.0


def is_market1501(root: Path) -> bool:
    """Whether a folder has the part to train on, or the two to evaluate on."""
    return (root / TRAIN).is_dir() or has_test(root)


def has_test(root: Path) -> bool:
    """Whether a folder has query and gallery."""
    return (root / QUERY).is_dir() and (root / GALLERY).is_dir()


def read_market1501(root: Path, options: DataOptions) -> Split:
    """bounding_box_train, query and bounding_box_test, the first or the others may be missing; keypointsN.txt if given.

    Without query and gallery some of the training people are validation people.
    """
    parts = market_parts(root, options)
    if not has_test(root):
        return split_by_person(parts[TRAIN], options.validation_people, options)
    return with_validation(Split(parts.get(TRAIN, []), parts[QUERY], parts[GALLERY]), options)


def every_market_crop(root: Path, options: DataOptions) -> list[Crop]:
    """The people's crops in those folders that are there."""
    return without_distractors(crop for part in market_parts(root, options).values() for crop in part)


def market_parts(root: Path, options: DataOptions) -> dict[str, list[Crop]]:
    """The crops of each of the three folders that is there; a gallery's person 0 is a distractor."""
    landmarks = read_landmarks(root, options.joints)
    names = [name for name in (TRAIN, QUERY, GALLERY) if (root / name).is_dir()]
    parts = {name: market_crops(root / name, landmarks) for name in names}
    if 0 not in people(parts.get(QUERY, [])) and GALLERY in parts:  # data of one's own may number people from 0
        parts[GALLERY] = [crop if crop.person else replace(crop, person=NOBODY) for crop in parts[GALLERY]]
    return parts


def market_crops(folder: Path, landmarks: Landmarks) -> list[Crop]:
    """The crops of one folder; person -1 (junk, by the data set's own word) is left out."""
    images = images_in(folder)
    crops = [
        Crop(
            path,
            person=int(match[1]),
            camera=int(match[2]),
            video=f"c{match[2]}s{match[3]}",
            frame=int(match[4]),
            time=int(match[4]) / FPS,
            keypoints=landmarks.of(path),
        )
        for path in images
        if (match := NAME.match(path.name)) and int(match[1]) >= 0
    ]
    if not crops:
        raise DataError(f"No picture of {len(images)} in {folder} is named like 0002_c1s1_000451_03.jpg.")
    return crops
