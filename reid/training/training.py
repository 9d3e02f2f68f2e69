"""Training that survives: phases, checkpoints, resume to the bit, evaluation on the way."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from models.checkpoint import load_plain, save_atomically
from models.encoder import ContextEncoder
from models.pretrained import save_encoder

from ..data.augmentation import AugmentationOptions
from ..data.batch import Batch, make_batch
from ..data.crops import DataError, Split, people
from ..data.images import CropImages, load_batches, readable
from ..data.sampling import Draw, make_sampler
from ..evaluation.evaluation import embed_with, score_encoder
from ..evaluation.protocols import PROTOCOLS, Scores
from .optimisation import RunningAverage, make_optimiser, options_for, place_in_course, rate_factor
from .phases import Phase, freeze_all_but
from .pictures import loss_curves, picture_grid, retrieval_sheet, write_picture
from .processes import Processes, run_alone
from .recipe import Recipe, differences, make_objective
from .run_folder import description, require_writable, written_into
from .run_log import LOG, RunLog, read_log

STATE = "state.pt"
STATE_ENTRIES = {"recipe", "networks", "optimisers", "average", "data", "place"}
SHEET_QUERIES = 12
BEST, LAST = "encoder_best.pt", "encoder_last.pt"


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out; none of it changes what is learned."""

    device: str = "auto"
    """cpu, cuda, or auto."""
    workers: int | None = None
    """Processes that read pictures ahead; none: one, or with a GPU one a core, up to eight."""
    evaluate_every: int = 1
    """Epochs between two evaluations."""
    save_every: float = 300.0
    """Seconds between two saves within an epoch; every epoch's end is saved anyway."""


@dataclass(frozen=True)
class Watch:
    """Who looks on: `tell` is given a line each epoch, `steps` sees the batches go by (a progress bar), `stop` asks."""

    tell: Callable[[str], None] = print
    steps: Callable[[Iterable[Any], int, str], Iterable[Any]] = lambda batches, count, name: batches
    stop: Callable[[], bool] = lambda: False


