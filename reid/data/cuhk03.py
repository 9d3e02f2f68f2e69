"""CUHK03 (Li et al., CVPR 2014): 1,467 people, two cameras a person."""

from __future__ import annotations

import re
from pathlib import Path

from .crops import Crop, DataError, Split, people
from .landmarks import read_landmarks
from .reading import DataOptions, images_in, split_by_person

CUHK03_NAME = re.compile(r"(\d+)_(\d+)_(\d)_\d+")


CUHK03_TEST_PEOPLE = 100


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


CUHK03_FOLDERS = ("images_labeled", "images_detected", "labeled", "detected")
