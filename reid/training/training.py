"""The training loop. What it keeps on disk is in `run_state`, what it shows in `report`."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..data.augmentation import AugmentationOptions
from ..data.batch import Batch, TrainingLabels, make_batch
from ..data.crops import DataError, Split, people
from ..data.images import LoadedBatch, load_batches, open_images, readable
from ..data.option_ranges import require_range
from ..data.sampling import make_sampler
from ..evaluation.evaluation import score_encoder
from .depthwise import speed_up_depthwise
from .optimisation import lr_factor, optimisers_of, options_for, training_progress
from .phases import Phase, freeze_all_but
from .processes import Processes
from .recipe import Recipe, make_objective
from .report import PROTOCOL, epoch_line, write_final_pictures, write_generated_pictures
from .run_folder import require_writable, written_into
from .run_log import EPOCH_TIME, RunLog
from .run_state import RunState, StateFile


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out. The losses and their steps do not depend on it, but for the precision "auto"."""

    device: str = "auto"
    """cpu, cuda, or auto."""
    workers: int | None = None
    """Processes that read ahead what is not kept in memory; none: one, or with a GPU one a core, up to eight."""
    picture_memory: float | None = None
    """Gigabytes of memory, of all processes together, in which decoded pictures are kept if they fit; none: a quarter
    of the machine's."""
    evaluate_every: int = 1
    """Epochs between two evaluations, one of which is that of encoder_best.pt."""
    save_every: float = 300.0
    """Seconds between two saves within an epoch; every epoch's end is saved anyway."""
    diagnose_every: int = 50
    """Steps between two lines of the log with diagnostics (such as each loss's gradient at e_c); 0: none."""

    def __post_init__(self) -> None:
        for name, least in {"evaluate_every": 1, "save_every": 0, "diagnose_every": 0}.items():
            require_range(name, getattr(self, name), least)
        for name in ("workers", "picture_memory"):
            if getattr(self, name) is not None:
                require_range(name, getattr(self, name), 0)


@dataclass(frozen=True)
class Callbacks:
    """What a run calls: `on_epoch` with a line on each epoch, `progress(batches, count, name)` around an epoch's
    batches (a progress bar), `should_stop` after each step."""

    on_epoch: Callable[[str], None] = print
    progress: Callable[[Iterable[Any], int, str], Iterable[Any]] = lambda batches, count, name: batches
    should_stop: Callable[[], bool] = lambda: False


