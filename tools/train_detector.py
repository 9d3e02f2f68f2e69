"""`followspot train-detector`: fine-tune a general detector to the bundled person detector."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import FlagCreatePairsOff

from models.digest import sha256
from tracker.types import InputError

from .detector_training.options import FinetuneOptions
from .run.checks import require_at_least
from .run.output import make_folder, note, read_json_object, write_json

if TYPE_CHECKING:
    from .detector_training.average_precision import Precision
    from .detector_training.pictures import LabelledPicture

SOURCES = "sources.json"
"""Beside the pictures: what they were gathered from."""


@dataclass(frozen=True)
class TrainDetectorCommand:
    """Fine-tune a YOLO of many classes to people, dancers above all, and compare it with what it came from.

    A fifth of every source is for validation; parent and child are both scored on it.
    """

    parent: Path
    """The .pt file to start from; it must know a class named person."""
    teacher: Path | None = None
    """Pose model that must agree with the parent on frames of --clips."""
    images: tuple[Path, ...] = ()
    """Folders with images/ and labels/ in YOLO format, class 0 a person; each is scored under its name."""
    sequences: tuple[Path, ...] = ()
    """MOTChallenge sequences with truth and pictures."""
    clips: tuple[Path, ...] = ()
    """Dance videos without truth, labelled by parent and teacher together."""
    tumblers: tuple[str, ...] = ()
    """Names of the clips with people upside down; their frames are labelled in all four turns by 90 degrees."""
    clip_frames: int = 100
    """Frames to label of each clip."""
    stage_scenes: int = 30
    """Number of rendered scenes to train on."""
    trust: FlagCreatePairsOff[bool] = False
    """Load a --parent or --teacher that holds more than a network of Ultralytics: code in it runs, so trust who made
    it."""
    work: Path = Path("runs/detector")
    """Folder for pictures, every epoch's weights and scores; pictures already there are used again, by the same
    sources only."""
    training: FinetuneOptions = field(default_factory=FinetuneOptions)

    def run(self) -> None:
        """Gather pictures, train, score and save; prints the scores as the rows of a Markdown table."""
        require_at_least(1, "clip-frames", self.clip_frames)
        require_at_least(0, "stage-scenes", self.stage_scenes)
        if not self.parent.is_file():
            raise InputError(f"no weights {self.parent} to start from")
        if self.teacher is not None and not self.teacher.is_file():
            raise InputError(f"there are no weights {self.teacher} for --teacher")
        if self.clips and self.teacher is None:
            raise InputError("--clips need a second network to agree with: name one with --teacher")
        pictures = self.work / "pictures"
        if pictures.is_dir():
            self._refuse_others(pictures)
        else:
            self._refuse_parent()
            self._gather(pictures)
        weights = self._train(pictures)
        self._score(pictures, weights)

    def _refuse_parent(self) -> None:
        """Raise InputError where the parent cannot be loaded: before pictures are gathered, which takes long."""
        from .detector_training.finetune import load_parent

        load_parent(self.parent, trust=self.trust)

    def _sources(self) -> dict[str, object]:
        """Where the pictures and their labels come from, by option, as JSON has it."""
        paths = {"images": self.images, "sequences": self.sequences, "clips": self.clips}
        if self.clips and self.teacher is not None:  # who labels them
            paths |= {"parent": (self.parent,), "teacher": (self.teacher,)}
        named = {option: [str(path.resolve()) for path in given] for option, given in paths.items()}
        of_clips = {"tumblers": sorted(self.tumblers), "clip-frames": self.clip_frames} if self.clips else {}
        return {**named, **of_clips, "stage-scenes": self.stage_scenes}

    def _refuse_others(self, pictures: Path) -> None:
        """Raise InputError where the pictures were gathered from other sources, or nobody knows from which."""
        if not (pictures / SOURCES).is_file():
            raise InputError(
                f"{pictures} does not say what its pictures were made from, as those of earlier versions: name a new "
                f"--work, or remove {pictures}"
            )
        before, now = read_json_object(pictures / SOURCES), self._sources()
        if changed := [f"--{option}" for option in now if before.get(option) != now[option]]:
            raise InputError(
                f"{pictures} holds pictures made with another {' and '.join(changed)}: name a new --work, "
                "or give the same options to use them again"
            )

    def _gather(self, pictures: Path) -> None:
        from .detector_training.pictures import TRAIN, write_pictures

        make_folder(self.work)
        unfinished = pictures.with_name("pictures.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        write_pictures(self._labelled(), unfinished)
        if not (unfinished / TRAIN).is_dir():
            raise InputError("there are no pictures to train on: give more --images, --sequences, --clips or scenes")
        write_json(self._sources(), unfinished / SOURCES)
        unfinished.rename(pictures)

    def _labelled(self) -> Iterator[LabelledPicture]:
        from .detector_training.pictures import mot_sequence, stage_scenes, yolo_folder

        yield from chain.from_iterable(map(yolo_folder, self.images))
        yield from chain.from_iterable(mot_sequence(folder, every=8) for folder in self.sequences)
        yield from stage_scenes(self.stage_scenes)
        yield from self._dances()

    def _dances(self) -> Iterator[LabelledPicture]:
        if not self.clips or self.teacher is None:
            return
        from .detector_training.teacher import TUMBLING, UPRIGHT, Teacher, dance_video

        teacher = Teacher([self.parent, self.teacher], trust=self.trust)
        for clip in self.clips:
            augmentations = TUMBLING if clip.stem in self.tumblers else UPRIGHT
            yield from dance_video(clip, teacher, self.clip_frames, augmentations)

    def _train(self, pictures: Path) -> Path:
        from .detector_training.checkpoint import save_checkpoint
        from .detector_training.finetune import finetune
        from .detector_training.pictures import TRAIN

        weights, earlier = self.work / "person.pt", set(self.work.glob("person_epoch*.pt"))
        for epoch in finetune(self.parent, pictures / TRAIN / "images", self.training, trust=self.trust):
            weights = self.work / f"person_epoch{epoch.number}.pt"
            save_checkpoint(epoch.model, weights, date.today().isoformat())
            print(f"epoch {epoch.number}: " + ", ".join(f"{name} {loss:.3f}" for name, loss in epoch.losses.items()))
            earlier.discard(weights)
        if earlier:
            note(f"{', '.join(sorted(path.name for path in earlier))} in {self.work}: of an earlier training")
        return weights

    def _score(self, pictures: Path, weights: Path) -> None:
        from .detector_training.average_precision import score_detector

        before = score_detector(self.parent, pictures, trust=self.trust)
        after = score_detector(weights, pictures)
        scores = {part: {"parent": asdict(before[part]), "child": asdict(after[part])} for part in before}
        digest = sha256(weights)
        write_json({"sha256": digest, "scores": scores}, self.work / "scores.json")
        print("\n".join(markdown_rows(before, after)))
        print(f"{weights}  sha256 {digest}")


def markdown_rows(before: dict[str, Precision], after: dict[str, Precision]) -> list[str]:
    """A table of both detectors' average precision in per cent, a row for each part of the validation pictures."""
    rows = ["| part | pictures | people | AP50 parent | AP50 | AP50-95 parent | AP50-95 |", "|" + "---|" * 7]
    for part, old in before.items():
        new = after[part]
        scores = " | ".join(f"{100 * value:.1f}" for value in (old.ap50, new.ap50, old.ap, new.ap))
        rows.append(f"| {part} | {old.pictures} | {old.people} | {scores} |")
    return rows
