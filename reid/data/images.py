"""Crops from disk to batches of tensors; every picture is read once before training starts, and kept if it fits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ..encoder.resize import resize
from .crops import Crop, DataError
from .landmarks import has_landmarks
from .picture_file import decoded
from .sampling import BatchIndices

Item = TypeVar("Item")
Result = TypeVar("Result")

ENDINGS = {b"\xff\xd8": b"\xff\xd9", b"\x89PNG": b"IEND"}  # how JPEG and PNG files begin and end
NO_JOINTS = np.zeros((0, 2), np.float32)
Loaded = tuple[np.ndarray, np.ndarray]  # what `load` returns
TAIL = 4096  # some programs write something of their own after the end
FIND_JOINTS = "followspot dataset poses FOLDER --pose-model yolo11n-pose.pt"
AHEAD = 256  # pictures that are read ahead of their use


def read_image(path: Path) -> np.ndarray | None:
    """(h, w, 3) uint8 BGR, or None where the file is no picture or only the beginning of one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    ending = next((end for start, end in ENDINGS.items() if content.startswith(start)), b"")
    if not content or ending not in content[-TAIL:]:
        return None
    return decoded(content)


def read_crop(crop: Crop) -> np.ndarray | None:
    """The part of the crop's picture that is used, (h, w, 3) uint8 BGR; None where it is no picture."""
    image = read_image(crop.path)
    return None if image is None else used_part(image, crop)[0]


def used_part(image: np.ndarray, crop: Crop) -> tuple[np.ndarray, np.ndarray]:
    """The part of the crop's picture (h, w, 3) that is used, and its upper left corner (2,) in it."""
    size = np.array([image.shape[1], image.shape[0]])
    keep = np.maximum(np.round(size * crop.inside), 1).astype(int)
    left, top = (size - keep) // 2
    return image[top : top + keep[1], left : left + keep[0]], np.array([left, top], np.float32)


