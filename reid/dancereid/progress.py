"""Which videos of a data set in the making are finished, so that a killed run goes on after them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..data.crop_table import CropRow
from ..data.crops import DataError

PROGRESS = ".progress.jsonl"


@dataclass(frozen=True)
class SourceVideo:
    """A video that crops were cut from: file, average frames per second, size of the upright picture, frames."""

    path: Path
    fps: float
    width: int
    height: int
    frames: int

    def as_json(self) -> dict[str, Any]:
        """Plain values, the path absolute."""
        return asdict(self) | {"path": str(self.path.absolute())}


@dataclass(frozen=True)
class Finished:
    """A finished video: its crops, those of them that crops.csv has (`rows`), and its entry in sources.json."""

    files: list[tuple[int, int, str]]
    """The person's number in the video, number in the data set, and the picture's name."""
    rows: list[CropRow]
    source: dict[str, Any] | None


class FolderProgress:
    """The record in the data set's folder: a line on how the data is made, then a line for each finished video.

    Raises DataError where the folder's record is of data made in another way.
    """

    def __init__(self, folder: Path, recipe: Mapping[str, Any]) -> None:
        self.path = folder / PROGRESS
        self.recipe = json.loads(json.dumps(recipe))
        self.finished: dict[str, Finished] = {}
        if self.path.is_file():
            self._load()

    def _load(self) -> None:
        whole = self.path.read_text(encoding="utf-8").rpartition("\n")[0]  # what follows was cut off by a kill
        try:
            lines = [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise DataError(f"{self.path} is damaged ({error}); name a new folder for the data set.") from error
        if lines and lines[0] != self.recipe:
            before, now = lines[0], self.recipe
            changed = sorted(key for key in before | now if before.get(key) != now.get(key))
            raise DataError(
                f"{self.path.parent} holds data made with another {' and '.join(changed)}; name a new folder for the "
                "data set, or give the same options to go on."
            )
        for line in lines[1:]:
            rows = [CropRow(**row) for row in line["rows"]]
            files = [(person, number, name) for person, number, name in line["files"]]
            self.finished[line["video"]] = Finished(files, rows, line["source"])

    def begin(self) -> None:
        """Write the record anew: how the data is made, and what was finished before."""
        lines = [self.recipe, *(self._line(video) for video in self.finished)]
        unfinished = self.path.with_name(PROGRESS + ".new")
        unfinished.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        unfinished.replace(self.path)

    def finish(self, video: str, finished: Finished) -> None:
        """Record one more video."""
        self.finished[video] = finished
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(self._line(video)) + "\n")

    def _line(self, video: str) -> dict[str, Any]:
        finished = self.finished[video]
        rows = [asdict(row) for row in finished.rows]
        return {"video": video, "source": finished.source, "files": finished.files, "rows": rows}
