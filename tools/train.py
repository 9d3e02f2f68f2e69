"""`followspot train RECIPE --data DIR`: train a re-ID encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, make_dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.pretty import pprint
from rich.progress import track

from models.device import choose_device
from reid.data.crop_table import CROP_TABLE
from reid.data.crops import Split, people
from reid.data.datasets import DataError, read_split
from reid.data.reading import DataOptions
from reid.data.views import views_of
from reid.training.processes import rank
from reid.training.recipe import Recipe
from reid.training.recipes import EXPLANATIONS, PRESETS
from reid.training.run_log import LOG
from reid.training.run_state import BEST, LAST, STATE
from reid.training.training import Callbacks, RunOptions, Training

from .run.calibrating import keep, measured, reaches_far
from .run.folder import held_alone, new_folder
from .run.help import Common
from .run.interruption import Interruption
from .run.output import count, say

KEEP_ASIDE = "validation people; --validation training --validation-people 2 keeps two aside"
SHOWN = Common(("device", "workers", "picture_memory", "evaluate_every"))


@dataclass(frozen=True)
class TrainCommand:
    """Train a re-ID encoder by a named recipe, of which every number can be changed."""

    data: Path
    """Folder of the training data: Market-1501, DanceReID, CUHK03, or one folder a person."""
    encoder: str | None = None
    """Trunk of the encoder, such as mobilenet_v2; short for --encoder.trunk, which it overrides."""
    recipe: Annotated[Recipe, tyro.conf.arg(name=""), tyro.conf.AvoidSubcommands] = field(default_factory=Recipe)
    reading: Annotated[DataOptions, tyro.conf.arg(name="")] = field(default_factory=DataOptions)
    running: Annotated[RunOptions, tyro.conf.arg(name=""), SHOWN] = field(default_factory=RunOptions)
    out: Path | None = None
    """The run's folder, runs/train-RECIPE by default; it must not hold a run unless --resume is given."""
    resume: bool = False
    """Resume the run in --out after its last save; one that was ended before its first save begins again."""
    dry_run: bool = False
    """Print the recipe and what data there is, check that they fit as a start does, and stop."""
    preset: tyro.conf.Suppress[str] = "train"

    def run(self) -> None:
        def report(line: str) -> None:
            if rank() == 0:  # of several processes one prints
                say(line)

        folder = self.out or Path("runs") / f"train-{self.preset}"
        if not self.resume and rank() == 0 and folder.is_dir() and any(folder.iterdir()):
            raise DataError(f"{folder} already holds files; name a new --out, or resume it with --resume.")
        resume = self.resume and (folder / STATE).is_file()
        if self.resume and not resume:
            if not (folder / LOG).is_file():
                raise DataError(f"There is no {folder / STATE} to resume; leave --resume out, or give the run's --out.")
            report(f"the run in {folder} was ended before its first save, and begins again")
        split = read_split(self.data, self.reading)
        report(
            f"{self.preset}: {count(len(split.train), 'crop')} to train on, "
            f"{count(len(split.query), 'query', 'queries')}, {len(split.gallery)} in the gallery"
        )
        if self.dry_run:
            pprint(self.chosen)
            self.begun(split, folder, resume, report)
            return
        with self.claimed(folder):
            self.train(split, folder, resume, report)

    def claimed(self, folder: Path) -> AbstractContextManager[object]:
        """The run's folder for this run alone, which its first process claims; a new one without a save is removed."""
        if rank() > 0:
            return nullcontext()
        if self.resume:
            return held_alone(folder)
        return new_folder(folder, folder.name, worth_keeping=lambda folder: (folder / STATE).is_file())

    def begun(self, split: Split, folder: Path, resume: bool, report: Callable[[str], None]) -> Training:
        """The run before its next step, with nothing written; reports the pictures that are left out."""
        training = Training(self.chosen, split, folder, choose_device(self.running.device), self.running, resume)
        for part, paths in training.left_out.items():
            if paths:
                report(left_out_line(part, paths))
        return training

    def train(self, split: Split, folder: Path, resume: bool, report: Callable[[str], None]) -> None:
        """Train on the split to the end or until a stop is asked for, and calibrate."""
        bars = Console(stderr=True, quiet=rank() > 0)
        training = self.begun(split, folder, resume, report)
        with Interruption() as interruption:
            callbacks = Callbacks(
                on_epoch=report,
                progress=lambda batches, count, name: track(batches, name, count, console=bars, transient=True),
                should_stop=lambda: interruption.asked,
            )
            training.run(callbacks)
            if interruption.asked:
                advice = f"; resume with --resume --out {folder}" if (folder / STATE).is_file() else ""
                report(f"stopped after step {training.state.step}{advice}")
                return
            outcome = "" if rank() > 0 else self.calibrate(folder, lambda: interruption.asked)
            if training.state.best_map < 0:
                why = "no validation query has a match that counts" if split.query else f"there are no {KEEP_ASIDE}"
                report(f"encoder: {folder / LAST}; no score says which epoch was best, as {why}")
            else:
                report(f"best encoder: {folder / BEST} (mAP {100 * training.state.best_map:.1f})")
            report(outcome)

    def calibrate(self, folder: Path, should_stop: Callable[[], bool]) -> str:
        """Calibrate the run's encoders on the validation people, as the tracker would see them; how that went."""
        tight = (self.data / CROP_TABLE).is_file()  # it holds the boxes of widened crops
        split = read_split(self.data, replace(self.reading, tight=tight, also=(), also_max_crops=(0,)))
        views = views_of([*split.query, *split.gallery])
        files = [file for file in (folder / BEST, folder / LAST) if file.is_file()]
        advice = f"calibrate it before tracking: followspot calibrate {files[0]} SCENE"
        shares: list[float] = []
        for file in files:
            measurement = None if should_stop() else measured(file, views, self.running.device)
            if measurement is None or should_stop():
                return f"training is finished, its calibration was stopped; {advice}"
            if not reaches_far(measurement):
                apart = "the validation people are not seen side by side in videos"
                why = apart if split.query else f"there are no {KEEP_ASIDE}"
                return f"nothing is calibrated, as {why}; {advice}"
            keep(file, measurement, [self.data.resolve().name])
            shares.append(measurement.colour_share)
        validation = people([*split.query, *split.gallery])
        number = min(len(validation), len(set(views.person.tolist())))  # a person of two videos has two numbers there
        return (
            f"calibrated on {count(number, 'person', 'people')} not trained on, "
            f"in {count(len(set(views.video.tolist())), 'video')}; "
            f"share of colour {' and '.join(f'{share:g}' for share in dict.fromkeys(shares))}"
        )

    @staticmethod
    def from_config(options: dict[str, Any]) -> dict[str, Any]:
        """The options in a file for `--config`: the config.json of a training run is its recipe."""
        return {"recipe": options} if isinstance(options.get("encoder"), dict) else options

    @property
    def chosen(self) -> Recipe:
        """The recipe with the trunk that was asked for."""
        trunk = self.encoder or self.recipe.encoder.trunk
        return replace(self.recipe, encoder=replace(self.recipe.encoder, trunk=trunk))


def left_out_line(part: str, paths: Sequence[Path]) -> str:
    """`3 gallery pictures left out (1 missing, 2 unreadable), such as PATH`."""
    missing = sum(not path.exists() for path in paths)
    kinds = {"missing": missing, "unreadable": len(paths) - missing}
    why = ", ".join(f"{number} {kind}" for kind, number in kinds.items() if number)
    return f"{count(len(paths), f'{part} picture')} left out ({why}), such as {paths[0]}"


def preset_command(name: str, recipe: Recipe) -> type[TrainCommand]:
    """The command of one preset: `TrainCommand` with its recipe as the defaults."""
    parts = [("recipe", Annotated[Recipe, tyro.conf.arg(name=""), tyro.conf.AvoidSubcommands], field(default=recipe))]
    shown = ("preset", tyro.conf.Suppress[str], field(default=name))
    command = make_dataclass(f"Train_{name}", [*parts, shown], bases=(TrainCommand,), frozen=True)
    command.__doc__ = f"{EXPLANATIONS[name]}."
    return command


TRAIN = {name: preset_command(name, recipe) for name, recipe in PRESETS.items()}
