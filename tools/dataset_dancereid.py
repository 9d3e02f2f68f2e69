"""`followspot dataset dancereid`: assemble DanceReID from the published files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.limits import LARGEST_SIDE
from reid.dancereid.folder import CropDetails, DanceReidFolder, widened_crop
from reid.dancereid.progress import SourceVideo
from reid.dancereid.source import (
    AnnotatedBox,
    Annotation,
    PublishedDetections,
    VideoNote,
    file_of,
    notes_on,
    number_people,
    read_annotation,
    read_video_table,
)
from reid.dancereid.splits import published_part, splits_of
from reid.data.crops import DataError
from tracker.types import Frame
from tracker.video.containers import VIDEO_SUFFIXES
from tracker.video.video_reader import VideoReader

from .run.checks import require_at_least, require_between
from .run.interruption import Interruption
from .run.output import count, note, say
from .run.progress import progress


@dataclass(frozen=True)
class Ingredients:
    """The files of one video."""

    name: str
    video: Path
    detections: Path


@dataclass(frozen=True)
class DatasetDancereidCommand:
    """Assemble DanceReID from the published files: videos, their detections and the annotation.

    People are numbered by the annotation, so missing videos leave gaps and shift no number; they
    are listed at the end. Run the same command again after a stop, or when more videos were found: finished ones stay.
    """

    videos: Path
    """Folder of the videos; each one's file name is its id, or has it as a part (000_ZhuDSdmby8k.mp4)."""
    annotation: Path
    """annotation.json: video, person, frames in which the person's box is right."""
    out: Path
    """Folder for the data set: a new one, or that of a stopped run."""
    detections: Path | None = None
    """Folder of the .npy files of detections, named as the videos are; the videos' folder by default."""
    csv: Path | None = None
    """The published table of videos; gives titles and addresses of those that are missing."""
    every: int = 5
    """Every n-th frame is kept."""
    height: int = 256
    """Height of the crops in pixels; they are half as wide."""
    split_seed: int = 0
    """Seed of the draw of the test videos, where the people are not the published 100, whose splits are known."""

    def run(self) -> None:
        self.check()
        annotation = self.read_annotation()
        table = read_video_table(self.csv) if self.csv else []
        numbers = number_people(annotation)
        folder = DanceReidFolder(self.out, numbers=numbers, recipe=self.recipe(annotation))
        waiting = [files for video in annotation if video not in folder.finished and (files := self.find(video))]
        found = {*folder.finished, *(one.name for one in waiting)}
        if not found:
            raise DataError(
                f"None of the {len(annotation)} annotated videos is in {self.videos}; looked for files with their ids "
                f"in the name, such as {next(iter(annotation))}.mp4."
            )
        folder.splits = splits_of(numbers, found, self.split_seed)
        with folder, Interruption() as interruption:
            for one in waiting:
                if not interruption.asked:
                    self.cut_video(one, annotation[one.name], folder, interruption)
            done = len(folder.finished)
            if interruption.asked:
                say(f"stopped after {done} of {len(found)} videos; the same command goes on")
        crops = sum(map(len, folder.files.values()))
        people = count(len(folder.numbers), "person", "people")
        say(f"{self.out}: {count(crops, 'crop')} of {people} in {count(done, 'video')}")
        missing = [video for video in annotation if video not in found]
        say_missing(missing, annotation, notes_on(missing, table))

    def read_annotation(self) -> Annotation:
        """The annotation; of the published one the part that the data set uses."""
        everything = read_annotation(self.annotation)
        annotation = published_part(everything)
        if unused := len(everything) - len(annotation):
            note(f"{unused} annotated videos are no part of the published data set and left out")
        return annotation

    def check(self) -> None:
        """Raises DataError for a folder that is none, InputError for a number out of range."""
        for folder in (self.videos, self.detections):
            if folder is not None and not folder.is_dir():
                raise DataError(f"There is no folder {folder}; check the path.")
        require_at_least(1, "every", self.every)
        require_between(2, LARGEST_SIDE, "height", self.height)

    def find(self, video: str) -> Ingredients | None:
        """The video's files; None where the video itself is missing. Raises DataError where only its detections are."""
        path = file_of(video, self.videos, VIDEO_SUFFIXES)
        if path is None:
            return None
        folder = self.detections or self.videos
        detections = file_of(video, folder, (".npy",))
        if detections is None:
            raise DataError(
                f"{folder} has no .npy file of detections for {path.name}; put it there, or take the video away."
            )
        return Ingredients(video, path, detections)

    def recipe(self, annotation: Annotation) -> dict[str, object]:
        """What the data depends on beside the videos; finished videos are kept only where it is the same."""
        people = {
            video: {person: sorted(frames) for person, frames in entry.items()} for video, entry in annotation.items()
        }
        return {
            "annotation": hashlib.sha256(json.dumps(people).encode()).hexdigest(),
            "every": self.every,
            "height": self.height,
        }

    def cut_video(
        self,
        one: Ingredients,
        people: Mapping[int, frozenset[int]],
        folder: DanceReidFolder,
        interruption: Interruption,
    ) -> None:
        """Add one video's crops. Raises DataError where it ends before its annotation."""
        detections = PublishedDetections(one.detections)
        wanted = detections.wanted(people, self.every)
        read = 0
        with VideoReader(one.video) as reader:
            for frame in interruption.until(progress(reader, reader.frame_count, one.name)):
                self.cut_frame(frame, wanted.get(frame.index, ()), one.name, folder)
                read = frame.index + 1
            if interruption.asked:
                return
            if read <= max(wanted, default=-1):
                raise DataError(
                    f"{one.video} ends after {count(read, 'frame')}, but its people are annotated up to frame "
                    f"{max(wanted)}; get the whole video, or take it away."
                )
            if reader.warning:
                note(reader.warning)
            if read != len(detections.boxes):
                note(
                    f"{one.video.name} has {count(read, 'frame')} and its detections {len(detections.boxes)}; if it is "
                    "another cut of the video, its crops show the wrong moments"
                )
            folder.finish(one.name, SourceVideo(one.video, reader.fps, reader.width, reader.height, read))

    def cut_frame(self, frame: Frame, people: Iterable[AnnotatedBox], video: str, folder: DanceReidFolder) -> None:
        """Add the frame's people to the data set."""
        assert frame.image is not None
        for seen in people:
            crop, joints = widened_crop(frame.image, seen.xyxy, seen.keypoints, self.height)
            details = CropDetails(frame.time, seen.xyxy, tracklet=seen.person)
            folder.write(crop, joints, video, seen.person, frame.index, details)


def say_missing(missing: list[str], annotation: Annotation, notes: dict[str, VideoNote]) -> None:
    """List the missing videos, and the numbers of people that are missing with them."""
    if not missing:
        return
    numbers = number_people(annotation)
    say(f"missing: {len(missing)} of {len(annotation)} annotated videos; their people's numbers stay free")
    for video in missing:
        line = f"  {video}  {span([numbers[video, person] for person in annotation[video]])}"
        if known := notes.get(video):
            line += f"  {known.title}  https://www.youtube.com/watch?v={known.published_id}"
        say(line)


def span(people: list[int]) -> str:
    """The numbers of one video's people, which follow each other, in words."""
    if not people:
        return "no person annotated"
    return f"people {people[0]} to {people[-1]}" if len(people) > 1 else f"person {people[0]}"