class Training:
    """One run in one folder: `config.json log.jsonl state.pt encoder_best.pt encoder_last.pt pictures/`.

    `state.pt` holds networks, optimisers, averages and the place in the epoch. All chance is drawn from (seed, epoch)
    and (seed, step), so a killed run goes on as if nothing had happened. Raises DataError for unfit data, for another
    run's state, where a loss is no longer finite, and where the folder cannot be written.
    """

    def __init__(self, recipe: Recipe, split: Split, folder: Path, device: torch.device, options: RunOptions) -> None:
        self.recipe, self.folder, self.options = recipe, folder, options
        self.processes = Processes(device)
        self.device = self.processes.device
        if self.processes.first:
            require_writable(folder)
        self.split = split
        self.query, self.gallery = readable(split.query)[0], readable(split.gallery)[0]
        self.learn_from(readable(split.train)[1])
        self.step = self.epoch = self.done = 0
        self.best = -1.0

    def learn_from(self, skipped: list[Path]) -> None:
        """Make everything that depends on what is learned from: all training pictures but these."""
        recipe = self.recipe
        left_out, self.skipped = set(skipped), skipped
        self.crops = [crop for crop in self.split.train if crop.path not in left_out]
        labels = people(self.crops)
        if len(labels) < 2:
            raise DataError(f"All {len(self.crops)} training crops show one person; at least two are needed.")
        self.classes = np.searchsorted(labels, [crop.person for crop in self.crops])
        self.sampler = make_sampler(self.crops, recipe.sampling, recipe.seed)
        self.images = CropImages(self.crops, recipe.encoder.height, recipe.encoder.width)
        torch.manual_seed(recipe.seed)
        self.objective = make_objective(recipe, self.crops, len(labels))
        self.objective.run = self.processes.run
        self.networks = self.processes.prepare(self.objective.networks)
        self.encoder: ContextEncoder = self.networks["encoder"]  # type: ignore[assignment]
        self.optimisers = {
            name: make_optimiser(network, options_for(name, recipe.optimisation))
            for name, network in self.networks.items()
        }
        decay = recipe.optimisation.average
        self.average = RunningAverage(self.encoder, decay) if decay else None

    def run(self, resume: bool = False, watch: Watch = Watch()) -> None:
        """Train to the last epoch, from the start or from the folder's state; or until `watch` asks to stop."""
        with written_into(self.folder):
            self.run_epochs(resume, watch)

    def run_epochs(self, resume: bool, watch: Watch) -> None:
        """`run`, with OSError where the folder cannot be written."""
        if resume:
            self.load_state()
        elif self.processes.first:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "config.json").write_text(json.dumps(asdict(self.recipe), indent=2) + "\n")
        with RunLog(self.folder, self.step if resume else None) if self.processes.first else nullcontext() as log:
            while not self.finished and not self.processes.any(watch.stop()):
                self.run_epoch(log, watch)

    def run_epoch(self, log: RunLog | None, watch: Watch) -> None:
        """The rest of the current epoch, then evaluation and a save; a wish to stop saves at once."""
        self.networks.train()
        draws = self.sampler(self.epoch)
        steps = len(draws)
        if self.recipe.optimisation.steps:
            draws = draws[: self.done + self.recipe.optimisation.steps - self.step]
        saved = started = time.monotonic()
        waited, numbers = 0.0, dict[str, float]()
        batches = load_batches(self.images, draws[self.done :], self.workers)
        asked = time.monotonic()
        for draw, pictures, keypoints in watch.steps(batches, len(draws) - self.done, f"epoch {self.epoch + 1}"):
            waited += time.monotonic() - asked
            numbers = self.train_step(draw, pictures, keypoints, steps)
            if log:
                log.write(self.step, self.epoch, numbers)
            stopped = self.processes.any(watch.stop())
            if stopped or time.monotonic() - saved > self.options.save_every:
                self.save_state()
                saved = time.monotonic()
            if stopped:
                return
            asked = time.monotonic()
        seconds = time.monotonic() - started
        self.epoch, self.done = self.epoch + 1, 0
        if log:
            self.end_epoch(log, watch.tell, numbers, seconds, waited)
        self.processes.wait()

    def end_epoch(
        self, log: RunLog, tell: Callable[[str], None], numbers: dict[str, float], seconds: float, waited: float
    ) -> None:
        """Evaluate, write everything down and tell."""
        scores = self.evaluate() if self.due() else None
        summary = {"time/epoch": seconds, "time/waiting_for_data": waited}
        if scores:
            summary |= {"score/mAP": scores.mean_average_precision, "score/rank1": scores.rank(1)}
        self.keep(scores)
        log.write(self.step, self.epoch, summary)
        self.show()
        self.save_state()
        tell(describe(self.place(), numbers, seconds, scores))
        lost = self.images.lost.nonzero().flatten().tolist()
        if lost:
            first = self.crops[lost[0]].path
            tell(f"{len(lost)} pictures can no longer be read, such as {first}; others of the same people stand in")

    def show(self) -> None:
        """A grid of made pictures for the same crops every epoch; curves and a retrieval sheet after the last one."""
        pictures = self.folder / "pictures"
        rows = self.made_pictures()
        if rows:
            write_picture(pictures / f"epoch_{self.epoch:03d}.png", picture_grid(rows))
        if not self.finished:
            return
        pictures.mkdir(exist_ok=True)
        loss_curves(read_log(self.folder / LOG)).savefig(pictures / "curves.png", dpi=120)
        if self.query:
            found, searched = embed_with(self.kept_encoder, (self.query, self.gallery), self.device)
            sheet = retrieval_sheet(self.query, self.gallery, found, searched, PROTOCOLS["market1501"], SHEET_QUERIES)
            write_picture(pictures / "retrieval.png", sheet)

    @torch.no_grad()
    def made_pictures(self) -> dict[str, torch.Tensor]:
        """Named rows of pictures from the first batch of the first epoch, without augmentation."""
        if "generator" not in self.networks:
            return {}
        draw, pictures, keypoints = next(load_batches(self.images, self.sampler(0)[:1], 0))
        generator = torch.Generator().manual_seed(self.recipe.seed)
        plain = AugmentationOptions(flip=0, shift=0)
        batch = make_batch(draw, pictures, keypoints, self.classes, plain, generator, self.device)
        self.networks.eval()
        self.objective.run = run_alone  # only the first process looks
        try:
            place = place_in_course(self.step, self.epoch, self.recipe.optimisation)
            return self.objective.pictures(self.objective.forward(batch, place / self.recipe.optimisation.epochs))
        finally:
            self.objective.run = self.processes.run
            self.networks.train()

    def due(self) -> bool:
        """Whether the epoch that just ended is to be evaluated."""
        return bool(self.query) and (self.finished or self.epoch % self.options.evaluate_every == 0)

    @property
    def finished(self) -> bool:
        """Whether the last epoch, or the last step where these are counted, is done."""
        optimisation = self.recipe.optimisation
        return self.step >= optimisation.steps if optimisation.steps else self.epoch >= optimisation.epochs

    def place(self) -> str:
        """How far the run is, in words."""
        optimisation = self.recipe.optimisation
        if optimisation.steps:
            return f"step {self.step}/{optimisation.steps}"
        return f"epoch {self.epoch}/{optimisation.epochs}"

    def train_step(self, draw: Draw, pictures: torch.Tensor, keypoints: torch.Tensor, steps: int) -> dict[str, float]:
        """One forward pass and its phases; the numbers for the log."""
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.step)
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)
        epoch = place_in_course(self.step, self.epoch + self.done / steps, self.recipe.optimisation)
        factor = rate_factor(epoch, self.recipe.optimisation)
        batch = make_batch(draw, pictures, keypoints, self.classes, self.recipe.augmentation, generator, self.device)
        numbers = self.run_phases(batch, epoch / self.recipe.optimisation.epochs, factor)
        if self.average:
            self.average.update(self.encoder)
        self.step, self.done = self.step + 1, self.done + 1
        return {**numbers, "rate_factor": factor}

    def run_phases(self, batch: Batch, progress: float, factor: float) -> dict[str, float]:
        """Each phase: its losses, one backward, one step of its networks' optimisers."""
        self.networks.requires_grad_(True)
        with self.precision():
            forward = self.objective.forward(batch, progress)
        numbers: dict[str, torch.Tensor] = {}
        for phase in self.objective.phases(progress):
            freeze_all_but(self.networks, phase.networks)
            with self.precision():
                named = phase.losses(forward)
            total = torch.stack([self.objective.weights.get(name, 1.0) * loss for name, loss in named.items()]).sum()
            numbers |= {f"loss/{name}": loss.detach() for name, loss in named.items()}
            self.learn(phase, total, factor)
        return self.finite(numbers) | at_once({f"judged/{name}": score for name, score in forward.scores.items()})

    def finite(self, numbers: dict[str, torch.Tensor]) -> dict[str, float]:
        """The losses as plain numbers. Raises DataError, nothing of the step being saved, where one is not finite."""
        losses = at_once(numbers)
        if not all(map(math.isfinite, losses.values())):
            raise DataError(f"A loss is not finite at step {self.step}: {losses}; lower the learning rate.")
        return losses

    def learn(self, phase: Phase, total: torch.Tensor, factor: float) -> None:
        """One backward, and one step of each of the phase's optimisers."""
        optimisers = [self.optimisers[name] for name in phase.networks]
        for name, optimiser in zip(phase.networks, optimisers, strict=True):
            optimiser.zero_grad(set_to_none=True)
            for group in optimiser.param_groups:
                group["lr"] = factor * options_for(name, self.recipe.optimisation).rate
        total.backward()
        parameters = [parameter for name in phase.networks for parameter in self.networks[name].parameters()]
        self.processes.average_gradients(parameters)
        if self.recipe.optimisation.clip:
            nn.utils.clip_grad_norm_(parameters, self.recipe.optimisation.clip)
        for optimiser in optimisers:
            optimiser.step()

    def precision(self) -> Any:
        """bfloat16 where the recipe asks for it."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.recipe.optimisation.bf16 else nullcontext()

    def evaluate(self) -> Scores:
        """Scores of the encoder (of its average, if there is one) on the people kept aside."""
        return score_encoder(self.kept_encoder, self.query, self.gallery, PROTOCOLS["market1501"], self.device)

    @property
    def kept_encoder(self) -> ContextEncoder:
        """The encoder that is evaluated and written."""
        return self.average.network if self.average else self.encoder  # type: ignore[return-value]

    def keep(self, scores: Scores | None) -> None:
        """Write the encoder as the last one, and as the best one if it is; without scores none is the best."""
        metadata = {"epoch": self.epoch, "step": self.step, "recipe": asdict(self.recipe)}
        if scores:
            metadata |= {"mAP": scores.mean_average_precision, "rank1": scores.rank(1), "queries": scores.queries}
        save_encoder(self.folder / LAST, self.kept_encoder, metadata)
        if scores and scores.mean_average_precision > self.best:
            self.best = scores.mean_average_precision
            save_encoder(self.folder / BEST, self.kept_encoder, metadata)

    @property
    def workers(self) -> int:
        """How many processes read ahead."""
        if self.options.workers is not None:
            return self.options.workers
        return 1 if self.device.type == "cpu" else min(8, os.cpu_count() or 1)

    @property
    def data(self) -> dict[str, str]:
        """What the run learns from and is judged by, in words that other data would change, but no bad picture."""
        parts = {"train": self.split.train, "query": self.split.query, "gallery": self.split.gallery}
        return {name: description(crops) for name, crops in parts.items()}

    @property
    def skipped_rows(self) -> list[int]:
        """The places of the pictures left out among all training pictures."""
        left_out = set(self.skipped)
        return [row for row, crop in enumerate(self.split.train) if crop.path in left_out]

    def save_state(self) -> None:
        """Everything that is needed to go on, whole or not at all."""
        if not self.processes.first:
            return
        state = {
            "recipe": asdict(self.recipe),
            "networks": self.networks.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "average": self.average and {"network": self.average.network.state_dict(), "updates": self.average.updates},
            "data": self.data,
            "skipped": self.skipped_rows,
            "place": {"step": self.step, "epoch": self.epoch, "done": self.done, "best": self.best},
        }
        save_atomically(state, self.folder / STATE)

    def load_state(self) -> None:
        """Go on where the folder's state left off. Raises DataError where it was another recipe's.

        What was learned from is learned from again, whatever has become of the pictures since.
        """
        state = load_plain(self.folder / STATE)
        if not isinstance(state, dict) or not state.keys() >= STATE_ENTRIES:
            raise DataError(f"{self.folder / STATE} was written by another version; begin anew with another --out.")
        different = differences(state["recipe"], asdict(self.recipe))
        if different:
            raise DataError(
                f"The run in {self.folder} cannot go on with other options ({different}); give the same ones."
            )
        changed = differences(state["data"], self.data)
        if changed:
            raise DataError(f"The run in {self.folder} cannot go on with other data ({changed}); give what it had.")
        skipped = state.get("skipped", self.skipped_rows)
        if skipped != self.skipped_rows:
            self.learn_from([self.split.train[row].path for row in skipped])
        self.networks.load_state_dict(state["networks"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        if self.average:
            self.average.network.load_state_dict(state["average"]["network"])
            self.average.updates = state["average"]["updates"]
        place = state["place"]
        self.step, self.epoch, self.done, self.best = place["step"], place["epoch"], place["done"], place["best"]


def at_once(numbers: dict[str, torch.Tensor]) -> dict[str, float]:
    """Single numbers from the device in one transfer: the processor waits for a GPU once, not once a number."""
    values = torch.stack([value.float() for value in numbers.values()]).tolist() if numbers else []
    return dict(zip(numbers, values, strict=True))


def describe(place: str, numbers: dict[str, float], seconds: float, scores: Scores | None) -> str:
    """One line on an epoch."""
    losses = "  ".join(f"{name[5:]} {value:.3f}" for name, value in numbers.items() if name.startswith("loss/"))
    line = f"{place}  {losses}  {seconds:.0f} s"
    if scores:
        line += f"  mAP {100 * scores.mean_average_precision:.1f}  rank-1 {100 * scores.rank(1):.1f}"
    return line
