"""Any frame of a video on demand, quick when the next ones are the neighbours of the last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from tracker.types import InputError
from tracker.video.containers import open_container, video_stream
from tracker.video.image_sequence import IMAGE_SUFFIXES, images_in, images_matching, read_image
from tracker.video.mot_folder import SEQINFO, picture_frames, read_seqinfo
from tracker.video.sources import is_there
from tracker.video.tone_mapping import HIGH_DYNAMIC_RANGE, ToneMapper
from tracker.video.upright import Orientation
from tracker.video.video_reader import VideoReader

from .pictures import jpeg

KEPT_FRAMES = 200
BEFORE = 12
"""Frames before the wanted one that are kept too, when they are decoded on the way: for stepping back."""
READ_ON = 60
"""Frames ahead that are reached by reading on instead of jumping."""
JPEG_QUALITY = 88


class FrameStore:
    """The frames of one video as JPEG, by index from 0.

    Those wider than `widest` pixels are made smaller. `VideoReader` does not count frames that it cannot decode: by the
    `times` it gave, seconds by index, the same frame has the same index here. Safe to use from several threads. Raises
    InputError where the video is missing or damaged.
    """

    def __init__(self, path: Path, widest: int | None = None, times: Mapping[int, float] | None = None) -> None:
        self.path, self.widest = path, widest
        self.lock = threading.Lock()
        self.kept: OrderedDict[int, bytes] = OrderedDict()
        self.stamps = counted_stamps(path, times) if times else presentation_stamps(path)
        self.index_of = {stamp: index for index, stamp in enumerate(self.stamps)}
        self.container = open_container(path)
        self.stream = video_stream(self.container, path.name)
        self.stream.thread_type = "AUTO"
        self.decoded = self._pictures()
        self.next_index = 0
        self.tone_mapper = ToneMapper()

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
            self.tone_mapper.close()

    def _reach(self, index: int) -> None:
        if not self.next_index <= index <= self.next_index + READ_ON:
            self.container.seek(self.stamps[index], stream=self.stream, backward=True)
            self.decoded = self._pictures()
        for picture in self.decoded:
            found = self.index_of.get(picture.pts if picture.pts is not None else -1)
            if found is None:
                continue
            self.next_index = found + 1
            if found >= index - BEFORE:
                self._keep(found, picture)
            if found >= index:
                return
        self.next_index = len(self.stamps)  # there is nothing to read on from, so the next call jumps

    def _pictures(self) -> Iterator[VideoFrame]:
        """From here to the end, without those that cannot be decoded."""
        for packet in self.container.demux(self.stream):
            with suppress(av.FFmpegError):
                yield from self.stream.decode(packet)

    def _keep(self, index: int, picture: VideoFrame) -> None:
        if picture.color_trc in HIGH_DYNAMIC_RANGE:
            image = self.tone_mapper(picture, picture.width, picture.height)
        else:
            image = picture.to_ndarray(format="bgr24")
        upright = Orientation.of(picture).apply(image)
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
    if "://" in opened or is_there(opened):
        return None
    return f"the video is no longer at {opened}; put it back, or name it with --video"


def open_frames(
    opened: str, widest: int | None = None, times: Mapping[int, float] | None = None
) -> FrameStore | ImageStore:
    """The frames of what `open_source` opens, if they can be had in any order; `times` as `FrameStore` takes them.

    Raises InputError.
    """
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
        return FrameStore(path, widest, times)
    files = images_in(path) if path.is_dir() else [path] if path.is_file() else images_matching(opened)
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


def counted_stamps(path: Path, times: Mapping[int, float]) -> list[int]:
    """The stamps of the frames that `VideoReader` counted, by the times in seconds that it gave some of them.

    Those between lie on straight lines. Where not every frame has a stamp of its own near its time, all stamps count.
    """
    stamps = presentation_stamps(path)
    known = {0: 0.0} | {frame: time for frame, time in sorted(times.items()) if 0 <= frame < len(stamps)}
    with VideoReader(path) as reader, open_container(path) as container:
        start, unit = reader.audio_offset, float(video_stream(container, path.name).time_base or 1)
    seconds = np.array(stamps) * unit - start
    shown = np.interp(range(max(known) + 1), list(known), list(known.values()))
    places = np.searchsorted((seconds[1:] + seconds[:-1]) / 2, shown)
    if (np.diff(places) <= 0).any():
        return stamps
    return [stamps[place] for place in places] + stamps[places[-1] + 1 :]
