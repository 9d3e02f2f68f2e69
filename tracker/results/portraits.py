"""Pictures of the people for the report: one to know each by, and poses spread over the video."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from ..drawing.label_layout import MIN_CONFIDENCE
from ..gallery import clear_views, shrunk
from ..types import Frame, FrameTracks

JPEG_QUALITY = 78


@dataclass(frozen=True, slots=True)
class PortraitOptions:
    """How many pictures are kept, and how large."""

    poses: int = 8
    """Maximum number of pictures of a person, spread over the video."""
    spacing: float = 0.5
    """Seconds between two looks at a person."""
    height: int = 176
    """Height of a picture in pixels; smaller crops stay as they are."""
    covered: float = 0.2
    """Maximum share of a person's box that another box covers."""
    margin: float = 0.08
    """What is shown around a person's box, as a share of its height."""
    people: int = 60
    """Maximum number of people with pictures, those seen most often."""
    poster: int = 640
    """Width of the poster in pixels."""


@dataclass(frozen=True, slots=True)
class Pose:
    """A person at a time in seconds, as a JPEG; `clarity` says how large and sharp it is.

    `facing` is whether nose and both eyes were found, where the detector gives keypoints.
    """

    time: float
    clarity: float
    facing: bool
    jpeg: bytes
    size: tuple[int, int]
    """Width and height in pixels."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person's pictures: the one to know the person by, and all in the order of time, that one too."""

    best: Pose
    poses: tuple[Pose, ...]


@dataclass
class _Album:
    """The pictures of one person so far."""

    poses: list[Pose] = field(default_factory=list)
    makeshift: Pose | None = None
    """The clearest picture in which the person is covered or cut off, as long as there is no other."""
    seen: int = 0
    looked: float = -np.inf
    glanced: float = -np.inf
    """When the last picture was taken, a clear one or not."""

    @property
    def pictures(self) -> list[Pose]:
        return self.poses or ([self.makeshift] if self.makeshift else [])


class Portraits:
    """A sink that keeps a few pictures of each person, as JPEG in memory, and the frame with the most people.

    Frames without a picture are passed over. People who touch the picture's border or are covered have to wait; one of
    whom there is no other view has one such picture.
    """

    def __init__(self, options: PortraitOptions | None = None) -> None:
        self._options = options or PortraitOptions()
        self._albums: dict[int, _Album] = {}
        self._most = 0
        self.poster: bytes | None = None
        """The first of the frames with the most people, as a JPEG; None where no frame had any."""

    def __enter__(self) -> Portraits:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Look at the people of one frame who are due."""
        if frame.image is None or not len(tracks):
            return
        if len(tracks) > self._most:
            self._most, self.poster = len(tracks), _jpeg(_at_most(frame.image, self._options.poster))
        due = [row for row, id in enumerate(tracks.ids.tolist()) if self._is_due(id, frame.time) and tracks.score[row]]
        if not due:
            return
        clear = clear_views(tracks.xyxy, due, self._options.covered)
        clear &= _inside(tracks.xyxy[due], frame.image)
        for row, whole in zip(due, clear.tolist(), strict=True):
            album = self._albums[int(tracks.ids[row])]
            if whole or (not album.poses and frame.time - album.glanced >= self._options.spacing):
                facing = tracks.keypoints is not None and _is_facing(tracks.keypoints[row])
                self._add(album, self._pose(frame, tracks.xyxy[row], facing), whole)
        if len(self._albums) > 2 * self._options.people:
            kept = sorted(self._albums, key=lambda id: -self._albums[id].seen)[: self._options.people]
            self._albums = {id: self._albums[id] for id in kept}

    def portraits(self) -> dict[int, Portrait]:
        """The pictures of the people who have any, by id; at most `people` of them, those seen most often."""
        pictured = [id for id, album in self._albums.items() if album.pictures]
        pictured = sorted(pictured, key=lambda id: -self._albums[id].seen)[: self._options.people]
        return {id: _portrait(self._albums[id].pictures) for id in sorted(pictured)}

    def _is_due(self, id: int, time: float) -> bool:
        album = self._albums.setdefault(id, _Album())
        album.seen += 1
        return time - album.looked >= self._options.spacing

    def _pose(self, frame: Frame, xyxy: np.ndarray, facing: bool) -> Pose:
        assert frame.image is not None
        picture = shrunk(_surrounded(frame.image, xyxy, self._options.margin), self._options.height)
        sharpness = float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_64F).std())
        clarity = sharpness * float(xyxy[3] - xyxy[1])
        height, width = picture.shape[:2]
        return Pose(frame.time, clarity, facing, _jpeg(picture), (width, height))

    def _add(self, album: _Album, pose: Pose, whole: bool) -> None:
        album.glanced = pose.time
        if not whole:
            if album.makeshift is None or pose.clarity > album.makeshift.clarity:
                album.makeshift = pose
            return
        album.looked = pose.time
        album.poses.append(pose)
        if len(album.poses) > self._options.poses:
            del album.poses[_most_dispensable(album.poses)]


def _most_dispensable(poses: list[Pose]) -> int:
    """Of the two neighbours that are closest in time, the less clear one."""
    first = int(np.argmin(np.diff([pose.time for pose in poses])))
    return first if poses[first].clarity < poses[first + 1].clarity else first + 1


def _portrait(poses: list[Pose]) -> Portrait:
    """The clearest picture of those that face the camera, or of all."""
    facing = [pose for pose in poses if pose.facing]
    return Portrait(max(facing or poses, key=lambda pose: pose.clarity), tuple(poses))


def _is_facing(keypoints: np.ndarray) -> bool:
    """Whether nose and eyes of COCO-17 keypoints (17, 3) were found, the nose between the eyes."""
    nose, left_eye, right_eye = keypoints[:3]
    found = min(nose[2], left_eye[2], right_eye[2]) > MIN_CONFIDENCE
    return bool(found and right_eye[0] < nose[0] < left_eye[0])  # the person's left is on the picture's right


def _inside(xyxy: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Which of the boxes (N, 4) end within the picture, (N,) bool: the others may be cut off."""
    height, width = image.shape[:2]
    return (xyxy[:, :2] > 1).all(axis=1) & (xyxy[:, 2] < width - 1) & (xyxy[:, 3] < height - 1)


def _surrounded(image: np.ndarray, xyxy: np.ndarray, margin: float) -> np.ndarray:
    """The box's part of the picture (H, W, 3) with some of what is around it."""
    around = margin * float(xyxy[3] - xyxy[1])
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(xyxy[:2] - around), 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.maximum(np.ceil(xyxy[2:] + around).astype(int), [left + 1, top + 1])
    return image[top:bottom, left:right]


def _at_most(image: np.ndarray, width: int) -> np.ndarray:
    """The picture, no wider than `width`."""
    if image.shape[1] <= width:
        return image
    size = width, max(1, round(image.shape[0] * width / image.shape[1]))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
