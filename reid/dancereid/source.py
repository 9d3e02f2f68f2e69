"""What DanceReID is published as: annotation.json, a .npy file of detections a video, and a table of the videos.

The videos themselves are not part of it; the table says where they were found.
"""

from __future__ import annotations

import csv
import json
import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data.crops import DataError
from .plain_npy import load_plain_npy

JOINTS = 17
LARGEST_BOX = 8192
"""Pixels; no video is as wide, and its crop would be too large a picture for OpenCV soon."""

LAST_FRAME = 10_000_000
"""Four days of video."""

Annotation = dict[str, dict[int, frozenset[int]]]
"""Video -> person, numbered within the video -> the frames in which the box with that number is the person's."""


@dataclass(frozen=True)
class AnnotatedBox:
    """One person in one frame: number in the annotation, box (4,) xyxy and joints (17, 2), in the video's pixels.

    Joints are NaN where they are not known.
    """

    person: int
    xyxy: np.ndarray
    keypoints: np.ndarray


def read_annotation(path: Path) -> Annotation:
    """annotation.json: {"VIDEO": {"0": [frame, ...], "1": ...}, ...}, the videos in the file's order, people by number.

    In place of a frame there may be a [first, last] pair, both counted in; in place of the people's dictionary a list,
    person 0 first. Raises DataError naming the entry that is none of this.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"Cannot read the annotation {path} ({error.strerror}); check the path.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"The annotation {path} is not valid JSON ({error}); get it again.") from error
    if not isinstance(content, dict) or not content:
        raise DataError(f"The annotation {path} holds no videos; it should be {{VIDEO: {{PERSON: [frames]}}}}.")
    return {video: annotated_people(path, video, people) for video, people in content.items()}


def annotated_people(path: Path, video: str, people: Any) -> dict[int, frozenset[int]]:
    """One video's entry of the annotation."""
    entries = dict(enumerate(people)) if isinstance(people, list) else people
    try:
        return {int(person): frozenset(frames_of(entries[person])) for person in sorted(entries, key=int)}
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{path}: the entry of video {video!r} is not {{PERSON NUMBER: [frames or [first, last] pairs]}} ({error})."
        ) from error


def frames_of(spans: Any) -> Iterator[int]:
    """Frame numbers out of a list of frames and [first, last] pairs. Raises TypeError or ValueError for others."""
    for span in spans:
        first, last = span if isinstance(span, list) else (span, span)
        yield from range(whole(first), whole(last) + 1)


