"""`followspot dataset stage`: crops of rendered dancers with exact poses, as a data set for training re-ID."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import arg

from models.limits import LARGEST_SIDE
from reid.dancereid.folder import CropDetails, DanceReidFolder

from .dataset.scene_crops import FPS, CutOptions, SceneCrop, cut_scene
from .dataset.stage_sizes import SIZES, Size
from .renderer.options import Realism, StageOptions
from .renderer.workers import in_processes
from .run.checks import require_at_least, require_between
from .run.help import Advanced
from .run.interruption import Interruption
from .run.output import count, say
from .run.progress import progress

ALWAYS_STORED = ("scenes", "test_scenes", "dancers", "seconds", "height", "min_visible", "seed")


@dataclass(frozen=True)
class DatasetStageCommand:
    """Render scenes and cut their dancers out, in DanceReID's layout; the last scenes are kept for evaluation.

    The same options give the same bytes, however many processes render. Run the same command again after a stop: the
    finished scenes stay.
    """

    out: Path
    """Folder for the data set: a new one, or that of a stopped run."""
    size: Size = "custom"
    """A named data set: it sets the options that are not given, or given as their defaults."""
    scenes: int = 8
    """Scenes to train on, each with people of its own."""
    test_scenes: int = 4
    """Further scenes for query and gallery."""
    dancers: int = 5
    """Dancers in a scene."""
    people: int = 0
    """People to train on in all, spread over the scenes; 0: as many as --dancers makes."""
    test_people: int = 0
    """People in the test scenes in all; 0: as many as --dancers makes."""
    twins: int = 2
    """Dancers of a scene in near-identical costumes."""
    seconds: float = 40.0
    """Length of a scene."""
    every: int = 5
    """Keep one in so many frames, of 25 a second."""
    cuts: Annotated[int, Advanced] = 0
    """Cuts to another camera in a scene."""
    width: Annotated[int, Advanced] = 1280
    """Width of the scenes' pictures, 16:9; smaller ones are faster."""
    height: int = 128
    """Height of the crops in pixels; they are half as wide."""
    min_visible: float = 0.5
    """Crops of dancers less visible than this are left out."""
    box_noise: float = 0.0
    """Errors of the boxes: 1 as of a detector for dance, 2 as of a general one."""
    realism: Annotated[Realism, arg(name="")] = field(default_factory=Realism)
    seed: int = 0
    """Seed of the first scene; the others follow it."""
    processes: int = 0
    """Scenes rendered at once; 0: one a core."""

    def run(self) -> None:
        """Raises InputError or DataError for invalid options, or a folder that holds something else."""
        sized(self).render()

    def render(self) -> None:
        """`run`, with all options as they stand."""
        self.check()
        names = [f"scene{number:03d}" for number in range(self.scenes + self.test_scenes)]
        with (
            DanceReidFolder(self.out, test=set(names[self.scenes :]), recipe=self.recipe()) as folder,
            Interruption() as interruption,
        ):
            left = {name: self.scene(number) for number, name in enumerate(names) if name not in folder.finished}
            rendered = in_processes(cut_scene, list(left.values()), self.processes, interruption)
            scenes = zip(left, rendered, strict=False)  # fewer are rendered where a stop was asked for
            for name, crops in progress(scenes, len(left), "scenes", "scenes"):
                write(folder, name, crops)
            done, files = len(folder.finished), sum(map(len, folder.files.values()))
            if done < len(names):
                say(f"stopped after {done} of {len(names)} scenes; the same command goes on")
        people = count(len(folder.numbers), "person", "people")
        say(f"{self.out}: {count(files, 'crop')} of {people} in {count(done, 'scene')}")

    def check(self) -> None:
        """Raises InputError for an invalid number."""
        least = {"scenes": 1, "test_scenes": 0, "processes": 0, "every": 1, "box_noise": 0}
        least |= {
            "people": self.scenes if self.people else 0,
            "test_people": self.test_scenes if self.test_people else 0,
        }
        for name, value in least.items():
            require_at_least(value, name.replace("_", "-"), getattr(self, name))
        require_between(2, LARGEST_SIDE, "height", self.height)
        for number in range(self.scenes + self.test_scenes):
            self.scene(number)

    def scene(self, number: int) -> tuple[StageOptions, CutOptions]:
        """The scene, rendered only at the frames that are kept, and how it is cut."""
        dancers = self.dancers_of(number)
        options = StageOptions(
            dancers=dancers,
            twins=min(self.twins, dancers),
            seconds=self.seconds,
            fps=FPS / self.every,
            width=self.width,
            height=self.width * 9 // 32 * 2,
            seed=self.seed + number,
            cuts=self.cuts,
            audio=False,
            min_visible=self.min_visible,
            realism=self.realism,
        )
        return options, CutOptions(self.height, self.every, self.box_noise, options.seed)

    def dancers_of(self, number: int) -> int:
        """How many people the scene shows; where they are spread, scenes differ by one at most."""
        test = number >= self.scenes
        people, scenes = (self.test_people, self.test_scenes) if test else (self.people, self.scenes)
        row = number - self.scenes if test else number
        return people * (row + 1) // scenes - people * row // scenes if people else self.dancers

    def recipe(self) -> dict[str, Any]:
        """What the data follows from; options that came later count only where they are used, so that a folder begun
        before them goes on."""
        usual = asdict(DatasetStageCommand(self.out))
        chosen = {
            name: value
            for name, value in asdict(self).items()
            if name in ALWAYS_STORED or (value != usual[name] and name not in ("size", "processes"))
        }
        return {"command": "dataset stage"} | chosen


def sized(command: DatasetStageCommand) -> DatasetStageCommand:
    """The command with its size's values in place of defaults."""
    usual = DatasetStageCommand(command.out)
    chosen = {name: value for name, value in SIZES[command.size].items() if _untouched(command, usual, name)}
    realism = {**vars(SIZES[command.size].get("realism", usual.realism))}
    realism |= {name: value for name, value in vars(command.realism).items() if value != getattr(usual.realism, name)}
    return replace(command, **{**chosen, "realism": Realism(**realism)})


def _untouched(command: DatasetStageCommand, usual: DatasetStageCommand, name: str) -> bool:
    return bool(getattr(command, name) == getattr(usual, name))


def write(folder: DanceReidFolder, scene: str, crops: list[SceneCrop]) -> None:
    """Add a whole scene to the data set."""
    for crop in crops:
        details = CropDetails(crop.time, crop.xyxy, tracklet=crop.person)
        folder.write(crop.image, crop.joints, scene, crop.person, crop.frame, details)
    folder.finish(scene)
