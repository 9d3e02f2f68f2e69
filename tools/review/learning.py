"""The people of a reviewed run, cut from its video: crops to train an encoder on, views for a cast file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from reid.dancereid.folder import CropDetails, DanceReidFolder, widened_crop
from tracker.boxes import in_contact
from tracker.gallery import Gallery, GalleryOptions, crop
from tracker.track import Identity
from tracker.types import FrameTracks, InputError

from .corrections import corrected_tracks
from .edit_file import Review
from .run_tracks import RunTracks

EVERY = 5
"""Of the tracked frames every so many-th gives crops."""
MIN_HEIGHT = 40.0
"""Pixels of a person's height at least."""
HIDDEN = 0.5
"""A person with more of their box within another's gives no crop."""
JOINTS = 15
CROP_HEIGHT = 256
"""Pixels; half as wide."""


def write_people(data: RunTracks, review: Review, folder: Path) -> int:
    """Write the people to the new `folder` as `followspot dataset` has them; returns the number of crops.

    Boxes that were filled in give none. Raises InputError where the video cannot be read or no crop is left, DataError
    where the folder holds files.
    """
    written = 0
    recipe = {"from": "followspot review", "run": str(data.folder.resolve()), "edits": len(review.edits)}
    with DanceReidFolder(folder, recipe=recipe) as out:
        if out.finished:
            raise InputError(f"{folder} holds these people already: name a new folder")
        for image, tracks in clear_people(data, corrected_tracks(data, review, 0.0).tracks):
            for xyxy, score, person in zip(tracks.xyxy, tracks.score.tolist(), tracks.ids.tolist(), strict=True):
                unknown = np.full((JOINTS, 2), np.nan)
                picture, _ = widened_crop(image, xyxy, unknown, CROP_HEIGHT)
                out.write(
                    picture, unknown, data.video, person, tracks.frame, CropDetails(tracks.time, xyxy, score, person)
                )
                written += 1
        if not written:
            raise InputError(f"no person of {data.folder} is seen clearly enough, so there is nothing to learn from")
        out.finish(data.video, data.sources[data.video])
    return written


def people_of(data: RunTracks, tracks: Sequence[FrameTracks]) -> list[Identity]:
    """Each person of the corrected `tracks` with views that are not embedded yet, for a cast file.

    Raises InputError where the video cannot be read.
    """
    options = GalleryOptions(lasting=True)
    galleries: dict[int, Gallery] = {}
    for image, clear in clear_people(data, tracks):
        for person, xyxy in zip(clear.ids.tolist(), clear.xyxy, strict=True):
            gallery = galleries.setdefault(person, Gallery(options))
            if gallery.wants(clear.time):
                gallery.add(clear.time, crop(image, xyxy))
    return [Identity(person, gallery) for person, gallery in sorted(galleries.items())]


def clear_people(data: RunTracks, tracks: Sequence[FrameTracks]) -> Iterator[tuple[np.ndarray, FrameTracks]]:
    """Every fifth tracked picture (h, w, 3) BGR, with the rows of those seen clearly in it.

    Raises InputError where the video cannot be read.
    """
    known = {rows.frame: rows for rows in tracks}
    with data.run.open() as frames:
        for frame in frames:
            if frame.image is None:
                raise InputError(f"{data.run.opened} has no pictures to cut people out of; name its video with --video")
            if (frame.index // data.run.stride) % EVERY == 0 and frame.index in known:
                rows = known[frame.index]
                yield frame.image, rows[_clear(rows)]


def _clear(rows: FrameTracks) -> np.ndarray:
    xyxy = rows.xyxy
    touching = in_contact(xyxy, xyxy, HIDDEN)
    np.fill_diagonal(touching, False)
    known = rows.score > 0  # not filled in
    return np.flatnonzero(known & (xyxy[:, 3] - xyxy[:, 1] >= MIN_HEIGHT) & ~touching.any(axis=1))
