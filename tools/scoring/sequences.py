"""Finds the truth of MOTChallenge sequences, and the results that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tracker.types import InputError
from tracker.video.containers import VIDEO_SUFFIXES
from tracker.video.image_sequence import BlankSequence, ImageSequence, images_in
from tracker.video.mot_folder import SEQINFO, picture_frames, read_seqinfo
from tracker.video.sources import Source
from tracker.video.video_reader import VideoReader

from ..run.file_names import OVERVIEW, TRACKS

RENDERED = "video.mp4"
"""What `followspot stage` calls the video in a sequence folder."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a sequence: image files in their order, or one video file."""

    files: tuple[Path, ...]

    @property
    def video(self) -> Path | None:
        """The video file, where it is one."""
        return self.files[0] if self.files[0].suffix.lower() in VIDEO_SUFFIXES else None

    def open(self, fps: float = 30.0, length: int | None = None) -> Source:
        """The pictures as frames; images pass at `fps` a second, of a sequence that has `length` frames if all are
        there. Raises InputError."""
        if self.video:
            return VideoReader(self.video)
        frames = picture_frames(self.files, length) if length else None
        name = self.files[0].parent.name
        return ImageSequence(self.files, name=name, fps=fps, frames=frames, length=length or 0)


@dataclass(frozen=True, slots=True)
class TruthSequence:
    """One sequence with truth: its name, the truth's MOT text file, and what its seqinfo.ini says.

    `length` counts frames, `fps` is frames per second, `size` (width, height) in pixels; each is None where no
    seqinfo.ini says it. `pictures` are given to it by a benchmark.
    """

    name: str
    truth: Path
    length: int | None = None
    fps: float | None = None
    size: tuple[int, int] | None = None
    pictures: Pictures | None = None

    @property
    def folder(self) -> Path:
        return self.truth.parent.parent

    def open(self) -> Source:
        """The frames as `followspot track` reads them; without pictures, blank ones. Raises InputError."""
        fps = self.fps or 30.0
        if self.pictures is not None:
            return self.pictures.open(fps, self.length)
        width, height = self.size or (0, 0)
        return BlankSequence(self.length or 0, name=self.name, width=width, height=height, fps=fps)


def find_sequences(truth: Path) -> list[TruthSequence]:
    """The sequences in `truth`: a folder of `SEQ/gt/gt.txt`, one such `SEQ`, or a single MOT text file.

    Raises InputError where there is none.
    """
    if truth.is_file():
        return [_in_folder(truth.parent.parent) if truth.match("*/gt/gt.txt") else TruthSequence(truth.stem, truth)]
    if (truth / "gt/gt.txt").is_file():
        return [_in_folder(truth)]
    found = [_in_folder(path.parent.parent) for path in sorted(truth.glob("*/gt/gt.txt"))]
    if not found:
        raise InputError(f"no truth in {truth}: it should hold SEQUENCE/gt/gt.txt, or be a MOT text file")
    return found


def find_pictures(sequence: TruthSequence, elsewhere: Path | None = None) -> Pictures | None:
    """Images in the sequence's folder img1, a video of its name beside them, or a rendered one; None without any.

    `elsewhere` is looked in first: a folder that holds SEQUENCE.mp4 or SEQUENCE/ with images, or the video itself.
    """
    folders = [sequence.folder / "img1"]
    videos = [sequence.folder]
    if elsewhere is not None:
        folders = [elsewhere / sequence.name, elsewhere / sequence.name / "img1", *folders]
        videos = [elsewhere, elsewhere / sequence.name, *videos]
        if elsewhere.is_file():
            return Pictures((elsewhere,))
    for folder in filter(Path.is_dir, folders):
        if images := images_in(folder):
            return Pictures(tuple(images))
    named = (folder / f"{sequence.name}{ending}" for folder in videos for ending in VIDEO_SUFFIXES)
    return next((Pictures((path,)) for path in (*named, sequence.folder / RENDERED) if path.is_file()), None)


def find_results(sequences: Sequence[TruthSequence], results: Path) -> list[Path]:
    """The result file of each sequence: `SEQ.txt` or `SEQ/tracks.txt` in `results`.

    A single sequence may also have `results` itself as its file, or `tracks.txt` in it.
    Raises InputError that lists the sequences without results.
    """
    if not results.exists():
        raise InputError(f"no results at {results}: give a folder with SEQUENCE.txt, or a MOT text file")
    if results.is_file() and len(sequences) > 1:
        raise InputError(f"{results} is one file but there is truth of {len(sequences)} sequences: give a folder")
    found = [_result(sequence, results, alone=len(sequences) == 1) for sequence in sequences]
    missing = [sequence.name for sequence, path in zip(sequences, found, strict=True) if path is None]
    if missing:
        raise InputError(f"{results} has neither SEQUENCE.txt nor SEQUENCE/tracks.txt for {', '.join(missing)}")
    return [path for path in found if path]


def _result(sequence: TruthSequence, results: Path, alone: bool) -> Path | None:
    candidates = [results / f"{sequence.name}.txt", results / sequence.name / TRACKS]
    if alone:
        candidates += [results / TRACKS, results]
    if (results / OVERVIEW).is_file():  # a run has its own corrected/tracks.txt, which is truth
        candidates = [results / TRACKS]
    return next((path for path in candidates if path.is_file()), None)


def _in_folder(folder: Path) -> TruthSequence:
    folder = folder.resolve()
    truth = folder / "gt/gt.txt"
    if not (folder / SEQINFO).is_file():
        return TruthSequence(folder.name, truth)
    info = read_seqinfo(folder)
    return TruthSequence(folder.name, truth, info.length, info.frame_rate, (info.width, info.height))