class Training:
    """One run in one folder: `config.json log.jsonl state.pt encoder_best.pt encoder_last.pt pictures/ tensorboard/`.

    `left_out` are the pictures that cannot be read, by what they were for (training, query, gallery).

    With `resume` it goes on from the folder's state.pt, exactly to the bit. Raises DataError for unfit data, for
    another run's state, where a loss is no longer finite, and where the folder cannot be written; WeightsError where
    state.pt or an encoder cannot be.
    """

    def __init__(
        self,
        recipe: Recipe,
        split: Split,
        folder: Path,
        device: torch.device,
        options: RunOptions,
        resume: bool = False,
    ) -> None:
        if not split.train:
            raise DataError(
                f"The data has no training part, only {len(split.query)} query and {len(split.gallery)} gallery crops; "
                "name a folder that has one (in Market-1501's layout bounding_box_train/)."
            )
        self.recipe, self.folder, self.options, self.resume = recipe, folder, options, resume
        self.processes = Processes(device)
        self.device = self.processes.device
        if self.processes.first:
            require_writable(folder)
        self.state_file = StateFile(folder, recipe, split)
        saved = self.state_file.read() if resume else None
        (self.query, unread_queries), (self.gallery, unread_gallery) = readable(split.query), readable(split.gallery)
        # A resumed run trains on the crops it began with, whatever has become of their pictures since: another crop
        # more or less would draw other batches.
        size = recipe.encoder.height, recipe.encoder.width
        self.images, self.skipped = open_images(split.train, *size, self.memory, saved["skipped"] if saved else None)
        self.crops = self.images.crops
        unread = [split.train[row].path for row in self.skipped]
        self.left_out = {"training": unread, "query": unread_queries, "gallery": unread_gallery}
        labels = people(self.crops)
        if len(labels) < 2:
            raise DataError(f"The training crops ({len(self.crops)}) show one person; at least two people are needed.")
        self.labels = TrainingLabels.of(self.crops)
        self.sampler = make_sampler(self.crops, recipe.sampling, recipe.seed)
        torch.manual_seed(recipe.seed)
        # A saved state holds all weights: what the run once started from may be gone.
        built = replace(recipe, start="none", guidance="none") if saved else recipe
        self.objective = make_objective(built, self.crops, len(labels))
        self.objective.run = self.processes.run
        self.networks = self.processes.prepare(self.objective.networks)
        if self.mixed and self.device.type == "cpu":
            speed_up_depthwise(self.networks)
        self.state = RunState.begin(self.networks, recipe.optimisation)
        if saved:
            self.state.load_state_dict(saved)

    def run(self, callbacks: Callbacks = Callbacks()) -> None:
        """Train to the last epoch, or until a callback asks to stop: that saves, and the run can be resumed."""
        state, limit = self.state, self.recipe.optimisation.steps
        with written_into(self.folder), self.opened_log() as log:
            # All processes must stop at the same step: the others would wait for one that has stopped for ever.
            while not self.finished and not self.processes.any(callbacks.should_stop()):
                self.networks.train()
                # Batches are drawn from (seed, epoch) alone, so a resumed epoch draws the same ones and skips those
                # it has had.
                epoch = self.sampler(state.epoch)
                remaining = epoch[state.epoch_step :]
                if limit:
                    remaining = remaining[: limit - state.step]
                started = saved = asked = time.monotonic()
                waited, numbers = 0.0, dict[str, float]()
                loaded = load_batches(self.images, remaining, self.workers)
                batches = callbacks.progress(loaded, len(remaining), f"epoch {state.epoch + 1}")
                for batch in batches:
                    waited += time.monotonic() - asked
                    numbers = self.train_step(batch, len(epoch))
                    if log:
                        log.write(state.step, state.epoch, numbers)
                    stopping = self.processes.any(callbacks.should_stop())
                    if stopping or time.monotonic() - saved > self.options.save_every:
                        self.save()
                        saved = time.monotonic()
                    if stopping:
                        return
                    asked = time.monotonic()
                state.epoch, state.epoch_step = state.epoch + 1, 0
                if log:
                    self.end_epoch(log, callbacks.on_epoch, numbers, time.monotonic() - started, waited)
                self.processes.wait()

    def train_step(self, loaded: LoadedBatch, epoch_steps: int) -> dict[str, float]:
        """One forward pass, then each phase's losses, one backward and one optimiser step; the numbers for the log.

        Raises DataError where a loss is not finite; nothing of the step has been saved then.
        """
        recipe, state = self.recipe, self.state
        # All chance of a step comes from (seed, step), so no generator's state needs saving.
        seed = recipe.seed * 1_000_003 + state.step
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        epoch = training_progress(state.step, state.epoch + state.epoch_step / epoch_steps, recipe.optimisation)
        progress, factor = epoch / recipe.optimisation.epochs, lr_factor(epoch, recipe.optimisation)
        batch = make_batch(loaded, self.labels, recipe.augmentation, generator, self.device)

        every = self.options.diagnose_every
        diagnosed = every > 0 and state.step % every == 0
        self.networks.requires_grad_(True)
        with self.autocast():
            forward = self.objective.forward(batch, progress)
            numbers = self.objective.diagnose(forward) if diagnosed else {}
        for phase in self.objective.phases(progress):
            numbers |= self.learn(phase, forward, factor, diagnosed)
        if state.averaged:
            state.averaged.update_parameters(self.networks["encoder"])

        logits = {f"logit/{name}": logit for name, logit in forward.logits.items()}
        known = to_floats(numbers | logits)
        losses = {name: value for name, value in known.items() if name.startswith("loss/")}
        if not all(map(math.isfinite, losses.values())):
            raise DataError(f"A loss is not finite at step {state.step}: {losses}; lower the learning rate.")
        state.step, state.epoch_step = state.step + 1, state.epoch_step + 1
        return {**known, "lr_factor": factor}

    def learn(self, phase: Phase, forward: Any, factor: float, diagnosed: bool) -> dict[str, torch.Tensor]:
        """One phase of a step: its losses, one backward, one step of its optimisers; the numbers for the log.

        The phases share the forward pass; networks of other phases pass gradients on without collecting any.
        """
        freeze_all_but(self.networks, phase.networks)
        with self.autocast():
            named = phase.losses(forward)
        weighted = {name: self.objective.weights.get(name, 1.0) * loss for name, loss in named.items()}
        pulls = gradient_norms(weighted, forward.feature) if diagnosed and "encoder" in phase.networks else {}
        self.optimise(phase, torch.stack(list(weighted.values())).sum(), factor)
        return pulls | {f"loss/{name}": loss.detach() for name, loss in named.items()}

    def optimise(self, phase: Phase, loss: torch.Tensor, factor: float) -> None:
        """One backward, and one step of the optimisers of the phase's networks."""
        names = optimisers_of(phase.networks, phase.stage_one, self.recipe.optimisation)
        optimisers = [self.state.optimisers[name] for name in names]
        for name, optimiser in zip(names, optimisers, strict=True):
            optimiser.zero_grad(set_to_none=True)
            for group in optimiser.param_groups:
                group["lr"] = factor * options_for(name, self.recipe.optimisation).lr
        loss.backward()
        parameters = [parameter for name in phase.networks for parameter in self.networks[name].parameters()]
        self.processes.average_gradients(parameters)
        if self.recipe.optimisation.clip:
            nn.utils.clip_grad_norm_(parameters, self.recipe.optimisation.clip)
        for optimiser in optimisers:
            optimiser.step()

    def autocast(self) -> AbstractContextManager[Any]:
        """bfloat16 in mixed precision."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.mixed else nullcontext()

    @property
    def mixed(self) -> bool:
        """Whether the run is in mixed precision."""
        chosen = self.recipe.optimisation.precision
        return self.device.type == "cuda" if chosen == "auto" else chosen == "bfloat16"

    def end_epoch(
        self, log: RunLog, on_epoch: Callable[[str], None], numbers: dict[str, float], seconds: float, waited: float
    ) -> None:
        """Evaluate, write everything down and report it."""
        state, scores = self.state, None
        if self.query and self.gallery and (self.finished or state.epoch % self.options.evaluate_every == 0):
            scores = score_encoder(state.averaged_encoder, self.query, self.gallery, PROTOCOL, self.device)
        summary = {EPOCH_TIME: seconds, "time/waiting_for_data": waited}
        if scores:
            summary |= {"score/mAP": scores.mean_average_precision, "score/rank1": scores.rank(1)}
        state.save_encoders(self.folder, self.recipe, scores)
        log.end_epoch(state.step, state.epoch, summary)
        self.write_pictures()
        self.save()
        steps, epochs = self.recipe.optimisation.steps, self.recipe.optimisation.epochs
        progress = f"step {state.step}/{steps}" if steps else f"epoch {state.epoch}/{epochs}"
        on_epoch(epoch_line(progress, numbers, seconds, scores))
        lost = self.images.lost.nonzero().flatten().tolist()
        if lost:
            first = self.crops[lost[0]].path
            on_epoch(
                f"pictures that can no longer be read: {len(lost)}, such as {first}; their people's others stand in"
            )

    def write_pictures(self) -> None:
        """Generated pictures of the same crops every epoch; curves and a retrieval sheet after the last one."""
        state, optimisation = self.state, self.recipe.optimisation
        if "generator" in self.networks:
            progress = training_progress(state.step, state.epoch, optimisation) / optimisation.epochs
            path = self.folder / "pictures" / f"epoch_{state.epoch:03d}.png"
            write_generated_pictures(path, self.objective, self.first_batch(), progress)
        if self.finished:
            write_final_pictures(self.folder, state.averaged_encoder, self.query, self.gallery, self.device)

    def first_batch(self) -> Batch:
        """The first batch of the first epoch, without augmentation."""
        loaded = next(load_batches(self.images, [next(self.sampler.batches(0))], 0))
        generator = torch.Generator().manual_seed(self.recipe.seed)
        plain = AugmentationOptions(flip=0, shift=0)
        return make_batch(loaded, self.labels, plain, generator, self.device)

    def save(self) -> None:
        """Write state.pt, in the first process."""
        if self.processes.first:
            self.state_file.save(self.state, self.skipped)

    def opened_log(self) -> AbstractContextManager[RunLog | None]:
        """The run's log in the first process, the folder and config.json made where the run is new; else nothing."""
        if not self.processes.first:
            return nullcontext()
        if not self.resume:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "config.json").write_text(json.dumps(asdict(self.recipe), indent=2) + "\n")
        return RunLog(self.folder, self.state.step if self.resume else None)

    @property
    def finished(self) -> bool:
        """Whether the last epoch, or the last step where these are counted, is done, and the epoch ended with it."""
        optimisation = self.recipe.optimisation
        if optimisation.steps:
            return self.state.step >= optimisation.steps and not self.state.epoch_step
        return self.state.epoch >= optimisation.epochs

    @property
    def workers(self) -> int:
        """How many processes read ahead."""
        if self.images.kept:
            return 0
        if self.options.workers is not None:
            return self.options.workers
        return 1 if self.device.type == "cpu" else min(8, os.cpu_count() or 1)

    @property
    def memory(self) -> float:
        """Bytes for decoded pictures in this process: each of several keeps them all."""
        given = self.options.picture_memory
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 4 if given is None else given * 1e9
        return whole / self.processes.count


def gradient_norms(losses: dict[str, torch.Tensor], feature: torch.Tensor) -> dict[str, torch.Tensor]:
    """How strongly each weighted loss pulls at e_c, (N, D): the mean norm over the crops of its gradient, times N.

    A loss is a mean over the crops, so that is the gradient of each crop's own loss, whatever the batch's size.
    """
    norms = {}
    for name, loss in losses.items():
        gradient = torch.autograd.grad(loss, feature, retain_graph=True, allow_unused=True)[0]
        if gradient is not None:
            norms[f"gradient/{name}"] = len(gradient) * gradient.float().norm(dim=1).mean()
    return norms


def to_floats(numbers: dict[str, torch.Tensor]) -> dict[str, float]:
    """Single numbers from the device in one transfer: the processor waits for a GPU once, not once a number."""
    values = torch.stack([value.float() for value in numbers.values()]).tolist() if numbers else []
    return dict(zip(numbers, values, strict=True))
