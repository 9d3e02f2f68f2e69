"""Pictures with boxes of the people in them, from every source of training data of the person detector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from tracker.boxes import area, cxcywh_to_xyxy, xywh_to_xyxy, xyxy_to_cxcywh
from tracker.results.mot_files import BOX, FRAME, SCORE, read_table
from tracker.types import InputError
from tracker.video.source import Source

from ..renderer import Scene, StageOptions
from ..scoring.sequences import find_pictures, find_sequences

TRAIN, VALIDATION = "train", "val"
"""Folders of the two halves of the data, as Ultralytics calls them."""
VALIDATION_EVERY = 5
"""Every fifth of single pictures is for validation; of a video its last fifth: no neighbour is trained on."""
FARTHEST = 1e4
"""Class numbers and shares of a picture go no further."""
VISIBLE = 0.3
"""Share of a person that must be seen for their box in a MOT truth to count; annotators guess the rest."""


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """`image` (H, W, 3) uint8 BGR and its people's `xyxy` (N, 4) pixels; `part` names the source it is scored under."""

    part: str
    name: str
    image: np.ndarray
    xyxy: np.ndarray
    validation: bool


def yolo_folder(folder: Path) -> Iterator[LabelledPicture]:
    """Single pictures: `images/NAME.jpg` with `labels/NAME.txt` of `class x y w h` lines, as shares of the picture.

    They are scored under the folder's name.
    """
    folder = folder.resolve()
    images = sorted((folder / "images").glob("*.jpg"))
    if not images:
        raise InputError(f"no pictures in {folder / 'images'}")
    for index, path in enumerate(images):
        image = read_picture(path)
        boxes = read_labels(folder / "labels" / f"{path.stem}.txt", image)
        yield LabelledPicture(folder.name, path.stem, image, boxes, index % VALIDATION_EVERY == 0)


def mot_sequence(folder: Path, every: int) -> Iterator[LabelledPicture]:
    """Each `every`-th frame of a MOTChallenge sequence (see `find_pictures`) with the people in sight."""
    for sequence in find_sequences(folder):
        pictures = find_pictures(sequence)
        if pictures is None:
            raise InputError(f"{folder} has truth but no pictures: put them into its img1/, or their video beside it")
        truth = read_table(sequence.truth)
        length = int(truth[:, FRAME].max())
        with replace(sequence, pictures=pictures).open() as source:
            for index, image in numbered_pictures(source):
                if index % every:
                    continue
                rows = truth[(truth[:, FRAME] == index + 1) & (truth[:, SCORE] > 0) & (truth[:, 8] >= VISIBLE)]
                boxes = inside(xywh_to_xyxy(rows[:, BOX]), image)
                yield LabelledPicture("walkers", f"{sequence.name}-{index:05d}", image, boxes, late(index, length))


def numbered_pictures(source: Source) -> Iterator[tuple[int, np.ndarray]]:
    """(0-based index, picture (H, W, 3) uint8 BGR) of each frame that has one."""
    return ((frame.index, frame.image) for frame in source if frame.image is not None)


def stage_scenes(count: int, first_seed: int = 1000) -> Iterator[LabelledPicture]:
    """Six rendered frames, a second apart, of `count` scenes of 2 to 8 dancers; the last fifth is for validation."""
    for number in range(count):
        options = StageOptions(
            dancers=2 + number % 7, seconds=6, fps=1, seed=first_seed + number, moving_camera=number % 2 == 1
        )
        for scene in Scene(options).frames():
            name = f"{options.seed}-{scene.frame.index}"
            assert scene.frame.image is not None
            yield LabelledPicture("stage", name, scene.frame.image, scene.truth.xyxy, late(number, count))


def late(index: int, length: int) -> bool:
    """Whether a frame lies in the last fifth of a video, which is for validation."""
    return index >= length * (1 - 1 / VALIDATION_EVERY)


def inside(xyxy: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Boxes cut to the picture; those of which less than 16 square pixels are left are dropped."""
    height, width = image.shape[:2]
    cut = xyxy.clip(0, (width, height, width, height))
    return cut[area(cut) >= 16]


def write_pictures(pictures: Iterable[LabelledPicture], folder: Path) -> None:
    """Save as YOLO data: `folder/{train,val}/{images,labels}/PART-NAME.*`. Raises InputError."""
    for picture in pictures:
        place = folder / (VALIDATION if picture.validation else TRAIN)
        for kind in ("images", "labels"):
            (place / kind).mkdir(parents=True, exist_ok=True)
        stem = f"{picture.part.replace('-', '_')}-{picture.name}"
        height, width = picture.image.shape[:2]
        rows = xyxy_to_cxcywh(inside(picture.xyxy, picture.image)) / (width, height, width, height)
        lines = ["0 " + " ".join(f"{value:.6f}" for value in row) for row in rows]
        (place / "labels" / f"{stem}.txt").write_text("".join(f"{line}\n" for line in lines))
        path = place / "images" / f"{stem}.jpg"
        if not cv2.imwrite(str(path), picture.image, [cv2.IMWRITE_JPEG_QUALITY, 95]):
            raise InputError(f"{path} cannot be written; is the disk full?")


def read_labels(path: Path, image: np.ndarray) -> np.ndarray:
    """(N, 4) boxes in pixels from a YOLO label file; none where it is empty or missing.

    Raises InputError where it holds something else.
    """
    height, width = image.shape[:2]
    try:
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        cells = [line.split() for line in lines if line.strip()]
        if min(map(len, cells), default=5) < 5:
            raise ValueError("a line is too short")
        rows = np.array([row[:5] for row in cells], float).reshape(-1, 5)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no label file of lines `class x y width height`; write it again") from error
    if not (np.abs(rows) <= FARTHEST).all():
        raise InputError(f"{path} has a number that is no share of a picture; write it again")
    return cxcywh_to_xyxy(rows[:, 1:5]) * (width, height, width, height)


def read_picture(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 BGR; InputError where the file is no picture."""
    image = cv2.imread(str(path))
    if image is None:
        raise InputError(f"{path} is not a picture")
    return image
