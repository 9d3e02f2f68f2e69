"""The reviewed people as MOTChallenge truth, a sequence folder a video."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tracker.boxes import xyxy_to_xywh
from tracker.results.mot_files import format_lines
from tracker.types import FrameTracks, InputError
from tracker.video.mot_folder import LONGEST_NAME, SEQINFO, SequenceInfo, seqinfo_text

from ..run.output import os_errors_as
from .gaps import placed_boxes
from .labelled_people import LabelledPeople, Reviewed

TRUTH = Path("gt", "gt.txt")
TRUTH_ROW = "1,1,1"
"""A row that counts, of a pedestrian, in full view."""


def write_mot(data: Reviewed, labelled: LabelledPeople, folder: Path, fill_gaps: float) -> list[Path]:
    """VIDEO/gt/gt.txt for every video whose boxes are known, and VIDEO/seqinfo.ini where its size is known, too.

    Gaps up to `fill_gaps` seconds are filled in. Ids are the people's numbers on the page. Raises InputError where no
    box is known, a folder stands there already, or it cannot be written; then nothing of it is begun.
    """
    texts = {video: text for video in data.videos if (text := mot_text(data, labelled, video, fill_gaps))}
    if not texts:
        raise InputError(
            f"no box of {data.folder} is known in its video (it has no crops.csv), so there is no MOT text"
        )
    for video in texts:
        if video in ("", ".", "..") or Path(video).name != video or len(video.encode()) > LONGEST_NAME:
            raise InputError(f"video {video!r} has a name that fits no folder, so its MOT text cannot be written")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; name a folder for the MOT text")
    for video in texts:
        if (folder / video).exists():
            raise InputError(f"{folder / video} exists already; name a new folder for the MOT text")
    parts = {folder / video: folder / f".{video}.part" for video in texts}
    try:
        with os_errors_as(f"the MOT text cannot be written to {folder}"):
            for (video, text), part in zip(texts.items(), parts.values(), strict=True):
                (part / TRUTH).parent.mkdir(parents=True)
                (part / TRUTH).write_text(text)
                if info := sequence_info(data, video):
                    (part / SEQINFO).write_text(seqinfo_text(info), encoding="utf-8")
            for sequence, part in parts.items():
                part.replace(sequence)
    finally:
        for part in parts.values():
            shutil.rmtree(part, ignore_errors=True)
    return [sequence / TRUTH for sequence in parts]


def sequence_info(data: Reviewed, video: str) -> SequenceInfo | None:
    """What seqinfo.ini says; None where the video's size is not known."""
    if (source := data.sources.get(video)) is None or min(source.width, source.height) <= 0:
        return None
    return SequenceInfo(video, "img1", source.fps, data.length(video), source.width, source.height)


def mot_text(data: Reviewed, labelled: LabelledPeople, video: str, fill_gaps: float) -> str:
    """The lines of one video, by frame; empty where no box is known."""
    longest = fill_gaps * data.fps(video)
    own = {
        number: placed_boxes([label for label in labels if label.video == video], longest)
        for number, labels in sorted(labelled.people.items())
    }
    lines: list[str] = []
    for frame in sorted({frame for placed in own.values() for frame in placed}):
        here = {number: placed[frame].xyxy for number, placed in own.items() if frame in placed}
        lines += _truth_lines(frame, list(here), np.array(list(here.values())))
    return "".join(lines)


def truth_rows(tracks: FrameTracks) -> str:
    """The lines of one frame."""
    return "".join(_truth_lines(tracks.frame, tracks.ids.tolist(), tracks.xyxy.astype(np.float64)))


def _truth_lines(frame: int, ids: list[int], xyxy: np.ndarray) -> Iterator[str]:
    return format_lines(frame, ids, xyxy_to_xywh(xyxy), [TRUTH_ROW] * len(ids))
