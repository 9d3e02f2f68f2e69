"""How well a virtual camera keeps one person in the picture, against exact truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker import boxes
from tracker.offline.follow import Views
from tracker.types import FrameTracks

MIDDLE = 0.6
"""The share of the view's width and height, around its middle, in which the person's centre should be."""
_TOUCH = 1.0
"""Pixels by which a head or foot may be beyond the view and not be cut."""


@dataclass(frozen=True)
class FollowScore:
    """Shares in percent, of the frames in which truth shows the person."""

    frames: int
    centred: float
    """The centre of the true box is in the middle of the view, across and down."""
    cut: float
    """The head or the feet are beyond the view."""
    acceleration: float
    """Largest of the view's centre, in heights of the view per second squared."""
    zoom_acceleration: float
    """Largest of the view's height, in the same unit."""


def follow_score(views: Views, truth: Sequence[FrameTracks], person: int) -> FollowScore:
    """Views and truth of the same frames."""
    rows = [(index, np.flatnonzero(each.ids == person)) for index, each in enumerate(truth)]
    seen = [index for index, row in rows if len(row)]
    true = np.array([truth[index].xyxy[row[0]] for index, row in rows if len(row)], float).reshape(-1, 4)
    view = views.xyxy[seen]
    place = ((true[:, :2] + true[:, 2:]) / 2 - view[:, :2]) / (view[:, 2:] - view[:, :2])
    centred = (np.abs(place - 0.5) <= MIDDLE / 2).all(axis=1)
    cut = (true[:, 1] < view[:, 1] - _TOUCH) | (true[:, 3] > view[:, 3] + _TOUCH)
    count = max(len(seen), 1)
    return FollowScore(
        len(seen),
        100 * float(centred.sum()) / count,
        100 * float(cut.sum()) / count,
        views.acceleration,
        views.zoom_acceleration,
    )


def id_of(person: int, truth: Sequence[FrameTracks], tracks: Sequence[FrameTracks]) -> int | None:
    """The id that most frames of `tracks` give to this person of the truth (IoU of 0.5 or more); None if none does."""
    votes: Counter[int] = Counter()
    for true, found in zip(truth, tracks, strict=True):
        overlap = boxes.iou(true.xyxy[true.ids == person], found.xyxy)
        if overlap.size and overlap.max() >= 0.5:
            votes[int(found.ids[overlap[0].argmax()])] += 1
    return votes.most_common(1)[0][0] if votes else None
