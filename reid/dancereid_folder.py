"""Writes crops in DanceReID's layout: images/, poses/, meta.json, splits.json, video.json."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from .crops import DataError


class DanceReidFolder:
    """Takes crops in any order; leaving the `with` block, also early, writes the files that list them.

    People of `test` videos are query (their first `query_share` of crops, spread evenly) and gallery, the others are
    trained on. Raises DataError where the folder already holds files.
    """

    def __init__(self, folder: Path, test: set[str], query_share: float = 0.25) -> None:
        if folder.is_dir() and any(folder.iterdir()):
            raise DataError(f"{folder} already holds files; name a new folder for the data set.")
        self.folder, self.test, self.query_share = folder, test, query_share
        self.files: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.numbers: dict[tuple[str, int], int] = {}

    def __enter__(self) -> DanceReidFolder:
        (self.folder / "images").mkdir(parents=True, exist_ok=True)
        (self.folder / "poses").mkdir(exist_ok=True)
        return self

    def write(self, crop: np.ndarray, keypoints: np.ndarray, video: str, person: int, frame: int) -> None:
        """Add a crop (h, w, 3) uint8 BGR with keypoints (P, 2) in its pixels; `person` counts within the video."""
        number = self.numbers.setdefault((video, person), len(self.numbers))
        stem = f"{number:04d}_{frame:06d}"
        cv2.imwrite(str(self.folder / "images" / f"{stem}.jpg"), crop, [cv2.IMWRITE_JPEG_QUALITY, 95])
        np.savetxt(self.folder / "poses" / f"{stem}.txt", keypoints, fmt="%.1f")
        self.files[video, person].append(f"{stem}.jpg")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        videos: dict[str, list[int]] = defaultdict(list)
        split: dict[str, list[int | str]] = {"trainval": [], "query": [], "gallery": []}
        for (video, person), number in self.numbers.items():
            videos[video].append(number)
            if video not in self.test:
                split["trainval"].append(number)
                continue
            files = self.files[video, person]
            query = set(files[:: max(1, round(1 / self.query_share))])
            split["query"] += sorted(query)
            split["gallery"] += [name for name in files if name not in query]
        identities = [self.files[key] for key in self.numbers]
        for name, content in (
            ("meta.json", {"identities": identities}),
            ("splits.json", [split]),
            ("video.json", videos),
        ):
            (self.folder / name).write_text(json.dumps(content) + "\n")


def widened_crop(
    image: np.ndarray, xyxy: np.ndarray, keypoints: np.ndarray, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """A person's crop widened to 1:2 around her box and resized to (height, height / 2), and her joints in its pixels.

    image (H, W, 3) uint8, xyxy (4,) and keypoints (P, 2) in its pixels; what lies outside the picture repeats its edge.
    """
    centre, size = (xyxy[:2] + xyxy[2:]) / 2, xyxy[2:] - xyxy[:2]
    tall = max(size[1], 2 * size[0], 2.0)
    scale = height / tall
    corner = centre - np.array([tall / 2, tall]) / 2
    moved = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    smoothing = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    crop = cv2.warpAffine(image, moved, (height // 2, height), flags=smoothing, borderMode=cv2.BORDER_REPLICATE)
    return crop, (keypoints - corner) * scale
