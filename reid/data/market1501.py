"""Market-1501 (Zheng et al., ICCV 2015): 1,501 people, six cameras, 32,668 crops of 128x64."""

from __future__ import annotations

import re
from pathlib import Path

from .crops import Crop, DataError, Split
from .landmarks import Landmarks, read_landmarks
from .reading import DataOptions, images_in, split_by_person

MARKET_NAME = re.compile(r"(-?\d+)_c(\d+)s(\d+)_(\d+)_\d+")


MARKET_FOLDERS = ("bounding_box_train", "query", "bounding_box_test")


MARKET_FPS = 25.0


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
