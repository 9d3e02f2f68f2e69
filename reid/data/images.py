"""Crops from disk to batches of tensors; every picture is read once before training starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ..encoder.resize import resize
from .crops import Crop, DataError
from .sampling import BatchIndices

ENDINGS = {b"\xff\xd8": b"\xff\xd9", b"\x89PNG": b"IEND"}  # how JPEG and PNG files begin and end
NO_JOINTS = np.zeros((0, 2), np.float32)
TAIL = 4096  # some programs write something of their own after the end


def read_image(path: Path) -> np.ndarray | None:
    """(h, w, 3) uint8 BGR, or None where the file is no picture or only the beginning of one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    ending = next((end for start, end in ENDINGS.items() if content.startswith(start)), b"")
    if not content or ending not in content[-TAIL:]:
        return None
    image: np.ndarray | None = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return image


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


def readable(crops: Sequence[Crop]) -> tuple[list[Crop], list[Path]]:
    """The crops whose pictures can be read, and the other pictures. Raises DataError where none can be."""
    with ThreadPoolExecutor() as threads:
        good = list(threads.map(lambda crop: read_image(crop.path) is not None, crops))
    kept = [crop for crop, fine in zip(crops, good, strict=True) if fine]
    skipped = [crop.path for crop, fine in zip(crops, good, strict=True) if not fine]
    if crops and not kept:
        raise DataError(f"None of the {len(crops)} pictures such as {crops[0].path} can be read.")
    return kept, skipped


def require_keypoints(crops: Sequence[Crop]) -> int:
    """The number of joints. Raises DataError where crops lack landmarks (how many, and the first few names)."""
    missing = [crop.path.name for crop in crops if crop.keypoints is None]
    if missing:
        names = ", ".join(missing[:3])
        raise DataError(
            f"{len(missing)} of {len(crops)} training crops have no landmarks (first: {names}); add them, or choose a "
            "recipe without poses."
        )
    first_of = {len(crop.keypoints): crop.path.name for crop in reversed(crops) if crop.keypoints is not None}
    if len(first_of) != 1:
        examples = ", ".join(f"{joints} of {name}" for joints, name in sorted(first_of.items()))
        raise DataError(f"The crops' landmarks have different numbers of joints ({examples}); they must agree.")
    return next(iter(first_of))


class CropImages(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Crops at one size: picture (3, H, W) uint8 RGB and keypoints (P, 2) in its pixels.

    P is 0 unless all crops have equally many: data sets of different landmarks may be mixed where none are needed.

    Where a picture can no longer be read, another one of the person stands in, and `lost` (N,), which all processes
    share, marks it. Raises DataError where none of the person's can be read.
    """

    def __init__(self, crops: Sequence[Crop], height: int, width: int) -> None:
        self.crops, self.height, self.width = crops, height, width
        self.posed = len({None if crop.keypoints is None else len(crop.keypoints) for crop in crops}) == 1
        self.lost = torch.zeros(len(crops), dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
        crop = self.crops[row]
        image = read_image(crop.path)
        if image is None:
            self.lost[row] = True
            crop, image = self.another_of(crop)
        image, corner = used_part(image, crop)
        scale = np.array([self.width / image.shape[1], self.height / image.shape[0]], np.float32)
        rgb = np.ascontiguousarray(resize(image, self.height, self.width)[..., ::-1].transpose(2, 0, 1))
        keypoints = (crop.keypoints - corner) * scale if self.posed and crop.keypoints is not None else NO_JOINTS
        return torch.from_numpy(rgb), torch.from_numpy(keypoints)

    def another_of(self, crop: Crop) -> tuple[Crop, np.ndarray]:
        """The first crop of the same person that can be read, and its picture."""
        for other in self.crops:
            if other.person == crop.person and (image := read_image(other.path)) is not None:
                return other, image
        raise DataError(f"The picture {crop.path} and all others of the person can no longer be read; check the disk.")


def load_batches(
    images: CropImages, batches: Sequence[BatchIndices], workers: int
) -> Iterator[tuple[BatchIndices, torch.Tensor, torch.Tensor]]:
    """Each batch's indices, pictures (N, 3, H, W) uint8 RGB and keypoints (N, P, 2); `workers` processes read ahead."""
    rows = [indices.index.tolist() for indices in batches]
    loader = DataLoader(images, batch_sampler=rows, num_workers=workers, collate_fn=as_arrays)
    try:
        for indices, arrays in zip(batches, loader, strict=True):
            pictures, keypoints = (torch.from_numpy(array) for array in arrays)
            if torch.cuda.is_available():
                pictures, keypoints = pictures.pin_memory(), keypoints.pin_memory()
            yield indices, pictures, keypoints
    except DataError as error:  # from another process it comes with that process's traceback in front
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
