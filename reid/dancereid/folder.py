"""Writes crops in DanceReID's layout: images/, poses/, meta.json, splits.json, video.json, and their origin."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..data.crop_table import CROP_TABLE, CropRow, widened_height, write_crop_table
from ..data.crops import DataError
from .progress import PROGRESS, FolderProgress, SourceVideo

JPEG_QUALITY = 95
QUERY_EVERY = 4
"""Of a test person's crops every so many-th is a query, where `splits` says nothing else."""


@dataclass(frozen=True)
class CropDetails:
    """A crop's line in crops.csv beside its picture; the fields are those of `CropRow`."""

    time: float
    xyxy: np.ndarray
    score: float = 1.0
    tracklet: int = 0
    doubt: float = 0.0


class DanceReidFolder:
    """Takes crops in any order; leaving the `with` block, also early, writes the files that list them.

    People of `test` videos are query and gallery, the others are trained on, unless `splits` is set: what splits.json
    is to hold. People are numbered as they come, unless `numbers` gives all people's: (video, person) -> number; a
    person without crops leaves a hole in meta.json.

    By the `recipe` (plain values that say how the data is made) a killed run can be started again: what `finish` took
    stands in `finished` and is listed without being written again; what belongs to no finished video goes at the end.

    Raises DataError where the folder already holds files, other than those made with the same recipe.
    """

    def __init__(
        self,
        folder: Path,
        test: set[str] | None = None,
        *,
        recipe: Mapping[str, Any],
        numbers: Mapping[tuple[str, int], int] | None = None,
    ) -> None:
        if folder.is_dir() and any(folder.iterdir()) and not (folder / PROGRESS).is_file():
            raise DataError(f"{folder} already holds files; name a new folder for the data set.")
        self.folder, self.test, self.known = folder, test or set(), numbers
        self.splits: Sequence[Mapping[str, Any]] | None = None
        self.numbers: dict[tuple[str, int], int] = {}
        self.files: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.rows: dict[str, list[CropRow]] = defaultdict(list)
        self.sources: dict[str, dict[str, Any]] = {}
        self.progress = FolderProgress(folder, recipe)
        for video in self.finished:
            self._take(video)

    @property
    def finished(self) -> list[str]:
        """The videos that are finished, in the order they came."""
        return list(self.progress.finished)

    def __enter__(self) -> DanceReidFolder:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.progress.begin()  # first of all: without it a killed run's folder could not be gone on with
            for name in ("images", "poses"):
                (self.folder / name).mkdir(exist_ok=True)
        except OSError as error:
            raise DataError(f"Cannot make the folder {self.folder} ({error.strerror}); name another one.") from error
        return self

    def write(
        self,
        crop: np.ndarray,
        keypoints: np.ndarray,
        video: str,
        person: int,
        frame: int,
        details: CropDetails | None = None,
    ) -> str:
        """Add a crop (h, w, 3) uint8 BGR with keypoints (P, 2) in its pixels; `person` counts within the video.

        Returns the picture's name. Raises DataError where it cannot be written.
        """
        number = self._number(video, person)
        name = f"{number:04d}_{frame:06d}.jpg"
        path = self.folder / "images" / name
        if not cv2.imwrite(str(path), crop, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
            raise DataError(f"Cannot write {path}; is the disk full?")
        np.savetxt((self.folder / "poses" / name).with_suffix(".txt"), keypoints, fmt="%.1f")
        self.files[video, person].append(name)
        if details is not None:
            box = [round(float(value), 2) for value in details.xyxy]
            rest = (float(details.score), int(details.tracklet), float(details.doubt))
            row = CropRow(name, number, video, frame, float(details.time), (box[0], box[1], box[2], box[3]), *rest)
            self.rows[video].append(row)
        return name

    def finish(self, video: str, source: SourceVideo | None = None) -> None:
        """The video's crops are complete; `source` is its entry in sources.json."""
        if source is not None:
            self.sources[video] = source.as_json()
        people = {person: number for (of, person), number in self.numbers.items() if of == video}
        files = [(person, number, name) for person, number in people.items() for name in self.files[video, person]]
        self.progress.finish(video, files, self.rows[video], self.sources.get(video))

    def _number(self, video: str, person: int) -> int:
        if self.known is not None:
            self.numbers[video, person] = self.known[video, person]
        return self.numbers.setdefault((video, person), len(self.numbers))

    def _take(self, video: str) -> None:
        """Take over a finished video from the record."""
        line = self.progress.finished[video]
        for person, number, name in line["files"]:
            self.numbers[video, person] = number
            self.files[video, person].append(name)
        self.rows[video] = [CropRow(**row) for row in line["rows"]]
        if line["source"] is not None:
            self.sources[video] = line["source"]

    def _remove_unfinished(self) -> None:
        """Forget the videos that are not finished, and delete their crops."""
        finished = set(self.finished)
        for key in [key for key in self.numbers if key[0] not in finished]:
            del self.numbers[key]
            self.files.pop(key, None)
        kept = {Path(name).stem for names in self.files.values() for name in names}
        for part in ("images", "poses"):
            for path in (self.folder / part).iterdir():
                if path.stem not in kept:
                    path.unlink()

    def __exit__(self, *_: object) -> None:
        self._remove_unfinished()
        if self.finished:
            self._write_tables()
        else:
            self._remove_everything()

    def _remove_everything(self) -> None:
        for part in ("images", "poses"):
            shutil.rmtree(self.folder / part)
        (self.folder / PROGRESS).unlink()
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _write_tables(self) -> None:
        for name, content in (
            ("meta.json", {"identities": self._identities()}),
            ("splits.json", list(self.splits) if self.splits is not None else [self._split_by_video()]),
            ("video.json", videos := self._people_of_videos()),
            ("sources.json", {video: self.sources[video] for video in videos if video in self.sources}),
        ):
            if name != "sources.json" or content:
                (self.folder / name).write_text(json.dumps(content) + "\n")
        if rows := [row for video in videos for row in self.rows[video]]:
            write_crop_table(self.folder / CROP_TABLE, rows)

    def _identities(self) -> list[list[str]]:
        """Each person's files, at the index of the person's number."""
        numbers = self.known or self.numbers
        identities: list[list[str]] = [[] for _ in range(max(numbers.values(), default=-1) + 1)]
        for key, number in self.numbers.items():
            identities[number] = self.files[key]
        return identities

    def _people_of_videos(self) -> dict[str, list[int]]:
        videos: dict[str, list[int]] = defaultdict(list)
        for (video, _), number in sorted(self.numbers.items(), key=lambda entry: entry[1]):
            videos[video].append(number)
        return videos

    def _split_by_video(self) -> dict[str, list[int | str]]:
        split: dict[str, list[int | str]] = {"trainval": [], "query": [], "gallery": []}
        for (video, person), number in self.numbers.items():
            if video not in self.test:
                split["trainval"].append(number)
                continue
            files = self.files[video, person]
            query = set(files[::QUERY_EVERY])
            split["query"] += sorted(query)
            split["gallery"] += [name for name in files if name not in query]
        return split


def widened_crop(
    image: np.ndarray, xyxy: np.ndarray, keypoints: np.ndarray, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """A person's crop, the box widened to 1:2 and resized to (height, height / 2), and the joints in its pixels.

    image (H, W, 3) uint8, xyxy (4,) and keypoints (P, 2) in its pixels; what lies outside the picture repeats its edge.
    """
    centre = (xyxy[:2] + xyxy[2:]) / 2
    tall = widened_height(xyxy)
    scale = height / tall
    corner = centre - np.array([tall / 2, tall]) / 2
    moved = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    finer = max(1, round(1 / scale))  # warpAffine does not average where it shrinks, so that is done after it
    moved = finer * moved + np.array([[0, 0, 1], [0, 0, 1]]) * (finer - 1) / 2
    crop = cv2.warpAffine(
        image, moved, (height // 2 * finer, height * finer), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    crop = cv2.resize(crop, (height // 2, height), interpolation=cv2.INTER_AREA) if finer > 1 else crop
    return crop, (keypoints - corner) * scale
