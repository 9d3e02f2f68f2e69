"""Pictures in files, and frames without any, as sources of frames."""

from __future__ import annotations

import glob
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ..picture_file import decoded
from ..types import Frame, InputError
from .containers import MAX_FPS
from .source import Source

MIN_FPS = 0.01
"""Images a second at least."""

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})


def natural_order(path: Path) -> list[tuple[int, str]]:
    """Sorting key that puts img2 before img10: numbers by value, the rest by letter."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", str(path))]


def images_in(folder: Path) -> list[Path]:
    """The folder's image files in natural order; hidden files are left out."""
    return _images(path for path in folder.iterdir() if path.name[0] != ".")


def images_matching(pattern: str) -> list[Path]:
    """The image files that a pattern matches in natural order."""
    return _images(files_matching(pattern))


def files_matching(pattern: str) -> Iterator[Path]:
    """What a pattern matches; ** stands for folders however deep. Brackets in the name of a folder are no pattern."""
    folder = next(folder for folder in Path(pattern).parents if os.path.isdir(folder))  # at last the current one
    names = glob.iglob(str(Path(pattern).relative_to(folder)), root_dir=folder, recursive=True)
    return (folder / name for name in names)


def _images(files: Iterable[Path]) -> list[Path]:
    return sorted((file for file in files if file.suffix.lower() in IMAGE_SUFFIXES), key=natural_order)


def read_image(path: Path) -> np.ndarray | None:
    """(H, W, 3) uint8 BGR, turned upright as its EXIF says, or None where the file holds no image."""
    try:
        return decoded(path.read_bytes())  # cv2.imread knows only ASCII names on Windows
    except OSError:
        return None


class ImageSequence(Source):
    """Image files as the frames of a video, `fps` of them a second, in the order given.

    The n-th file is frame n, unless `frames` tells the frame of each, rising from 0, and `length` how many there
    should be. A file that cannot be read is left out; the others keep their place and time. `warning` counts those
    that are left out, and frames without a file. Raises InputError where no file is an image, for a frame rate that no
    video has, and while reading where one has another size than the first.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        name: str,
        fps: float = 30.0,
        vid_stride: int = 1,
        frames: Sequence[int] | None = None,
        length: int = 0,
    ) -> None:
        super().__init__(vid_stride)
        if not MIN_FPS <= fps <= MAX_FPS:
            between = f"it must lie between {MIN_FPS:g} and {MAX_FPS:g}"
            raise InputError(f"{name}: {fps:g} images a second is not a frame rate; {between}")
        self.name = name
        self.fps = fps / vid_stride
        files = dict(zip(range(len(paths)) if frames is None else frames, paths, strict=True))
        self._files = {index: path for index, path in files.items() if index % vid_stride == 0}
        self._image_fps = fps
        self._unreadable: list[Path] = []
        first = next((image for image in map(read_image, paths) if image is not None), None)
        if first is None:
            raise InputError(f"{name}: no file of {len(paths)} is an image that can be read")
        self.height, self.width = first.shape[:2]
        self._indices = range(0, max(length, *(index + 1 for index in files)), vid_stride)
        self.frame_count = len(self._indices)

    @property
    def warning(self) -> str | None:
        said = []
        there, wanted = len(self._files), len(self._indices)
        if there < wanted:
            missing = next(index for index in self._indices if index not in self._files)
            said.append(f"{there} of {wanted} images are there, the first one missing is that of frame {missing + 1}")
        if self._unreadable:
            files = "1 image" if len(self._unreadable) == 1 else f"{len(self._unreadable)} images"
            said.append(f"{files} could not be read and left out, the first {self._unreadable[0].name}")
        return f"{self.name}: {'; '.join(said)}" if said else None

    def __iter__(self) -> Iterator[Frame]:
        self._unreadable.clear()
        for index, path in self._files.items():
            image = read_image(path)
            if image is None:
                self._unreadable.append(path)
                continue
            if image.shape[:2] != (self.height, self.width):
                size = f"{image.shape[1]}x{image.shape[0]}"
                raise InputError(
                    f"{path} is {size} but the first image is {self.width}x{self.height}; "
                    "the images of a sequence must have one size"
                )
            yield Frame(index, index / self._image_fps, image)


class BlankSequence(Source):
    """Frames without pictures, for a sequence of which there are boxes only: `image` is None in each."""

    def __init__(self, frames: int, *, name: str, width: int, height: int, fps: float, vid_stride: int = 1) -> None:
        super().__init__(vid_stride)
        self.name, self.width, self.height = name, width, height
        self.fps = fps / vid_stride
        self.frame_count = math.ceil(frames / vid_stride)
        self._indices = range(0, frames, vid_stride)
        self._frame_fps = fps

    def __iter__(self) -> Iterator[Frame]:
        for index in self._indices:
            yield Frame(index, index / self._frame_fps, None)
