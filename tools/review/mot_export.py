"""The reviewed people as MOTChallenge text, a file a video."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np

from tracker.results.mot_files import format_rows
from tracker.types import FrameTracks, InputError

from ..run.output import os_errors_as
from .gaps import placed_boxes
from .labelled_people import LabelledPeople, Reviewed


def write_mot(data: Reviewed, labelled: LabelledPeople, folder: Path, fill_gaps: float) -> list[Path]:
    """VIDEO.txt for every video whose boxes are known; gaps up to `fill_gaps` seconds are filled in.

    Ids are the people of the video from 1 on, in the order of their numbers. Raises InputError where no box is known,
    a file stands there already, or the folder cannot be written; then no file of it is begun.
    """
    texts = {video: text for video in data.videos if (text := mot_text(data, labelled, video, fill_gaps))}
    if not texts:
        raise InputError(
            f"no box of {data.folder} is known in its video (it has no crops.csv), so there is no MOT text"
        )
    for video in texts:
        if not video or Path(video).name != video:
            raise InputError(f"video {video!r} has a name that fits no file, so its MOT text cannot be written")
    files = {folder / f"{video}.txt": text for video, text in texts.items()}
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; name a folder for the MOT text")
    for path in files:
        if path.exists():
            raise InputError(f"{path} exists already; name a new folder for the MOT text")
    parts = {path: path.with_name(f".{path.name}.part") for path in files}
    try:
        with os_errors_as(f"the MOT text cannot be written to {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
            for path, text in files.items():
                parts[path].write_text(text)
            for path, part in parts.items():
                part.replace(path)
    finally:
        for part in parts.values():
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    return list(files)


def mot_text(data: Reviewed, labelled: LabelledPeople, video: str, fill_gaps: float) -> str:
    """The lines of one video, by frame; empty where no box is known."""
    longest = fill_gaps * data.fps(video)
    own = ([label for label in labels if label.video == video] for _, labels in sorted(labelled.people.items()))
    boxes = [placed_boxes(labels, longest) for labels in own]
    ids = dict(enumerate((placed for placed in boxes if placed), start=1))
    lines = []
    for frame in sorted({frame for placed in ids.values() for frame in placed}):
        here = {identity: placed[frame].xyxy for identity, placed in ids.items() if frame in placed}
        xyxy, count = np.array(list(here.values())), len(here)
        row = FrameTracks(frame, 0.0, np.array(list(here)), xyxy, np.ones(count), np.zeros(count, bool))
        lines.append(format_rows(row))
    return "".join(lines)
