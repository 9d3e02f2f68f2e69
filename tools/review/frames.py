"""Any frame of a video on demand, quick when the next ones are the neighbours of the last."""

from __future__ import annotations

import glob
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from tracker.types import InputError
from tracker.video.containers import open_container, video_stream
from tracker.video.image_sequence import IMAGE_SUFFIXES, images_in, natural_order, read_image
from tracker.video.mot_folder import SEQINFO, picture_frames, read_seqinfo
from tracker.video.upright import Orientation

from .pictures import jpeg

KEPT_FRAMES = 200
BEFORE = 12
"""Frames before the wanted one that are kept too, when they are decoded on the way: for stepping back."""
READ_ON = 60
"""Frames ahead that are reached by reading on instead of jumping."""
JPEG_QUALITY = 88


class FrameStore:
    """The frames of one video as JPEG, by index from 0 as `tracker.video` counts them.

    Those wider than `widest` pixels are made smaller. Safe to use from several threads. Raises InputError where the
    video is missing or damaged.
    """

    def __init__(self, path: Path, widest: int | None = None) -> None:
        self.path, self.widest = path, widest
        self.lock = threading.Lock()
        self.kept: OrderedDict[int, bytes] = OrderedDict()
        self.stamps = presentation_stamps(path)
        self.index_of = {stamp: index for index, stamp in enumerate(self.stamps)}
        self.container = open_container(path)
        self.stream = video_stream(self.container, path.name)
        self.stream.thread_type = "AUTO"
        self.decoded: Iterator[VideoFrame] = self.container.decode(self.stream)
        self.next_index = 0

    def frame(self, index: int) -> bytes:
        """JPEG of the upright frame `index`. Raises InputError where there is none."""
        if not 0 <= index < len(self.stamps):
            raise InputError(f"{self.path.name} has frames 0 to {len(self.stamps) - 1}, not {index}")
        with self.lock:
            if index not in self.kept:
                self._reach(index)
            if index not in self.kept:
                raise InputError(f"frame {index} of {self.path.name} cannot be decoded; the video is damaged there")
            self.kept.move_to_end(index)
            return self.kept[index]

    def close(self) -> None:
        with self.lock:
            self.container.close()

    def _reach(self, index: int) -> None:
        if not self.next_index <= index <= self.next_index + READ_ON:
            self.container.seek(self.stamps[index], stream=self.stream, backward=True)
            self.decoded = self.container.decode(self.stream)
        while (picture := self._next_picture()) is not None:
            found = self.index_of.get(picture.pts if picture.pts is not None else -1)
            if found is None:
                continue
            self.next_index = found + 1
            if found >= index - BEFORE:
                self._keep(found, picture)
            if found >= index:
                return

    def _next_picture(self) -> VideoFrame | None:
        try:
            return next(self.decoded, None)
        except av.FFmpegError as error:
            raise InputError(f"{self.path.name} cannot be decoded any further ({error.strerror})") from error

    def _keep(self, index: int, picture: VideoFrame) -> None:
        upright = Orientation.of(picture).apply(picture.to_ndarray(format="bgr24"))
        self.kept[index] = jpeg(narrowed(upright, self.widest), JPEG_QUALITY)
        while len(self.kept) > KEPT_FRAMES:
            self.kept.popitem(last=False)


class ImageStore:
    """The same of images, by their frames."""

    def __init__(self, files: Mapping[int, Path], widest: int | None = None) -> None:
        self.files, self.widest = files, widest

    def frame(self, index: int) -> bytes:
        """JPEG of the image. Raises InputError where there is none."""
        image = read_image(self.files[index]) if index in self.files else None
        if image is None:
            raise InputError(f"there is no image for frame {index} that can be read")
        return jpeg(narrowed(image, self.widest), JPEG_QUALITY)

    def close(self) -> None:
        """Nothing is open."""


def absence(opened: str) -> str | None:
    """Why not a frame can be shown, where the file or folder that was opened is not there; None where it is."""
    elsewhere = "://" in opened or opened.isdecimal()  # a stream, a camera
    if elsewhere or Path(opened).exists() or any(glob.iglob(opened, recursive=True)):
        return None
    return f"the video is no longer at {opened}; put it back, or name it with --video"


def open_frames(opened: str, widest: int | None = None) -> FrameStore | ImageStore:
    """The frames of what `open_source` opens, if they can be had in any order. Raises InputError."""
    if absent := absence(opened):
        raise InputError(absent)
    path = Path(opened)
    length = None
    if path.is_dir() and (path / SEQINFO).is_file():
        info = read_seqinfo(path)
        videos = (path / info.image_folder, path / f"{info.name}.mp4")
        found = next((video for video in videos if video.is_file()), None)
        path, length = found or path / info.image_folder, info.length
    if path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES:
        return FrameStore(path, widest)
    files = images_in(path) if path.is_dir() else [path] if path.is_file() else []
    if not files and glob.has_magic(opened):
        matching = (Path(name) for name in glob.glob(opened, recursive=True))
        files = sorted((file for file in matching if file.suffix.lower() in IMAGE_SUFFIXES), key=natural_order)
    if not files:
        raise InputError(f"{opened} has no pictures that can be shown in any order; name its video with --video")
    frames = range(len(files)) if length is None else picture_frames(files, length)
    return ImageStore(dict(zip(frames, files, strict=True)), widest)


def narrowed(image: np.ndarray, widest: int | None) -> np.ndarray:
    """The image (H, W, 3), no wider than that."""
    height, width = image.shape[:2]
    if widest is None or width <= widest:
        return image
    return cv2.resize(image, (widest, max(1, round(height * widest / width))), interpolation=cv2.INTER_AREA)


def presentation_stamps(path: Path) -> list[int]:
    """The stamps of a video's frames in the order they are shown, without decoding. Raises InputError."""
    with open_container(path) as container:
        stream = video_stream(container, path.name)
        try:
            packets = [packet for packet in container.demux(stream) if packet.size and not packet.is_discard]
        except av.FFmpegError as error:
            raise InputError(f"{path.name} breaks off ({error.strerror})") from error
        stamps = {packet.pts for packet in packets if packet.pts is not None}
    if len(stamps) != len(packets):
        raise InputError(f"{path.name} has frames without time stamps of their own; convert it to MP4 to see them")
    return sorted(stamps)
