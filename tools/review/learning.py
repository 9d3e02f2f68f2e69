"""The people of a reviewed run as a data set of crops, cut from its video: what a re-ID encoder learns from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reid.dancereid.folder import CropDetails, DanceReidFolder, widened_crop
from tracker.boxes import in_contact
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
    rows = {tracks.frame: tracks for tracks in corrected_tracks(data, review, 0.0).tracks}
    source = data.sources[data.video]
    written = 0
    recipe = {"from": "followspot review", "run": str(data.folder.resolve()), "edits": len(review.edits)}
    with DanceReidFolder(folder, recipe=recipe) as out, data.run.open() as frames:
        for frame in frames:
            if frame.image is None:
                raise InputError(f"{data.run.opened} has no pictures to cut people out of; name its video with --video")
            if (frame.index // data.run.stride) % EVERY or frame.index not in rows:
                continue
            written += _write(out, frame.image, rows[frame.index], data.video)
        if not written:
            raise InputError(f"no person of {data.folder} is seen clearly enough, so there is nothing to learn from")
        out.finish(data.video, source)
    return written


def _write(out: DanceReidFolder, image: np.ndarray, tracks: FrameTracks, video: str) -> int:
    touching = in_contact(tracks.xyxy, tracks.xyxy, HIDDEN)
    np.fill_diagonal(touching, False)
    tall = tracks.xyxy[:, 3] - tracks.xyxy[:, 1] >= MIN_HEIGHT
    rows = np.flatnonzero(tall & ~touching.any(axis=1)).tolist()
    for row in rows:
        unknown = np.full((JOINTS, 2), np.nan)
        crop, _ = widened_crop(image, tracks.xyxy[row], unknown, CROP_HEIGHT)
        details = CropDetails(tracks.time, tracks.xyxy[row], float(tracks.score[row]), int(tracks.ids[row]))
        out.write(crop, unknown, video, int(tracks.ids[row]), tracks.frame, details)
    return len(rows)
