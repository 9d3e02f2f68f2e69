"""`followspot dataset stage`: crops of rendered dancers with exact poses, as a data set for training re-ID."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reid.dancereid.folder import CropDetails, DanceReidFolder

from .dataset.scene_crops import FPS, KEPT_EVERY, SceneCrop, cut_scene
from .renderer.options import StageOptions
from .renderer.workers import in_processes
from .run.checks import require_at_least
from .run.interruption import Interruption
from .run.output import say
from .run.progress import progress


@dataclass(frozen=True)
class DatasetStageCommand:
    """Render scenes and cut their dancers out, in DanceReID's layout; the last scenes are kept for evaluation.

    The same options give the same bytes, however many processes render. Run the same command again after a stop: the
    finished scenes stay.
    """

    out: Path
    """Folder for the data set: a new one, or that of a stopped run."""
    scenes: int = 8
    """Scenes to train on, each with people of its own."""
    test_scenes: int = 4
    """Further scenes for query and gallery."""
    dancers: int = 5
    """Dancers in a scene, two of them in near-identical costumes."""
    seconds: float = 40.0
    """Length of a scene."""
    height: int = 128
    """Height of the crops in pixels; they are half as wide."""
    min_visible: float = 0.5
    """Crops of dancers less visible than this are left out."""
    seed: int = 0
    """Seed of the first scene; the others follow it."""
    processes: int = 0
    """Scenes rendered at once; 0: one a core."""

    def run(self) -> None:
        """Raises InputError or DataError for invalid options, or a folder that holds something else."""
        self.check()
        names = [f"scene{number:03d}" for number in range(self.scenes + self.test_scenes)]
        with (
            DanceReidFolder(self.out, test=set(names[self.scenes :]), recipe=self.recipe()) as folder,
            Interruption() as interruption,
        ):
            left = {name: self.options(number) for number, name in enumerate(names) if name not in folder.finished}
            cut = partial(cut_scene, height=self.height)
            rendered = in_processes(cut, list(left.values()), self.processes, interruption)
            scenes = zip(left, rendered, strict=False)  # fewer are rendered where a stop was asked for
            for name, crops in progress(scenes, len(left), "scenes", "scenes"):
                write(folder, name, crops)
            done, files = len(folder.finished), sum(map(len, folder.files.values()))
        if done < len(names):
            say(f"stopped; {done} of {len(names)} scenes are finished, the same command goes on")
        else:
            say(f"{self.out}: {files} crops of {len(folder.numbers)} people in {done} scenes")

    def check(self) -> None:
        """Raises InputError for an invalid number."""
        for name, least in (("scenes", 1), ("test_scenes", 0), ("height", 2), ("processes", 0)):
            require_at_least(least, name.replace("_", "-"), getattr(self, name))
        self.options(0)

    def options(self, number: int) -> StageOptions:
        """The scene, rendered only at the frames that are kept."""
        return StageOptions(
            dancers=self.dancers,
            twins=min(2, self.dancers),
            seconds=self.seconds,
            fps=FPS / KEPT_EVERY,
            seed=self.seed + number,
            audio=False,
            min_visible=self.min_visible,
        )

    def recipe(self) -> dict[str, Any]:
        """What the data follows from."""
        chosen = {name: value for name, value in asdict(self).items() if name not in ("out", "processes")}
        return {"command": "dataset stage"} | chosen


def write(folder: DanceReidFolder, scene: str, crops: list[SceneCrop]) -> None:
    """Add a whole scene to the data set."""
    for crop in crops:
        details = CropDetails(crop.time, crop.xyxy, tracklet=crop.person)
        folder.write(crop.image, crop.joints, scene, crop.person, crop.frame, details)
    folder.finish(scene)
