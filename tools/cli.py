"""The `followspot` command: verbs, and how mistakes end. Each verb is a frozen dataclass with a `run` method."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Annotated

import tyro
from tyro.conf import subcommand

from models.errors import WeightsError
from reid.crops import DataError
from tracker.types import InputError

from .benchmark import BenchmarkTracks
from .demo import Demo
from .evaluate import EvaluateTracks
from .render import Render
from .stage.command import Stage
from .track import Track
from .train_detector import TrainDetector

INTERRUPTED = 130  # what a shell reports for Ctrl-C


@dataclass(frozen=True)
class Evaluate:
    """Score results against the truth."""

    what: Annotated[EvaluateTracks, subcommand("tracks")]

    def run(self) -> None:
        self.what.run()


@dataclass(frozen=True)
class Benchmark:
    """Measure Followspot beside its peers, in one run on the same input."""

    what: Annotated[BenchmarkTracks, subcommand("tracks")]

    def run(self) -> None:
        self.what.run()


Command = (
    Annotated[Track, subcommand("track")]
    | Annotated[Render, subcommand("render")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Benchmark, subcommand("benchmark")]
    | Annotated[Stage, subcommand("stage")]
    | Annotated[TrainDetector, subcommand("train-detector")]
    | Annotated[Demo, subcommand("demo")]
)


def main() -> None:
    """Run one command; a user's mistake ends in one sentence on standard error and exit code 1."""
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    arguments = sys.argv[1:] or ["--help"]
    command = tyro.cli(
        Command,
        args=arguments,
        config=(tyro.conf.OmitSubcommandPrefixes,),
        prog="followspot",
        description="Followspot tracks every dancer of a cast through a video and keeps each one's identity.",
    )
    try:
        command.run()
    except (InputError, WeightsError, DataError) as mistake:
        sys.exit(f"followspot: {mistake}")
    except KeyboardInterrupt:
        print("\nfollowspot: stopped", file=sys.stderr)
        sys.exit(INTERRUPTED)
