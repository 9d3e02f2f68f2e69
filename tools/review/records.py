"""A data set's folder read into crop records: from crops.csv, or else from the lists DanceReID was published with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from reid.dancereid.progress import SourceVideo
from reid.data.crop_table import CROP_TABLE, CropRow, read_crop_table
from reid.data.dancereid import frame_of, names_in
from tracker.types import InputError

from .json_files import read_json_file
from .labelled_people import Columns

UNKNOWN_BOX = (math.nan,) * 4
USUAL_FPS = 30.0


@dataclass(frozen=True)
class DataSet:
    """What a folder holds. `videos` are the keys, in the order of video.json; `sources` has those whose video is known.

    The boxes of `crops` are `UNKNOWN_BOX` where the folder has no crops.csv.
    """

    folder: Path
    crops: tuple[CropRow, ...]
    videos: tuple[str, ...]
    sources: dict[str, SourceVideo]

    @cached_property
    def columns(self) -> Columns:
        """The crops as labels, in their order."""
        place = {video: number for number, video in enumerate(self.videos)}
        return Columns(
            np.array([crop.person for crop in self.crops], np.int32),
            np.array([place[crop.video] for crop in self.crops], np.int32),
            np.array([crop.frame for crop in self.crops], np.int64),
            np.array([crop.xyxy for crop in self.crops], float),
            np.array([crop.score for crop in self.crops], np.float32),
        )

    @property
    def names(self) -> dict[int, str]:
        """People of a data set have numbers only."""
        return {}

    @property
    def moment_keys(self) -> frozenset[str]:
        """A data set has no doubtful moments."""
        return frozenset()

    def fps(self, video: str) -> float:
        """Frames per second of a video; from the times of its crops where sources.json does not say."""
        if video in self.sources:
            return self.sources[video].fps
        rates = [crop.frame / crop.time for crop in self.crops if crop.video == video and crop.time > 0 < crop.frame]
        return rates[-1] if rates else USUAL_FPS

    def length(self, video: str) -> int:
        """Frames of a video, as far as is known."""
        length = self.sources[video].frames if video in self.sources else 0
        return max([length, *(crop.frame + 1 for crop in self.crops if crop.video == video)])


def read_data_set(folder: Path) -> DataSet:
    """The folder's crops. Raises InputError where it has none, DataError where its table is damaged."""
    if not folder.is_dir():
        raise InputError(f"there is no data folder {folder}; check the path")
    if (folder / CROP_TABLE).is_file():
        crops = _table(folder / CROP_TABLE)
    elif (folder / "meta.json").is_file():
        crops = list(_published_crops(folder))
    else:
        raise InputError(
            f"{folder} holds neither {CROP_TABLE} nor meta.json; name a folder made by `followspot dataset`"
        )
    if not crops:
        raise InputError(f"{folder} has no people: it lists no crops, so there is nothing to look through")
    _refuse_strange_names(folder, crops)
    videos = dict.fromkeys([*_listed_videos(folder), *(crop.video for crop in crops)])
    return DataSet(folder, tuple(crops), tuple(videos), _sources(folder))


def boxed(crop: CropRow) -> bool:
    """Whether it is known where in the source the crop was cut."""
    return all(map(math.isfinite, crop.xyxy))


def _table(path: Path) -> list[CropRow]:
    try:
        return read_crop_table(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def _published_crops(folder: Path) -> Iterator[CropRow]:
    path = folder / "meta.json"
    meta = read_json_file(path)
    identities = meta.get("identities") if isinstance(meta, dict) else None
    if not isinstance(identities, list):
        raise InputError(f"{path} is not as DanceReID's: it needs a list of each person's pictures under 'identities'")
    video_of = {person: video for video, people in _listed_videos(folder).items() for person in people}
    for person, names in enumerate(identities):
        for name in names_in(path, names):
            frame = frame_of(name)
            yield CropRow(name, person, video_of.get(person, ""), frame, frame / USUAL_FPS, UNKNOWN_BOX)


def _listed_videos(folder: Path) -> dict[str, list[int]]:
    """The people of each video, from video.json; none where there is no such file."""
    path = folder / "video.json"
    videos = read_json_file(path) if path.is_file() else {}
    if not isinstance(videos, dict) or not all(
        isinstance(people, list) and all(isinstance(person, int) for person in people) for people in videos.values()
    ):
        raise InputError(f"{path} is not as DanceReID's: it should be a list of people's numbers for each video")
    return videos


def _refuse_strange_names(folder: Path, crops: Iterable[CropRow]) -> None:
    seen: set[str] = set()
    for crop in crops:
        if Path(crop.image).name != crop.image or crop.image in ("", ".."):
            raise InputError(f"{folder} lists {crop.image!r}, which is no plain file name; such data is not opened")
        if crop.image in seen:
            raise InputError(f"{folder} lists {crop.image} twice; every crop needs a name of its own")
        seen.add(crop.image)


def _sources(folder: Path) -> dict[str, SourceVideo]:
    path = folder / "sources.json"
    if not path.is_file():
        return {}
    try:
        return {video: _source(facts) for video, facts in read_json_file(path).items()}
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{path} is no list of videos with path, fps, width, height, frames ({error!r})") from error


def _source(facts: Any) -> SourceVideo:
    size = int(facts["width"]), int(facts["height"])
    fps = float(facts["fps"])
    if not 0 < fps < math.inf:
        raise ValueError(f"fps {fps}")
    return SourceVideo(Path(facts["path"]), fps, *size, int(facts["frames"]))
