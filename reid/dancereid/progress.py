"""Which videos of a data set in the making are finished, so that a killed run continues after them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..data.crop_table import CropRow
from ..data.crops import DataError
from ..encoder.atomic_write import replace_text

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


class FolderProgress:
    """The record in the data set's folder: a line on how the data is made, then a line for each finished video.

    `finished` has these lines by video: {"video", "source": its entry in sources.json, "files": [the person's number in
    the video, number in the data set, the picture's name], "rows": those of the crops that crops.csv has}.

    Raises DataError where the folder's record is of data made in another way.
    """

    def __init__(self, folder: Path, recipe: Mapping[str, Any]) -> None:
        self.path = folder / PROGRESS
        self.recipe = json.loads(json.dumps(recipe))
        self.finished: dict[str, dict[str, Any]] = {}
        if not self.path.is_file():
            return
        try:
            whole = self.path.read_text(encoding="utf-8").rpartition("\n")[0]  # what follows was cut off by a kill
            lines = [record(line) for line in whole.split("\n") if line]
            self.finished = {line["video"]: line for line in lines[1:]}
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"{self.path} is damaged ({error}); name a new folder for the data set.") from error
        if lines and lines[0] != self.recipe:
            before, now = lines[0], self.recipe
            changed = sorted(key for key in before | now if before.get(key) != now.get(key))
            raise DataError(
                f"{self.path.parent} holds data made with another {' and '.join(changed)}; name a new folder for the "
                "data set, or give the same options to go on."
            )

    def begin(self) -> None:
        """Rewrite the record: how the data is made, and what was finished before."""
        lines = [self.recipe, *self.finished.values()]
        replace_text(self.path, "".join(json.dumps(line) + "\n" for line in lines))

    def finish(self, video: str, files: list[Any], rows: list[CropRow], source: dict[str, Any] | None) -> None:
        """Record one more video."""
        line = {"video": video, "source": source, "files": files, "rows": [asdict(row) for row in rows]}
        self.finished[video] = line
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def record(line: str) -> dict[str, Any]:
    """A line of the record. Raises ValueError where it is none."""
    content = json.loads(line)
    if not isinstance(content, dict):
        raise ValueError(f"{line[:60]!r} is no record")
    return content