def read_ahead(read: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`read` of each item, in order, by several threads, at most `AHEAD` of them before they are asked for."""
    with ThreadPoolExecutor() as threads:
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(threads.submit(read, item))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def readable(crops: Sequence[Crop]) -> tuple[list[Crop], list[Path]]:
    """The crops whose pictures can be read, and the other pictures. Raises DataError where none can be."""
    bad = unreadable_rows(crops)
    return without(crops, bad), [crops[row].path for row in bad]


def unreadable_rows(crops: Sequence[Crop]) -> list[int]:
    """Rows of the crops whose pictures cannot be read. Raises DataError where none can be."""
    good = read_ahead(lambda crop: read_image(crop.path) is not None, crops)
    return not_all(crops, [row for row, fine in enumerate(good) if not fine])


def not_all(crops: Sequence[Crop], unreadable: list[int]) -> list[int]:
    """The unreadable rows. Raises DataError where they are all."""
    if crops and len(unreadable) == len(crops):
        raise DataError(f"No picture of {len(crops)}, such as {crops[0].path}, can be read.")
    return unreadable


def without(crops: Sequence[Item], rows: Iterable[int]) -> list[Item]:
    """The crops but for those of some rows."""
    left_out = set(rows)
    return [crop for row, crop in enumerate(crops) if row not in left_out]


def require_keypoints(crops: Sequence[Crop]) -> int:
    """The number of joints. Raises DataError where crops lack landmarks (how many, and the first few names)."""
    advice = f"find joints with `{FIND_JOINTS}`, or choose a recipe without poses."
    missing = [crop.path.name for crop in crops if crop.keypoints is None]
    if missing:
        names = ", ".join(missing[:3])
        raise DataError(f"{len(missing)} of {len(crops)} training crops have no landmarks (first: {names}); {advice}")
    if crops and not any(map(has_landmarks, crops)):
        raise DataError(f"None of the {len(crops)} training crops has a known joint; {advice}")
    first_of = {len(crop.keypoints): crop.path.name for crop in reversed(crops) if crop.keypoints is not None}
    if len(first_of) != 1:
        examples = ", ".join(f"{joints} of {name}" for joints, name in sorted(first_of.items()))
        raise DataError(f"The crops' landmarks have different numbers of joints ({examples}); they must agree.")
    return next(iter(first_of))


class CropImages(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Crops at one size: picture (3, H, W) uint8 RGB and keypoints (P, 2) in its pixels.

    P is 0 unless all crops have equally many: data sets of different landmarks may be mixed where none are needed.

    Pictures are read from disk each time they are asked for, or once where they are kept in memory (`open_images`).
    Where a picture can no longer be read, another one of the person stands in, and `lost` (N,), which all processes
    share, marks it. Raises DataError where none of the person's can be read.
    """

    def __init__(self, crops: Sequence[Crop], height: int, width: int, kept: KeptPictures | None = None) -> None:
        self.crops, self.height, self.width, self.kept = crops, height, width, kept
        self.posed = len({None if crop.keypoints is None else len(crop.keypoints) for crop in crops}) == 1
        self.lost = torch.zeros(len(crops), dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
        crop = self.crops[row]
        loaded = self.kept[row] if self.kept else load(crop, self.height, self.width)
        if loaded is None:
            self.lost[row] = True
            crop, loaded = self.another_of(crop)
        rgb, (corner, scale) = loaded
        keypoints = (crop.keypoints - corner) * scale if self.posed and crop.keypoints is not None else NO_JOINTS
        return torch.from_numpy(rgb), torch.from_numpy(keypoints)

    def another_of(self, crop: Crop) -> tuple[Crop, Loaded]:
        """The first crop of the same person that can be read, and what is read of it."""
        for other in self.crops:
            if other.person == crop.person and (loaded := load(other, self.height, self.width)) is not None:
                return other, loaded
        raise DataError(f"The picture {crop.path} and all others of the person can no longer be read; check the disk.")


class KeptPictures:
    """N crops in memory as `load` reads them: pictures (N, 3, H, W), places (N, 2, 2); `there` (N,): could be read."""

    def __init__(self, pictures: np.ndarray, places: np.ndarray, there: np.ndarray) -> None:
        self.pictures, self.places, self.there = pictures, places, there

    @classmethod
    def read(cls, crops: Sequence[Crop], height: int, width: int) -> KeptPictures:
        """Read the crops, each once, in several threads."""
        pictures = np.zeros((len(crops), 3, height, width), np.uint8)
        places, there = np.zeros((len(crops), 2, 2), np.float32), np.zeros(len(crops), bool)
        for row, loaded in enumerate(read_ahead(lambda crop: load(crop, height, width), crops)):
            if loaded is not None:
                pictures[row], places[row] = loaded
                there[row] = True
        return cls(pictures, places, there)

    def __getitem__(self, row: int) -> Loaded | None:
        return (self.pictures[row], self.places[row]) if self.there[row] else None

    def of_readable(self) -> KeptPictures:
        """Those of the N that could be read."""
        there = self.there
        return self if there.all() else KeptPictures(self.pictures[there], self.places[there], there[there])


def load(crop: Crop, height: int, width: int) -> Loaded | None:
    """The crop at one size, (3, H, W) uint8 RGB, and where it lies in its picture, (2, 2) float32: the corner (x, y) of
    the part that is used, and the size of the result by that of the part. None where the picture cannot be read."""
    image = read_image(crop.path)
    if image is None:
        return None
    image, corner = used_part(image, crop)
    scale = np.array([width / image.shape[1], height / image.shape[0]], np.float32)
    rgb = np.ascontiguousarray(resize(image, height, width)[..., ::-1].transpose(2, 0, 1))
    return rgb, np.stack([corner, scale])


def open_images(
    crops: Sequence[Crop], height: int, width: int, memory: float, skipped: list[int] | None = None
) -> tuple[CropImages, list[int]]:
    """The crops but for the rows `skipped`, by default those that cannot be read, which are returned as well.

    The pictures are kept where they fit into `memory` (bytes). Raises DataError where none can be read.
    """
    if len(crops) * 3 * height * width > memory:
        skipped = unreadable_rows(crops) if skipped is None else skipped
        return CropImages(without(crops, skipped), height, width), skipped
    if skipped is not None:
        crops = without(crops, skipped)
        return CropImages(crops, height, width, KeptPictures.read(crops, height, width)), skipped
    kept = KeptPictures.read(crops, height, width)
    skipped = not_all(crops, np.flatnonzero(~kept.there).tolist())
    return CropImages(without(crops, skipped), height, width, kept.of_readable()), skipped


@dataclass(frozen=True)
class LoadedBatch:
    """A batch's indices, pictures (N, 3, H, W) uint8 RGB and keypoints (N, P, 2) in their pixels."""

    indices: BatchIndices
    pictures: torch.Tensor
    keypoints: torch.Tensor


def load_batches(images: CropImages, batches: Sequence[BatchIndices], workers: int) -> Iterator[LoadedBatch]:
    """The batches one after another; `workers` processes read ahead."""
    rows = [indices.index.tolist() for indices in batches]
    loader = DataLoader(images, batch_sampler=rows, num_workers=workers, collate_fn=as_arrays)
    try:
        for indices, arrays in zip(batches, loader, strict=True):
            pictures, keypoints = (torch.from_numpy(array) for array in arrays)
            if torch.cuda.is_available():
                pictures, keypoints = pictures.pin_memory(), keypoints.pin_memory()
            yield LoadedBatch(indices, pictures, keypoints)
    except DataError as error:  # from another process it comes with that process's traceback in front
        error.__traceback__ = None  # which holds on to that process; when it is collected, it is waited for by seconds
        name = f"{DataError.__module__}.{DataError.__qualname__}: "
        raise DataError(str(error).strip().splitlines()[-1].removeprefix(name)) from error


def as_arrays(samples: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> tuple[np.ndarray, ...]:
    """A batch's pictures and keypoints as arrays, which a reading process sends through its pipe.

    A tensor's memory is handed over by a socket in the temporary folder; where that folder's path is longer than a
    socket's may be (107 bytes), the batch never comes, and training waits for ever.
    """
    return tuple(np.stack([part.numpy() for part in parts]) for parts in zip(*samples, strict=True))


def picture_of(crop: Crop) -> np.ndarray:
    """`read_crop`, where a picture is expected. Raises DataError where it cannot be read."""
    picture = read_crop(crop)
    if picture is None:
        raise DataError(f"The picture {crop.path} cannot be read; take it out of the data.")
    return picture
