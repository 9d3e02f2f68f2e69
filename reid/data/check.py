"""Checks a data set: counts of crops and people, duplicates, missing pictures, and what training refuses."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .crops import UNKNOWN_CAMERA, Crop, DataError, Split, grouped, people, without_distractors
from .duplicates import alike_pairs, difference_hash, groups_of_equals
from .landmarks import has_landmarks
from .picture_file import decoded
from .sampling import SAMPLERS, SamplingOptions, make_sampler


@dataclass(frozen=True)
class PictureFacts:
    """Facts of one picture: width and height in pixels, hash of the file, and difference hash (64,) of its content."""

    size: tuple[int, int]
    digest: bytes
    content: np.ndarray


def read_facts(path: Path) -> PictureFacts | None:
    """Read a picture; None where the file is none."""
    content = path.read_bytes()
    image = decoded(content)
    if image is None:
        return None
    return PictureFacts((image.shape[1], image.shape[0]), hashlib.blake2b(content).digest(), difference_hash(image))


def read_all_facts(paths: Iterable[Path]) -> Iterable[tuple[Path, PictureFacts | None]]:
    """Each picture that exists, once, with its facts, read by several threads."""
    there = [path for path in paths if path.is_file()]
    with ThreadPoolExecutor() as threads:
        yield from zip(there, threads.map(read_facts, there), strict=True)


@dataclass(frozen=True)
class PartCounts:
    """One part of a split in numbers; `landmarks` counts crops with at least one known joint."""

    crops: int
    people: int
    videos: int
    cameras: int
    landmarks: int

    @classmethod
    def of(cls, crops: Sequence[Crop]) -> PartCounts:
        return cls(
            crops=len(crops),
            people=len(people(crops)),
            videos=len({crop.video for crop in crops}),
            cameras=len({crop.camera for crop in crops} - {UNKNOWN_CAMERA}),
            landmarks=sum(map(has_landmarks, crops)),
        )


@dataclass(frozen=True)
class Spread:
    """The least, the median and the most of some numbers; zeros where there are none."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, numbers: Collection[float]) -> Spread:
        if not numbers:
            return cls(0, 0, 0)
        return cls(min(numbers), float(np.median(list(numbers))), max(numbers))


@dataclass(frozen=True)
class Duplicates:
    """Pictures that stand twice, by name.

    `identical` are groups of files with the same bytes. Of pairs that look the same, `alike_same_person` is the number
    of one person's, `alike_different_people` the names of those with different labels, `alike_train_and_test` of those
    with one crop in training and one in evaluation.
    """

    identical: list[list[str]]
    alike_same_person: int
    alike_different_people: list[tuple[str, str]]
    alike_train_and_test: list[tuple[str, str]]


@dataclass(frozen=True)
class DataCheck:
    """A data set in numbers. Names are paths from the data folder.

    `seconds_per_person` runs from first to last crop, summed over the person's videos. `joints` counts crops by their
    number of joints, `joints_known` is the share of known ones among the crops that have any. `missing` pictures are
    listed and not there, `in_no_part` are there and not listed. `table_faults` are sentences on those of crops.csv,
    `notes` on what training or evaluation will suffer from, `impossible` on why there can be no training.
    """

    layout: str
    parts: dict[str, PartCounts]
    sizes: dict[str, int]
    crops_per_person: Spread
    people_per_video: Spread
    people_of_videos: dict[str, int]
    seconds_per_person: Spread
    joints: dict[int, int]
    joints_known: float
    unreadable: list[str]
    missing: list[str]
    in_no_part: list[str]
    people_in_train_and_test: list[int]
    duplicates: Duplicates
    table_faults: list[str]
    notes: list[str]
    impossible: list[str]


def check_data(
    root: Path,
    layout: str,
    split: Split,
    facts: Mapping[Path, PictureFacts | None],
    pictures: Iterable[Path],
    table_faults: Sequence[str] = (),
) -> DataCheck:
    """Count a split of the data in `root`; `facts` of its pictures (none: missing), `pictures`: all that are there.

    `table_faults` are those of crops.csv, found before.
    """
    crops = split.crops()
    good = [crop for crop in crops if facts.get(crop.path)]
    paths = {crop.path for crop in crops}

    def named(chosen: Iterable[Path]) -> list[str]:
        return sorted(path.relative_to(root).as_posix() for path in chosen)

    videos = people_of_videos(crops)
    known = [np.isfinite(crop.keypoints).all(axis=1).mean() for crop in crops if crop.keypoints is not None]
    check = DataCheck(
        layout=layout,
        parts={name: PartCounts.of(part) for name, part in split.parts.items()},
        sizes=dict(Counter(f"{one.size[0]}x{one.size[1]}" for one in facts.values() if one).most_common()),
        crops_per_person=Spread.of(Counter(crop.person for crop in without_distractors(crops)).values()),
        people_per_video=Spread.of(videos.values()),
        people_of_videos=videos,
        seconds_per_person=Spread.of(seconds_of_people(crops).values()),
        joints=dict(Counter(len(crop.keypoints) for crop in crops if crop.keypoints is not None)),
        joints_known=float(np.mean([share for share in known if share])) if any(known) else 0.0,
        unreadable=named(path for path, one in facts.items() if one is None),
        missing=named(paths - facts.keys()),
        in_no_part=named(set(pictures) - paths),
        people_in_train_and_test=sorted(set(people(split.train)) & set(people([*split.query, *split.gallery]))),
        duplicates=duplicates_of(good, facts, {crop.path for crop in split.train}, root),
        table_faults=list(table_faults),
        notes=[],
        impossible=why_impossible([crop for crop in split.train if facts.get(crop.path)]),
    )
    return replace(check, notes=notes_on(check, split))


