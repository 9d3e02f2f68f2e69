"""One video into a data set: read once to label the people, and once more to cut the kept crops out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from reid.dancereid.folder import CropDetails, DanceReidFolder, widened_crop
from reid.dancereid.progress import SourceVideo
from tracker.prefetch import prefetch
from tracker.types import Detector, Embedder, Frame
from tracker.video.sources import open_source

from ..offline.sightings import CropOptions, Watched, watch
from ..run.interruption import Interruption
from ..run.output import count, say
from ..run.progress import progress
from .video_people import LabelledSighting, PasserByOptions, VideoPeople, find_people
from .video_poses import PoseFinder, sure_joints


@dataclass(frozen=True)
class VideoParts:
    """The networks: detector, encoder and, where there is one, the pose model."""

    detector: Detector
    embedder: Embedder
    poses: PoseFinder | None
    batch: int


@dataclass(frozen=True)
class VideoOutcome:
    """What came of a video: its people, the rows of tracks it was found in, crops with landmarks, and a note."""

    people: VideoPeople
    rows: int
    landmarks: int
    warning: str | None


@dataclass(frozen=True)
class VideoCutter:
    """Cuts videos into the folder. A stop leaves the current video unfinished: it is started again next time."""

    parts: VideoParts
    folder: DanceReidFolder
    interruption: Interruption
    crops: CropOptions
    passing: PasserByOptions
    people: int | None
    height: int

    def cut(self, name: str, video: str) -> VideoOutcome | None:
        """Add the video's people; None where a stop was asked for."""
        with open_source(video) as source:
            fps, size = source.fps, (source.width, source.height)
            watched = watch(
                prefetch(self.interruption.until(source)),
                self.parts.detector,
                self.parts.embedder,
                self.crops,
                batch=self.parts.batch,
                shown=partial(progress, total=source.frame_count, name=name),
            )
            warning = source.warning
        if self.interruption.asked:
            return None
        found = self._people(name, watched, fps)
        if self.interruption.asked:
            return None
        with open_source(video) as source:
            landmarks = sum(self._cut_frames(source, found, name))
        if self.interruption.asked:
            return None
        self.folder.finish(name, SourceVideo(Path(video), fps, *size, watched.frames))
        return VideoOutcome(found, watched.rows, landmarks, warning)

    def _people(self, name: str, watched: Watched, fps: float) -> VideoPeople:
        compared = count(len(watched.sightings), "sighting")
        say(f"{name}: {count(watched.frames, 'frame')}, {compared} compared; finding out who is who")

        def shown(rounds: Iterable[int]) -> Iterator[int]:
            return progress(self.interruption.until(rounds), None, f"{name}, who is who", "rounds")  # as many as needed

        return find_people(watched, self.parts.embedder, fps, self.crops, self.passing, self.people, shown)

    def _cut_frames(self, frames: Iterable[Frame], people: VideoPeople, name: str) -> Iterator[int]:
        """Write the kept crops, frame by frame; yields how many of a frame's have landmarks."""
        kept = {index: list(crops) for index, crops in groupby(people.crops, key=lambda crop: crop.sighting.frame)}
        wanted = (frame for frame in self.interruption.until(prefetch(frames)) if frame.index in kept)
        for frame in progress(wanted, len(kept), f"{name}, crops"):
            yield self._cut_frame(frame, kept[frame.index], name)

    def _cut_frame(self, frame: Frame, crops: list[LabelledSighting], name: str) -> int:
        assert frame.image is not None
        boxes = np.stack([crop.sighting.xyxy for crop in crops])
        found = [crop.sighting.keypoints for crop in crops]
        if self.parts.poses is not None:
            found = self.parts.poses(frame, boxes)
        joints = sure_joints(found)
        for crop, keypoints in zip(crops, joints, strict=True):
            seen = crop.sighting
            picture, moved = widened_crop(frame.image, seen.xyxy, keypoints, self.height)
            details = CropDetails(seen.time, seen.xyxy, seen.score, crop.tracklet, crop.doubt)
            self.folder.write(picture, moved, name, crop.person, seen.frame, details)
        return sum(bool(np.isfinite(keypoints).any()) for keypoints in joints)