def whole(value: Any) -> int:
    """A frame number. Raises TypeError where it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LAST_FRAME:
        raise TypeError(f"{value!r} is no frame number")
    return value


def number_people(annotation: Mapping[str, Mapping[int, Any]]) -> dict[tuple[str, int], int]:
    """(video, person) -> number in the data set: counted through the annotation, whatever videos there are."""
    people = [(video, person) for video, own in annotation.items() for person in own]
    return {key: number for number, key in enumerate(people)}


class PublishedDetections:
    """One video's published detections, by frame of the video, counted from 0.

    The .npy file holds {frame: {box: {"id", "box_pos" [xmin, xmax, ymin, ymax], "pose_pos" (17, 2)}}}, an entry for
    each frame. Its ids count from 1 where the annotation's people count from 0. Frames may be counted from 1 as well:
    then there is none of number 0, and as many as the last one's number; the annotation counts them in the same way.
    Raises DataError where the file holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        content = load_plain_npy(path)
        if not isinstance(content, dict) or not content:
            raise DataError(f"{path} holds no dictionary of frames; it is no file of DanceReID's detections.")
        self.boxes = dict(self.numbered(frame, boxes) for frame, boxes in content.items())
        self.ids = {int(box["id"]) for boxes in self.boxes.values() for box in boxes}
        self.first = int(0 not in self.boxes and max(self.boxes) == len(self.boxes))

    def numbered(self, frame: Any, boxes: Any) -> tuple[int, list[Mapping[str, Any]]]:
        """An entry of the file: the frame's number and its boxes, each with an id. Raises DataError for another."""
        try:
            found = [] if boxes is None else list(boxes.values() if isinstance(boxes, Mapping) else boxes)
            for box in found:
                if not isinstance(box, Mapping):
                    raise TypeError(f"{type(box).__name__} in place of a box")
                int(box["id"])
            return int(frame), found
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise DataError(
                f"{self.path} is no file of DanceReID's detections (frame {reprlib.repr(frame)}, "
                f"{type(error).__name__}: {error}): it should be {{frame: {{box: {{id, box_pos, pose_pos}}}}}}."
            ) from error

    def wanted(self, people: Mapping[int, frozenset[int]], every: int) -> dict[int, list[AnnotatedBox]]:
        """The boxes to cut out of each frame, in order: annotated people, in every n-th frame, once a frame."""
        shift = int(0 in people and 0 not in self.ids)
        chosen: dict[int, list[AnnotatedBox]] = {}
        for frame in sorted(frame for frame in self.boxes if frame % every == 0):
            seen: dict[int, AnnotatedBox] = {}
            for box in self.boxes[frame]:
                person = int(box["id"]) - shift
                if (
                    person not in seen
                    and frame in people.get(person, ())
                    and (found := self.annotated_box(frame, person, box))
                ):
                    seen[person] = found
            if seen:
                chosen[frame - self.first] = [seen[person] for person in sorted(seen)]
        return chosen

    def annotated_box(self, frame: int, person: int, box: Mapping[str, Any]) -> AnnotatedBox | None:
        """The box as an `AnnotatedBox`; None where it has no area.

        Raises DataError where it is no box, or one of no video.
        """
        try:
            left, right, top, bottom = np.asarray(box["box_pos"], float).ravel()
            pose = box.get("pose_pos")
            joints = np.full((JOINTS, 2), np.nan) if pose is None else np.array(pose, float)[:, :2]
            joints = joints.reshape(JOINTS, 2)
        except (TypeError, ValueError, KeyError, IndexError, OverflowError) as error:
            raise DataError(
                f"{self.path}: person {person} of frame {frame} needs box_pos of 4 and pose_pos of 17 x 2 ({error})."
            ) from error
        xyxy = np.array([left, top, right, bottom])
        if not np.isfinite(xyxy).all() or right <= left or bottom <= top:
            return None
        if max(right - left, bottom - top, *np.abs(xyxy) / 2) > LARGEST_BOX:
            raise DataError(
                f"{self.path}: the box_pos of person {person} in frame {frame} reaches from ({left:g}, {top:g}) to "
                f"({right:g}, {bottom:g}), which is in no video's pixels; get the file again."
            )
        joints[(joints <= 0).all(axis=1)] = np.nan  # how the pose estimator said "not found"
        return AnnotatedBox(person, xyxy, joints)


def file_of(video: str, folder: Path, endings: Sequence[str]) -> Path | None:
    """The folder's file for a video: named VIDEO, or with VIDEO as a part of its name (000_VIDEO.mp4).

    Raises DataError where there are several to choose from.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in endings and path.is_file())
    named = [path for path in files if path.stem == video]
    part = re.compile(rf"(?<![A-Za-z0-9]){re.escape(video)}(?![A-Za-z0-9])")
    found = named or [path for path in files if part.search(path.stem)]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise DataError(f"{folder} has {names} for video {video}; leave one of them there.")
    return found[0] if found else None


@dataclass(frozen=True)
class VideoNote:
    """A video's line in the table: its title, and the id under which it was published."""

    title: str
    published_id: str


def read_video_table(path: Path) -> list[dict[str, str]]:
    """The published table of videos (columns File_name, Youtube_id, Original_title and others), a dictionary a line.

    Raises DataError where it cannot be read or has no such columns.
    """
    try:
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            rows = [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(file)]
    except (OSError, csv.Error) as error:
        raise DataError(f"Cannot read the table of videos {path} ({error}); check the path.") from error
    if not rows or not {"File_name", "Youtube_id"} <= set(rows[0]):
        raise DataError(f"{path} is no table of videos: its header should name File_name and Youtube_id.")
    return rows


def notes_on(videos: Iterable[str], table: Sequence[Mapping[str, str]]) -> dict[str, VideoNote]:
    """Video -> its line in the table, for those that have one."""
    return {
        video: VideoNote(row.get("Original_title", "").strip("_ ") or row.get("Song_name", ""), row["Youtube_id"])
        for video in videos
        for row in table
        if video == row["Youtube_id"] or Path(row["File_name"]).stem.endswith(video)
    }
