"""Crops of a data set as views of people side by side in videos, on which an encoder is calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

import numpy as np

from ..encoder.measurement import Views, numbered
from .crops import Crop, grouped, without_distractors
from .images import read_crop

MAX_CROPS = 1500


def views_of(crops: Sequence[Crop], limit: int = MAX_CROPS) -> Views:
    """All crops of the first people of each video, as many people as `limit` crops hold; unreadable ones left out."""
    taken: list[Crop] = []
    for own in by_turns(crops):
        if taken and len(taken) + len(own) > limit:
            break
        taken += own
    read = [(crop, image) for crop in taken if (image := read_crop(crop)) is not None]
    kept = [crop for crop, _ in read]
    return Views(
        [image for _, image in read],
        numbered([(crop.video, crop.person) for crop in kept]),
        numbered([crop.video for crop in kept]),
        np.array([crop.time for crop in kept], float),
    )


def by_turns(crops: Sequence[Crop]) -> list[list[Crop]]:
    """Each person's crops in each video: the first person of every video, then the second of every video, ..."""
    in_time = sorted(without_distractors(crops), key=lambda crop: (crop.video, crop.person, crop.time))
    videos = grouped(in_time, lambda crop: crop.video)
    of_videos = [list(grouped(own, lambda crop: crop.person).values()) for own in videos.values()]
    return [own for own in chain.from_iterable(zip_longest(*of_videos)) if own is not None]
