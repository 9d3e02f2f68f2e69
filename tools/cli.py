"""The `followspot` command: its verbs, and how mistakes end. A verb is a frozen dataclass with a `run` method."""

from __future__ import annotations

import os
import sys
from typing import Any

import tyro
from rich.console import Console

from models.errors import WeightsError
from reid.crops import DataError
from tracker.types import InputError

from .benchmark import BenchmarkTracks
from .benchmark_speed import BenchmarkSpeed
from .demo import Demo
from .evaluate import EvaluateTracks
from .render import Render
from .stage.command import Stage
from .track import Track
from .train_detector import TrainDetector

INTERRUPTED = 130  # what a shell reports for Ctrl-C

VERBS: dict[str, Any] = {
    "track": Track,
    "render": Render,
    "demo": Demo,
    "stage": Stage,
    "evaluate": {"tracks": EvaluateTracks},
    "benchmark": {"tracks": BenchmarkTracks, "speed": BenchmarkSpeed},
    "train-detector": TrainDetector,
}


def main() -> None:
    """Run one command; a user's mistake ends in one sentence on standard error and exit code 1."""
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    try:
        words, command, arguments = choose(sys.argv[1:])
        tyro.cli(command, args=arguments, prog=" ".join(["followspot", *words])).run()
    except (InputError, WeightsError, DataError) as mistake:
        sys.exit(f"followspot: {mistake}")
    except KeyboardInterrupt:
        print("\nfollowspot: stopped", file=sys.stderr)
        sys.exit(INTERRUPTED)


def choose(arguments: list[str]) -> tuple[list[str], Any, list[str]]:
    """The verb's words, its command, and what is left for it. Prints the list of verbs where none was named.

    Raises InputError for an unknown verb.
    """
    words: list[str] = []
    choice: Any = VERBS
    while isinstance(choice, dict):
        word = arguments[len(words)] if len(arguments) > len(words) else "--help"
        if word in ("-h", "--help"):
            say_verbs(words, choice)
            sys.exit(0)
        if word not in choice:
            said = " ".join(["followspot", *words])
            raise InputError(f"there is no `{said} {word}`; there are {', '.join(choice)}")
        words.append(word)
        choice = choice[word]
    return words, choice, arguments[len(words) :]


def say_verbs(words: list[str], choice: dict[str, Any]) -> None:
    """What there is, a line a verb: the first line of its docstring."""
    console = Console(highlight=False)
    if not words:
        console.print("Followspot tracks every dancer of a cast through a video and keeps each one's identity.\n")
    console.print(f"usage: [bold]{' '.join(['followspot', *words])} VERB[/bold] ...   (VERB --help tells more)\n")
    for verb, command in choice.items():
        inner = command if isinstance(command, dict) else {"": command}
        for name, leaf in inner.items():
            console.print(f"  [bold]{f'{verb} {name}':18}[/bold]{leaf.__doc__.splitlines()[0]}", soft_wrap=True)


if __name__ == "__main__":
    main()
