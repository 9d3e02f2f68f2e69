"""Labels for dance videos without any: two networks must agree on each frame, under test-time augmentation.

Their predictions are merged by weighted box fusion (Solovyev, Wang & Gabruseva 2021, Weighted boxes fusion).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracker.boxes import area, intersection, iou
from tracker.detection.detector import DetectorOptions, YoloDetector
from tracker.types import Frame
from tracker.video.video_reader import VideoReader

from .pictures import LabelledPicture, late, numbered_pictures

SAME = 0.6
"""Overlap from which two predictions are one person."""
CERTAIN, AGREED, DOUBTFUL = 0.5, 0.25, 0.2
"""Mean score of a person, score that the less sure network must give, and mean score below which there is none."""
GREY = 114


@dataclass(frozen=True, slots=True)
class Augmentation:
    """One way of presenting a picture to a network: longer side `imgsz`, mirrored or not, turned by quarter turns."""

    imgsz: int
    mirrored: bool
    turns: int


UPRIGHT = tuple(Augmentation(imgsz, mirrored, 0) for imgsz in (640, 960) for mirrored in (False, True))
TUMBLING = UPRIGHT + tuple(Augmentation(640, mirrored, turns) for turns in (1, 2, 3) for mirrored in (False, True))
"""People on their hands are found best in a picture that is turned over."""


Prediction = tuple[np.ndarray, float, tuple[int, Augmentation]]
"""A box (4,), its score, and which network found it under which augmentation."""


Cluster = list[Prediction]
"""Predictions that are one person."""


class Teacher:
    """Labels frames by the agreement of several networks; `trust` as in `DetectorOptions`."""

    def __init__(self, networks: Sequence[Path], *, trust: bool = False) -> None:
        sizes = {augmentation.imgsz for augmentation in TUMBLING}
        self._detectors = [
            {size: YoloDetector(weights, DetectorOptions(conf=0.05, imgsz=size, trust=trust)) for size in sizes}
            for weights in networks
        ]

    def label(self, image: np.ndarray, augmentations: Sequence[Augmentation]) -> tuple[np.ndarray, np.ndarray] | None:
        """(picture, (N, 4) boxes): doubtful bystanders are greyed out. None where a doubt touches a certain person."""
        people, doubts = self.people_and_doubts(image, augmentations)
        doubts = doubts[~_parts_of(doubts, people)]
        covered = intersection(doubts, people) / np.maximum(area(people), 1)
        if len(people) == 0 or (covered > 0.1).any():
            return None
        image = image.copy()
        for left, top, right, bottom in doubts.round().astype(int):
            image[max(top, 0) : bottom, max(left, 0) : right] = GREY
        return image, people

    def people_and_doubts(
        self, image: np.ndarray, augmentations: Sequence[Augmentation]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Boxes of people who are certain and of those who are doubtful, (N, 4) and (M, 4)."""
        clusters = fuse(self._predictions(image, augmentations))
        sure = np.array([self._scores(cluster, augmentations) for cluster in clusters]).reshape(len(clusters), -1)
        boxes = np.array([fused_box(cluster) for cluster in clusters]).reshape(-1, 4)
        certain = (sure.mean(axis=1) >= CERTAIN) & (sure.min(axis=1) >= AGREED)
        return boxes[certain], boxes[~certain & (sure.mean(axis=1) >= DOUBTFUL)]

    def _predictions(self, image: np.ndarray, augmentations: Sequence[Augmentation]) -> Iterator[Prediction]:
        height, width = image.shape[:2]
        for augmentation in augmentations:
            view = Frame(0, 0.0, np.rot90(image[:, ::-1] if augmentation.mirrored else image, augmentation.turns))
            for number, detectors in enumerate(self._detectors):
                found = detectors[augmentation.imgsz](view)
                boxes = undo_augmentation(found.xyxy, augmentation, width, height)
                for box, score in zip(boxes, found.score.tolist(), strict=True):
                    yield box, score, (number, augmentation)

    def _scores(self, cluster: Cluster, augmentations: Sequence[Augmentation]) -> list[float]:
        """Per network, the mean score over the augmentations of its best turn; one that missed the person counts 0."""
        best: dict[tuple[int, Augmentation], float] = {}
        for _, score, vote in cluster:
            best[vote] = max(best.get(vote, 0.0), score)
        turned = [
            [each for each in augmentations if each.turns == turns] for turns in {each.turns for each in augmentations}
        ]
        return [
            max(sum(best.get((number, augmentation), 0.0) for augmentation in same) / len(same) for same in turned)
            for number in range(len(self._detectors))
        ]


def fuse(votes: Iterator[Prediction]) -> list[Cluster]:
    """Weighted box fusion: a box joins the cluster that it overlaps best by at least `SAME`, or opens one."""
    clusters: list[Cluster] = []
    for box, score, vote in sorted(votes, key=lambda each: -each[1]):
        overlap = iou(box[None], np.array([fused_box(cluster) for cluster in clusters]).reshape(-1, 4))[0]
        if len(overlap) and overlap.max() >= SAME:
            clusters[int(overlap.argmax())].append((box, score, vote))
        else:
            clusters.append([(box, score, vote)])
    return clusters


def fused_box(cluster: Cluster) -> np.ndarray:
    """The mean (4,) of its boxes, weighted by their scores."""
    boxes, scores, _ = zip(*cluster, strict=True)
    return np.average(boxes, axis=0, weights=scores)


def dance_video(
    path: Path, teacher: Teacher, frames: int, augmentations: Sequence[Augmentation]
) -> Iterator[LabelledPicture]:
    """Those of about `frames` evenly spaced frames of a video on which the teacher is sure. Raises InputError."""
    with VideoReader(path) as reader:
        length = sum(1 for _ in reader)
    every = max(1, round(length / frames))
    with VideoReader(path) as reader:
        for index, image in numbered_pictures(reader):
            labelled = teacher.label(image, augmentations) if index % every == 0 else None
            if labelled is not None:
                yield LabelledPicture("dance", f"{path.stem}-{index:05d}", *labelled, late(index, length))


def _parts_of(doubts: np.ndarray, people: np.ndarray) -> np.ndarray:
    """(M,) bool: this doubtful box is only a part of a certain person, or their box drawn too large."""
    shared = intersection(doubts, people)
    within = shared / np.maximum(area(doubts)[:, None], 1)
    around = shared / np.maximum(area(people)[None], 1)
    return (((within > 0.85) | (around > 0.85)) & (iou(doubts, people) > 0.3)).any(axis=1)


def undo_augmentation(xyxy: np.ndarray, augmentation: Augmentation, width: int, height: int) -> np.ndarray:
    """Boxes found in an augmented picture, in pixels of the picture as it was."""
    for turn in range(augmentation.turns, 0, -1):
        across = width if turn % 2 else height
        xyxy = np.stack([across - xyxy[:, 3], xyxy[:, 0], across - xyxy[:, 1], xyxy[:, 2]], axis=1)
    if augmentation.mirrored:
        xyxy = np.stack([width - xyxy[:, 2], xyxy[:, 1], width - xyxy[:, 0], xyxy[:, 3]], axis=1)
    return xyxy
