"""CUHK03.

Li, Zhao, Xiao, Wang: "DeepReID: Deep Filter Pairing Neural Network for Person Re-Identification", CVPR 2014.
https://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html

1,467 people (1,360 in the paper), five pairs of cameras, a pair a person; 14,096 crops from boxes drawn by hand,
14,097 detected ones. Classic protocol: 100 test people drawn at random, repeated 20 times; here drawn once, seeded.
"""

from __future__ import annotations

import re
from pathlib import Path

from .crops import Crop, DataError, Split, people
from .landmarks import read_landmarks
from .reading import DataOptions, images_in, split_by_person

NAME = re.compile(r"(\d+)_(\d+)_(\d)_\d+")
FOLDERS = ("images_labeled", "images_detected", "labeled", "detected")
TEST_PEOPLE = 100


def is_cuhk03(root: Path) -> bool:
    """Whether a folder holds one of the known folders of pictures."""
    return any((root / name).is_dir() for name in FOLDERS)


def read_cuhk03(root: Path, options: DataOptions) -> Split:
    """The classic protocol; with few people half of them are test people."""
    crops = cuhk03_crops(root, options)
    return split_by_person(crops, min(TEST_PEOPLE, len(people(crops)) // 2), options)


def cuhk03_crops(root: Path, options: DataOptions) -> list[Crop]:
    """Pictures PAIR_PERSON_VIEW_NN.png of both views, from the first of the known folders."""
    folder = next(folder for name in FOLDERS if (folder := root / name).is_dir())
    landmarks = read_landmarks(root, options.joints)
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
        for path in images_in(folder)
        if (match := NAME.match(path.name))
    ]
    if not crops:
        raise DataError(f"No pictures named like 1_001_1_01.png in {folder}.")
    return crops
