"""The `followspot` command: its verbs, and how mistakes end. A verb is a frozen dataclass with a `run` method."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from contextlib import redirect_stderr
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import tyro

from models.errors import WeightsError
from reid.data.crops import DataError
from tracker.types import InputError

from .run.checks import (
    UsageError,
    refuse_empty_paths,
    refuse_lists_without_values,
    refuse_no_numbers,
    refuse_repeated_ids,
    refuse_repeated_lists,
)
from .run.config_file import read_config
from .run.folder import version_of
from .run.help import help_text
from .run.interruption import INCOMPLETE, IncompleteError, Stopped, stoppable
from .run.output import say, sentence

EXIT_CODES = f"""
exit code: 0 all is done, 1 a mistake or a full disk (one sentence says which), 2 words that cannot be read: a
command or option that there is not, one left out, text for a number, {INCOMPLETE} the source broke off or frames were
damaged, 129 the terminal was closed, 130 Ctrl-C, 143 SIGTERM."""


MISTAKES = (InputError, WeightsError, DataError)
"""The user's, each told in one sentence."""
ABOUT_PLACES = {errno.ENAMETOOLONG, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
"""Errors of the system that are the user's to mend; where others are met, they are told with the file beforehand."""


class Verb(NamedTuple):
    """Where its command is, as MODULE:CLASS (or a dict of several by name), and what it does in a line."""

    command: str
    summary: str

    def load(self) -> Any:
        """Import the command; those of other verbs stay where they are."""
        module, name = self.command.split(":")
        return getattr(import_module(f".{module}", __package__), name)


VERBS: dict[str, Any] = {
    "track": Verb("track:TrackCommand", "Track all people in a video and keep their identities."),
    "cast": Verb("cast:CastCommand", "The people of a cast file: list, rename, merge, remove, show them as a sheet."),
    "render": Verb("render:RenderCommand", "Draw a run again in another style, or follow one person; no model runs."),
    "convert": Verb("convert:ConvertCommand", "Write a run's tracks as COCO or CVAT has them; no model runs."),
    "review": Verb("review_run:ReviewCommand", "Put the identities of a run right on a local page."),
    "demo": Verb("demo:DemoCommand", "Track the bundled clip with the bundled weights and score it; needs no network."),
    "evaluate": {
        "tracks": Verb(
            "evaluate_tracks:EvaluateTracksCommand", "Score tracks against truth: HOTA, MOTA, IDF1, ID switches."
        ),
        "follow": Verb(
            "evaluate_follow:EvaluateFollowCommand", "Score the camera of `render --follow` against exact truth."
        ),
        "formation": Verb(
            "evaluate_formation:EvaluateFormationCommand", "Score the formation from above on rendered scenes."
        ),
        "moments": Verb(
            "evaluate_moments:EvaluateMomentsCommand",
            "Count a run's doubtful moments against truth: right, wrong, missed.",
        ),
        "reid": Verb(
            "evaluate_reid:EvaluateReidCommand", "Score a re-ID encoder: mAP, CMC, re-association by time gap."
        ),
        "pictures": Verb(
            "evaluate_pictures:EvaluatePicturesCommand", "Whether the pictures of a training run show the person."
        ),
    },
    "benchmark": {
        "tracks": Verb("benchmark_tracks:BenchmarkTracksCommand", "Our tracker and its peers on the same detections."),
        "ablation": Verb("benchmark_ablation:BenchmarkAblationCommand", "Our tracker without one component at a time."),
        "crossings": Verb(
            "benchmark_crossings:BenchmarkCrossingsCommand", "Fit how exchanges of two who cross are told from motion."
        ),
        "boxes": Verb("benchmark_boxes:BenchmarkBoxesCommand", "Errors of a real or simulated detector's boxes."),
        "stage": Verb("benchmark_stage:BenchmarkStageCommand", "Our tracker and its peers on rendered dancers."),
        "encoders": Verb("benchmark_encoders:BenchmarkEncodersCommand", "Accuracy and time of re-ID encoders."),
        "speed": Verb("benchmark_speed:BenchmarkSpeedCommand", "Time whole commands on videos, ours and the peers'."),
        "scale": Verb("benchmark_scale:BenchmarkScaleCommand", "Time and memory by people, minutes, identities, cast."),
        "recipes": Verb("benchmark_recipes:BenchmarkRecipesCommand", "Training recipes at equal steps, paired seeds."),
        "train": Verb("benchmark_train:BenchmarkTrainCommand", "Time of one training step of a recipe."),
    },
    "train": Verb("train:TRAIN", "Train a re-ID encoder by a named recipe; `followspot train` lists them."),
    "train-detector": Verb("train_detector:TrainDetectorCommand", "Fine-tune a YOLO model to find dancers."),
    "dataset": {
        "dancereid": Verb("dataset_dancereid:DatasetDancereidCommand", "Assemble DanceReID from its published files."),
        "video": Verb("dataset_video:DatasetVideoCommand", "Re-ID data from your own videos, labelled automatically."),
        "review": Verb(
            "dataset_review:DatasetReviewCommand", "Merge, split and clean a data set's people on a local page."
        ),
        "stage": Verb("dataset_stage:DatasetStageCommand", "Re-ID data of rendered dancers, with exact poses."),
        "poses": Verb("dataset_poses:DatasetPosesCommand", "Landmarks for crops that have none, by any pose model."),
        "check": Verb(
            "dataset_check:DatasetCheckCommand",
            "What a data set holds and what is wrong with it, with a contact sheet.",
        ),
    },
    "calibrate": Verb("calibrate:CalibrateCommand", "Calibrate an encoder's similarities to log odds, and store that."),
    "export": Verb("export:ExportCommand", "Write a re-ID encoder for ONNX Runtime or OpenVINO, and check it."),
    "export-detector": Verb(
        "export_detector:ExportDetectorCommand", "Write an 8-bit copy of a detector, and check it."
    ),
    "stage": Verb("stage:StageCommand", "Render dancers on a stage, with exact truth."),
    "bundle-encoder": Verb("bundle_encoder:BundleEncoderCommand", "Make the bundled encoder out of a training run."),
}


def main() -> None:
    """Run one command; a user's mistake ends in one sentence on standard error, and `EXIT_CODES` tell how it went."""
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal of few letters shows others by their numbers
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with stoppable():
            words, command, arguments = choose(sys.argv[1:])
            run(" ".join(["followspot", *words]), command, arguments)
            if sys.stdout is not None:  # as it is where it was closed
                sys.stdout.flush()
    except UsageError as mistake:
        print(f"followspot: {sentence(mistake)}", file=sys.stderr)
        sys.exit(2)
    except MISTAKES as mistake:
        sys.exit(f"followspot: {sentence(mistake)}")
    except IncompleteError:
        sys.exit(INCOMPLETE)
    except (KeyboardInterrupt, ImportError) as error:
        stop = stop_behind(error)
        if stop is None:
            raise
        print("\nfollowspot: stopped", file=sys.stderr)
        sys.exit(stop.exit_code)
    except BrokenPipeError:  # the reader of the pipe, `head` for one, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the last flush would raise it again
        sys.exit(1)
    except OSError as error:
        if error.errno not in ABOUT_PLACES:
            raise
        place = "standard output" if error.filename is None else str(error.filename)
        told = InputError(f"{place} cannot be written or read: {error.strerror}")
        sys.exit(f"followspot: {sentence(told)}")


def stop_behind(error: BaseException | None) -> Stopped | None:
    """The stop that an error comes from: one while a compiled module is being loaded is told as an ImportError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error if isinstance(error, Stopped) or error is None else Stopped()


def choose(arguments: list[str]) -> tuple[list[str], Any, list[str]]:
    """The verb's words, its command, and what is left for it. Prints the list of verbs where none was named.

    Raises UsageError for an unknown verb.
    """
    words: list[str] = []
    choice: Any = VERBS
    while isinstance(choice, dict):
        word = arguments[len(words)] if len(arguments) > len(words) else "--help"
        if word in ("-h", "--help", "--help-all"):
            say_verbs(words, choice)
            sys.exit(0)
        if word == "--version" and not words:
            say(f"followspot {version_of('followspot') or '(a checkout that is not installed)'}")
            sys.exit(0)
        if word not in choice:
            said = " ".join(["followspot", *words])
            raise UsageError(f"there is no `{said} {word}`; there are {', '.join(choice)}")
        words.append(word)
        choice = choice[word].load() if isinstance(choice[word], Verb) else choice[word]
    return words, choice, arguments[len(words) :]


def say_verbs(words: list[str], choice: dict[str, Any]) -> None:
    """What there is, a line a verb."""
    if not words:
        say("Followspot tracks every dancer of a cast through a video and keeps each one's identity.\n")
    kind = "RECIPE" if words == ["train"] else "COMMAND"
    say(f"usage: {' '.join(['followspot', *words])} {kind} ...   ({kind} --help says more)\n")
    for word, verb in choice.items():
        for name, leaf in (verb if isinstance(verb, dict) else {"": verb}).items():
            say(f"  {f'{word} {name}':19}{leaf.summary if isinstance(leaf, Verb) else leaf.__doc__}")
    if not words:
        say(EXIT_CODES)


def run(prog: str, command: Any, arguments: list[str]) -> None:
    """Help, or the command with its options: those on the command line, then those of `--config`."""
    ours = argparse.ArgumentParser(prog=prog, usage=argparse.SUPPRESS, add_help=False, allow_abbrev=False)
    ours.add_argument("--config", type=Path, metavar="FILE")
    asked, rest = ours.parse_known_args(arguments)
    default = None if asked.config is None else read_config(asked.config, command)
    if {"-h", "--help", "--help-all"} & set(rest):
        say(help_text(command, prog, everything="--help-all" in rest, default=default))
    else:
        refuse_repeated_lists(rest, command)
        refuse_repeated_ids(rest, command)
        refuse_empty_paths(rest, command)
        given = chosen(prog, command, rest, {} if default is None else {"default": default})
        refuse_no_numbers(given)
        if default is None:  # else an empty list may stand for one of the file
            refuse_lists_without_values(rest, given)
        given.run()


def chosen(prog: str, command: Any, arguments: list[str], given: dict[str, Any]) -> Any:
    """The command with its options. Raises one of `MISTAKES` for a value out of range, SystemExit for what tyro cannot
    read, and explains: an option that there is not, one left out, text for a number."""
    try:
        with redirect_stderr(io.StringIO()):  # where tyro explains a value out of range in the same way
            return tyro.cli(command, args=arguments, prog=prog, **given)
    except SystemExit as end:
        cause: BaseException | None = end
        while cause is not None:
            if isinstance(cause, MISTAKES):
                raise cause from None
            cause = cause.__context__
    return tyro.cli(command, args=arguments, prog=prog, **given)


if __name__ == "__main__":
    main()
