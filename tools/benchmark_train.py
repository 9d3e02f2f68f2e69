"""`followspot benchmark train`: time of a training step, and of its convolutions alone."""

from __future__ import annotations

import itertools
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro
from rich.box import SIMPLE_HEAD
from rich.table import Table
from torch.profiler import ProfilerActivity, profile

from models.device import choose_device
from reid.data.crops import DataError
from reid.data.datasets import read_split
from reid.data.images import load_batches
from reid.data.reading import DataOptions
from reid.training.recipe import Recipe
from reid.training.recipes import PRESETS
from reid.training.training import RunOptions, Training

from .benchmark.convolutions import ConvolutionsAlone, wait_for
from .benchmark.noise_crops import synthetic_split
from .run.checks import require_at_least
from .run.output import show, write_json
from .run.progress import progress

PROFILED_STEPS = 3
PROFILED_LINES = 25
CROPS = 8  # of each person, at least


@dataclass(frozen=True)
class BenchmarkTrainCommand:
    """Time the training step of a recipe: pictures a second, the data loader's share, the convolutions' share.

    The convolutions of one step, forward and backward, are run once more with nothing around them, in the same number
    format: their share of the step says how much time everything else takes.
    """

    preset: str = "st-reid"
    """Recipe of `followspot train`."""
    encoder: str = "resnet50"
    """Trunk of the encoder, by torchvision's name."""
    height: int = 256
    """Height of the crops in pixels; the width is half of it."""
    tuples: int = 24
    """Tuples in a batch (recipes with P x K batches keep theirs)."""
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    """bfloat16: mixed precision."""
    data: Path | None = None
    """Folder of training data; without it, pictures of noise are written for it."""
    running: Annotated[RunOptions, tyro.conf.arg(name="")] = field(default_factory=RunOptions)
    warmup_steps: int = 5
    """Steps before the timed ones."""
    steps: int = 20
    """Steps that are timed."""
    profile: bool = False
    """Print what torch.profiler finds in three more steps."""
    json: Path | None = None
    """Write the numbers to this file as well."""

    def run(self) -> None:
        require_at_least(1, "steps", self.steps)
        require_at_least(0, "warmup-steps", self.warmup_steps)
        if self.preset not in PRESETS:
            raise DataError(f"There is no recipe {self.preset!r}; choose from {', '.join(PRESETS)}.")
        with tempfile.TemporaryDirectory() as folder:
            if self.data:
                split = read_split(self.data, DataOptions(validation_people=0))
            else:
                split = synthetic_split(Path(folder) / "crops", self.height, max(self.steps, CROPS))
            split = replace(split, query=[], gallery=[])
            device = choose_device(self.running.device)
            training = Training(self.recipe, split, Path(folder) / "run", device, self.running)
            numbers = self.measure(training)
        show(numbers_table(numbers))
        if self.json:
            write_json(numbers, self.json)

    @property
    def recipe(self) -> Recipe:
        """The recipe at this size, with random weights, since weights change no time."""
        preset = PRESETS[self.preset]
        return replace(
            preset,
            encoder=replace(preset.encoder, trunk=self.encoder, height=self.height, width=self.height // 2),
            sampling=replace(preset.sampling, tuples=self.tuples),
            optimisation=replace(preset.optimisation, precision=self.precision),
            start="none",
        )

    def measure(self, training: Training) -> dict[str, Any]:
        """Warm up, time the steps, then time the convolutions of one."""
        training.networks.train()
        steps = Steps(training, self.warmup_steps + self.steps + PROFILED_STEPS + 1)
        for _ in progress(range(self.warmup_steps), self.warmup_steps, "warm-up", "steps"):
            steps.take()
        steps.waited, steps.crops = 0.0, 0
        wait_for(training.device)
        started = time.perf_counter()
        for _ in progress(range(self.steps), self.steps, "timed", "steps"):
            steps.take()
        wait_for(training.device)
        seconds = (time.perf_counter() - started) / self.steps
        waiting, crops = steps.waited / self.steps, steps.crops / self.steps
        with ConvolutionsAlone(training.networks, getattr(torch, self.precision)) as alone:
            steps.take()
        convolutions = alone.seconds(training.device, max(1, self.steps // 4))
        if self.profile:
            print(profiled(steps, training.device))
        return {
            "preset": self.preset,
            "trunk": self.encoder,
            "size": [self.height, self.height // 2],
            "device": torch.cuda.get_device_name(training.device)
            if training.device.type == "cuda"
            else str(training.device),
            "dtype": self.precision,
            "crops_a_step": crops,
            "seconds_a_step": seconds,
            "images_a_second": crops / seconds,
            "loader_seconds": waiting,
            "loader_share": waiting / seconds,
            "convolutions": len(alone.calls),
            "convolutions_seconds": convolutions,
            "convolutions_share": convolutions / (seconds - waiting),
            "torch": torch.__version__,
        }


class Steps:
    """Training steps one by one, as a run takes them; `waited` (seconds) and `crops` add up."""

    def __init__(self, training: Training, count: int) -> None:
        self.training = training
        epochs = (training.sampler(epoch) for epoch in itertools.count())
        batches = list(itertools.islice(itertools.chain.from_iterable(epochs), count))
        self.batches = load_batches(training.images, batches, training.workers)
        self.count, self.waited, self.crops = count, 0.0, 0

    def take(self) -> None:
        """The next one."""
        asked = time.perf_counter()
        batch = next(self.batches)
        self.waited += time.perf_counter() - asked
        self.crops += len(batch.pictures)
        self.training.train_step(batch, self.count)


def profiled(steps: Steps, device: torch.device) -> str:
    """torch.profiler's table of three steps, the costliest operations first."""
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
    with profile(activities=activities) as recorded:
        for _ in range(PROFILED_STEPS):
            steps.take()
        wait_for(device)
    return str(recorded.key_averages().table(f"self_{device.type}_time_total", row_limit=PROFILED_LINES))


def numbers_table(numbers: dict[str, Any]) -> Table:
    """One line a number."""
    title = f"{numbers['preset']}, {numbers['trunk']}, {numbers['dtype']} on {numbers['device']}"
    table = Table("", "", title=title, title_justify="left", box=SIMPLE_HEAD, show_header=False)
    rows = {
        "pictures a second": f"{numbers['images_a_second']:.1f}",
        "a step": f"{1000 * numbers['seconds_a_step']:.1f} ms, {numbers['crops_a_step']:.0f} crops",
        "waiting for data": f"{100 * numbers['loader_share']:.1f}% of it",
        "convolutions alone": f"{1000 * numbers['convolutions_seconds']:.1f} ms, {numbers['convolutions']} of them",
        "their share of the step": f"{100 * numbers['convolutions_share']:.1f}%, the wait for data left out",
    }
    for row in rows.items():
        table.add_row(*row)
    return table
