"""`followspot benchmark recipes`: training recipes at equal steps with paired seeds, as in the paper's Table 1."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.progress import track

from models.device import choose_device
from models.discriminators import DiscriminatorOptions
from models.encoder import EncoderOptions
from models.generator import GeneratorOptions
from models.pretrained import save_encoder, start_encoder
from reid.data.crops import DataError, Split
from reid.data.datasets import read_split
from reid.data.reading import DataOptions
from reid.encoder.embedder import Embedder, EmbedderOptions
from reid.training.optimisation import OptimisationOptions, OptimiserOptions
from reid.training.recipe import Recipe
from reid.training.recipes import PRESETS, TABLE_1
from reid.training.run_state import LAST, STATE
from reid.training.training import Callbacks, RunOptions, Training

from .benchmark.recipe_scores import RunScores, difference_table, run_scores, score_table
from .run.checks import require_at_least
from .run.help import Common
from .run.interruption import Interruption
from .run.output import read_json_object, say, show, write_json

SCORES = "scores.json"
UNTRAINED = "untrained"


def short_optimisation() -> OptimisationOptions:
    """Adam with a cosine schedule: the paper's rates are meant for a hundred epochs."""
    return OptimisationOptions(
        steps=300,
        schedule="cosine",
        encoder=OptimiserOptions("adam", 3.5e-4),
        generator=OptimiserOptions("adam", 1e-3, 0.5, 0.0),
        discriminator=OptimiserOptions("adam", 2e-4, 0.5, 0.0),
    )


