"""The `followspot` command: its verbs, and how mistakes end. A verb is a frozen dataclass with a `run` method."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import tyro
from rich.console import Console

from models.errors import WeightsError
from reid.data.crops import DataError
from tracker.types import InputError

INTERRUPTED = 130  # what a shell reports for Ctrl-C


class Verb(NamedTuple):
    """What it does in a line, and what brings its command, or its own verbs; only the chosen one is imported."""

    summary: str
    load: Callable[[], Any]


def load_track() -> Any:
    from .track import TrackCommand

    return TrackCommand


def load_cast() -> Any:
    from .cast import CastCommand

    return CastCommand


def load_render() -> Any:
    from .render import RenderCommand

    return RenderCommand


def load_demo() -> Any:
    from .demo import DemoCommand

    return DemoCommand


def load_stage() -> Any:
    from .stage import StageCommand

    return StageCommand


def load_evaluate_tracks() -> Any:
    from .evaluate_tracks import EvaluateTracksCommand

    return EvaluateTracksCommand


def load_evaluate_reid() -> Any:
    from .evaluate_reid import EvaluateReidCommand

    return EvaluateReidCommand


def load_benchmark_tracks() -> Any:
    from .benchmark_tracks import BenchmarkTracksCommand

    return BenchmarkTracksCommand


def load_benchmark_ablation() -> Any:
    from .benchmark_ablation import BenchmarkAblationCommand

    return BenchmarkAblationCommand


def load_benchmark_stage() -> Any:
    from .benchmark_stage import BenchmarkStageCommand

    return BenchmarkStageCommand


def load_benchmark_encoders() -> Any:
    from .benchmark_encoders import BenchmarkEncodersCommand

    return BenchmarkEncodersCommand


def load_benchmark_speed() -> Any:
    from .benchmark_speed import BenchmarkSpeedCommand

    return BenchmarkSpeedCommand


def load_benchmark_train() -> Any:
    from .benchmark_train import BenchmarkTrainCommand

    return BenchmarkTrainCommand


def load_train() -> Any:
    from .train import EXPLANATIONS, TRAIN

    return {name: Verb(EXPLANATIONS[name], partial(TRAIN.__getitem__, name)) for name in TRAIN}


def load_train_detector() -> Any:
    from .train_detector import TrainDetectorCommand

    return TrainDetectorCommand


def load_dataset_video() -> Any:
    from .dataset_video import DatasetVideoCommand

    return DatasetVideoCommand


def load_dataset_stage() -> Any:
    from .dataset_stage import DatasetStageCommand

    return DatasetStageCommand


def load_dataset_poses() -> Any:
    from .dataset_poses import DatasetPosesCommand

    return DatasetPosesCommand


def load_dataset_dancereid() -> Any:
    from .dataset_dancereid import DatasetDancereidCommand

    return DatasetDancereidCommand


def load_dataset_review() -> Any:
    from .dataset_review import DatasetReviewCommand

    return DatasetReviewCommand


def load_dataset_check() -> Any:
    from .dataset_check import DatasetCheckCommand

    return DatasetCheckCommand


def load_bundle_encoder() -> Any:
    from .bundle_encoder import BundleEncoderCommand

    return BundleEncoderCommand


def load_calibrate() -> Any:
    from .calibrate import CalibrateCommand

    return CalibrateCommand


def load_export() -> Any:
    from .export import ExportCommand

    return ExportCommand


VERBS: dict[str, Any] = {
    "track": Verb("Track everybody in a video and keep their identities.", load_track),
    "cast": Verb("The people of a cast file: list, rename, merge, remove, show them as a sheet.", load_cast),
    "render": Verb("Draw a video again from its results; no model runs.", load_render),
    "demo": Verb("Track the bundled clip with the bundled weights and score it; needs no network.", load_demo),
    "evaluate": {
        "tracks": Verb("Score tracks against truth: HOTA, MOTA, IDF1, ID switches.", load_evaluate_tracks),
        "reid": Verb("Score a re-ID encoder: mAP, CMC, re-association by time gap.", load_evaluate_reid),
    },
    "benchmark": {
        "tracks": Verb("Our tracker and other people's on the same detections.", load_benchmark_tracks),
        "ablation": Verb("What each idea of our tracker is worth.", load_benchmark_ablation),
        "stage": Verb("The same on rendered dancers who cross, leave and return.", load_benchmark_stage),
        "encoders": Verb("Re-ID encoders on the same crops: how well, how fast.", load_benchmark_encoders),
        "speed": Verb("From file to file, beside Ultralytics' track.", load_benchmark_speed),
        "train": Verb("One training step of a preset, and its convolutions alone.", load_benchmark_train),
    },
    "train": Verb("Train a re-ID encoder by a named recipe; `followspot train` lists them.", load_train),
    "train-detector": Verb("Fine-tune a YOLO model to find dancers.", load_train_detector),
    "dataset": {
        "dancereid": Verb("DanceReID out of its published parts.", load_dataset_dancereid),
        "video": Verb("Re-ID data of the people in your own videos, told apart by themselves.", load_dataset_video),
        "review": Verb("Merge, split and clean a data set's people on a local page.", load_dataset_review),
        "stage": Verb("Re-ID data of rendered dancers, with exact poses.", load_dataset_stage),
        "poses": Verb("Landmarks for crops that have none, by any pose model.", load_dataset_poses),
        "check": Verb("What a data set holds and what is wrong with it, with a contact sheet.", load_dataset_check),
    },
    "calibrate": Verb("Measure what a likeness is worth to an encoder, and store it.", load_calibrate),
    "export": Verb("Write a re-ID encoder for ONNX Runtime or OpenVINO, and check it.", load_export),
    "stage": Verb("Render dancers on a stage, with exact truth.", load_stage),
    "bundle-encoder": Verb("Make the bundled encoder out of a training run.", load_bundle_encoder),
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
    except BrokenPipeError:  # whoever read our words, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush says it again
        sys.exit(1)


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
        choice = choice[word].load() if isinstance(choice[word], Verb) else choice[word]
    return words, choice, arguments[len(words) :]


def say_verbs(words: list[str], choice: dict[str, Any]) -> None:
    """What there is, a line a verb."""
    console = Console(highlight=False, soft_wrap=True)
    if not words:
        console.print("Followspot tracks every dancer of a cast through a video and keeps each one's identity.\n")
    console.print(f"usage: [bold]{' '.join(['followspot', *words])} VERB[/bold] ...   (VERB --help tells more)\n")
    for word, verb in choice.items():
        for name, leaf in ({"": verb} if isinstance(verb, Verb) else verb).items():
            console.print(f"  [bold]{f'{word} {name}':19}[/bold]{leaf.summary}")


if __name__ == "__main__":
    main()