def people_of_videos(crops: Iterable[Crop]) -> dict[str, int]:
    """Video -> how many people it shows."""
    found = grouped(crops, lambda crop: crop.video)
    return {video: len(people(found[video])) for video in sorted(found)}


def seconds_of_people(crops: Iterable[Crop]) -> dict[int, float]:
    """Person -> seconds from the first to the last crop, summed over the person's videos."""
    seconds: dict[int, float] = defaultdict(float)
    for (person, _), own in grouped(without_distractors(crops), lambda crop: (crop.person, crop.video)).items():
        times = [crop.time for crop in own]
        seconds[person] += max(times) - min(times)
    return dict(seconds)


def duplicates_of(
    crops: Sequence[Crop], facts: Mapping[Path, PictureFacts | None], train: set[Path], root: Path
) -> Duplicates:
    """Duplicates among readable crops; `train` holds the paths that are trained on."""
    known = [one for crop in crops if (one := facts[crop.path])]
    names = [crop.path.relative_to(root).as_posix() for crop in crops]
    identical = [[names[row] for row in group] for group in groups_of_equals([one.digest for one in known])]
    if not known:
        return Duplicates(identical, 0, [], [])
    person = np.array([crop.person for crop in crops])
    trained = np.array([crop.path in train for crop in crops])
    pairs = np.concatenate(list(alike_pairs(np.stack([one.content for one in known]))))
    of_two_people, across = (pairs[label[pairs[:, 0]] != label[pairs[:, 1]]] for label in (person, trained))
    return Duplicates(
        identical,
        alike_same_person=len(pairs) - len(of_two_people),
        alike_different_people=[(names[first], names[second]) for first, second in of_two_people],
        alike_train_and_test=[(names[first], names[second]) for first, second in across],
    )


def why_impossible(train: Sequence[Crop]) -> list[str]:
    """Reasons why nothing can be trained on these readable crops."""
    counts = Counter(crop.person for crop in train)
    if not counts:
        return ["There is no picture to train on."]
    if len(counts) < 2:
        return [f"The training crops ({len(train)}) show one person; at least two people are needed."]
    if max(counts.values()) < 2:
        return ["No person has two training crops, so there are no pairs of one person to train on."]
    return []


def notes_on(check: DataCheck, split: Split) -> list[str]:
    """Sentences on what training or evaluation will suffer from."""
    train = check.parts["train"]
    lacking = sum(crop.keypoints is None for crop in split.train)
    empty = train.crops - train.landmarks - lacking
    answered = {crop.person for crop in split.gallery}
    unanswered = len({crop.person for crop in split.query} - answered)
    both = len(check.people_in_train_and_test)
    twice = len(check.duplicates.alike_different_people)
    refused = "which recipes with poses refuse; `followspot dataset poses` finds them"
    found = {
        f"People in both training and evaluation, so that the scores flatter: {both}.": both,
        f"People of the query who are not in the gallery, and thus not scored: {unanswered}.": unanswered,
        f"Pairs of crops that look the same and have different labels: {twice}; look at them.": twice,
        f"Training crops without landmarks: {lacking}, {refused}.": lacking,
        f"Training crops of which no joint is known: {empty}; recipes with poses give them an empty pose.": empty,
        f"Crops have different numbers of joints {sorted(check.joints)}; recipes with poses refuse that.": (
            len(check.joints) > 1
        ),
    }
    return [sentence for sentence, holds in found.items() if holds] + refused_samplings(split.train)


def refused_samplings(train: Sequence[Crop]) -> list[str]:
    """The sentence of each sampler that refuses the crops with its default options."""
    sentences = []
    for kind in SAMPLERS:
        try:
            make_sampler(train, SamplingOptions(kind=kind), 0)  # type: ignore[arg-type]
        except DataError as refusal:
            sentences.append(f"Sampling {kind}: {refusal}")
    return sentences