@dataclass(frozen=True)
class BenchmarkRecipesCommand:
    """Train recipes with the same encoder, steps, learning rates and seeds, and score the last encoder of each run.

    Nothing is chosen by the scores: the last encoder counts. Differences are between runs of the same seed, with their
    standard error. The same command goes on after a stop, and takes finished runs as they are.
    """

    data: Path
    """Data to train on, with query and gallery of other people."""
    recipes: tuple[str, ...] = (UNTRAINED, *TABLE_1, "strong", "strong-sparse", "st-reid-strong")
    """Recipes of `followspot train`, of which losses, sampling and augmentation are used; untrained is the start."""
    against: str = "st-reid"
    """Recipe whose scores the others' differences are taken from, by seed."""
    seeds: int = 3
    """Number of seeds."""
    first_seed: int = 0
    """The first seed; the others follow it."""
    scored_on: Path | None = None
    """Another folder whose query and gallery are scored, such as validation scenes; none: those of --data."""
    gaps: tuple[int, ...] = (25, 100, 250)
    """Frames after which a person is to be found again in the same video (rendered data has 25 a second)."""
    encoder: EncoderOptions = field(
        default_factory=lambda: EncoderOptions("mobilenet_v2", height=128, width=64, bnneck=True)
    )
    generator: GeneratorOptions = field(default_factory=lambda: GeneratorOptions(channels=24, map_conditioned=True))
    discriminator: DiscriminatorOptions = field(default_factory=lambda: DiscriminatorOptions("patchgan", channels=24))
    pictures: int = 24
    """Crops of a batch of which pictures are generated, in the recipes that do; 0: all."""
    optimisation: Annotated[OptimisationOptions, tyro.conf.AvoidSubcommands] = field(default_factory=short_optimisation)
    batch_hard: bool = True
    """Compare each crop with the hardest of the batch; without it, with the two others of its own tuple."""
    batch: int = 64
    """Crops in a batch, at most: a third as many tuples, or a part of people with K crops each."""
    start: str = "download"
    """Weights the trunk starts from: download, none, bundled, or a file."""
    guidance: str = "none"
    """state.pt of a run whose generator and discriminators the recipes with pictures start from; none: anew."""
    reading: Annotated[DataOptions, tyro.conf.arg(name=""), Common(("layout", "tight"))] = field(
        default_factory=DataOptions
    )
    running: Annotated[RunOptions, tyro.conf.arg(name=""), Common(("device", "workers"))] = field(
        default_factory=RunOptions
    )
    out: Path = Path("runs/benchmark-recipes")
    """Folder of the runs, the scores and results.json."""

    def run(self) -> None:
        """Raises DataError for unknown recipes and unfit data."""
        known = (UNTRAINED, *PRESETS)
        unknown = [name for name in (*self.recipes, self.against) if name not in known]
        if unknown:
            raise DataError(f"There is no recipe {unknown[0]!r}; choose from {', '.join(known)}.")
        require_at_least(1, "seeds", self.seeds)
        split = read_split(self.data, self.reading)
        scored = read_split(self.scored_on, self.reading) if self.scored_on else split
        if not (scored.query and scored.gallery):
            raise DataError(f"{self.scored_on or self.data} has no query and gallery to score on.")
        finished: list[RunScores] = []
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        with Interruption() as interruption:
            for seed, name in itertools.product(seeds, self.recipes):  # a whole table early, then more seeds
                scores = self.trained_and_scored(name, seed, split, scored, interruption)
                if scores is None:
                    break
                finished.append(scores)
                write_json({"runs": [asdict(run) for run in finished]}, self.out / "results.json")
            if finished:
                show(score_table(finished))
                differences = difference_table(finished, self.against, self.gaps)
                if differences.row_count:  # none without another recipe
                    show(differences)
            if interruption.asked:
                total = self.seeds * len(self.recipes)
                say(f"stopped after {len(finished)} of {total} runs; the same command goes on")

    def recipe(self, preset: Recipe, seed: int) -> Recipe:
        """The recipe at this benchmark's size."""
        fd_gan = preset.fd_gan
        if fd_gan:
            noisy = replace(self.generator, noise_dimension=fd_gan.generator.noise_dimension)
            fd_gan = replace(fd_gan, generator=noisy, discriminator=self.discriminator)
        return replace(
            preset,
            encoder=self.encoder,
            objective=replace(
                preset.objective,
                generator=self.generator,
                discriminator=self.discriminator,
                pictures=self.pictures,
                batch_hard=self.batch_hard,
            ),
            fd_gan=fd_gan,
            sampling=replace(preset.sampling, tuples=self.batch // 3, people=self.batch // preset.sampling.crops),
            optimisation=self.optimisation,
            start=self.start,
            guidance=self.guidance if preset.takes_guidance else "none",
            seed=seed,
        )

    def trained_and_scored(
        self, name: str, seed: int, split: Split, scored: Split, interruption: Interruption
    ) -> RunScores | None:
        """The scores of one run, trained where it is not finished; None where a stop was asked for."""
        folder = self.out / f"{name}-{seed}"
        recipe = self.recipe(PRESETS[TABLE_1[0] if name == UNTRAINED else name], seed)
        made_by = {
            "recipe": asdict(recipe),
            "trained_on": str(self.data),
            "scored_on": str(self.scored_on or self.data),
        }
        earlier = read_json_object(folder / SCORES)
        if earlier.get("made_by") == json.loads(json.dumps(made_by)):
            return RunScores(**earlier["scores"])
        if name == UNTRAINED:
            folder.mkdir(parents=True, exist_ok=True)
            save_encoder(folder / LAST, start_encoder(recipe.encoder, recipe.start), {})
        else:
            self.train(name, recipe, folder, split, interruption)
        if interruption.asked:
            return None
        embedder = Embedder(folder / LAST, EmbedderOptions(device=self.running.device))
        scores = run_scores(name, seed, scored, embedder, self.gaps)
        write_json({"made_by": made_by, "scores": asdict(scores)}, folder / SCORES)
        return scores

    def train(self, name: str, recipe: Recipe, folder: Path, split: Split, interruption: Interruption) -> None:
        """Train to the end, or until a stop is asked for; a run that was stopped goes on."""
        blind = replace(split, query=[], gallery=[])
        resume = (folder / STATE).is_file()
        training = Training(recipe, blind, folder, choose_device(self.running.device), self.running, resume)
        training.run(
            Callbacks(
                on_epoch=lambda line: say(f"{folder.name}: {line}"),
                progress=lambda batches, total, epoch: bar(batches, total, f"{folder.name}, {epoch}"),
                should_stop=lambda: interruption.asked,
            )
        )


def bar(batches: Iterable[Any], total: int, name: str) -> Iterable[Any]:
    """A progress bar on the standard error output."""
    return track(batches, name, total, console=Console(stderr=True), transient=True)
