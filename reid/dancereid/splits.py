"""DanceReID's splits into training and test people: as published, and without people in both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

PUBLISHED_VIDEOS = (
    *("ZhuDSdmby8k", "FvfBGRSycQQ", "T4vr8mA4hoY", "Js76pyw4UDk", "O0Y5ewoMOjU", "LuidpS7an4w", "ON6GQ7lUZBM"),
    *("FTSl3VWnCaU", "qz2311gT1y4", "3iNoS5utYL4", "A0mfE8pBLqg", "N64zW8iDe9I", "EFVCxU49bWM", "t463QgtOo-c"),
    *("E--IWzJznxo", "B3syPoisQMU", "1hl-3HrwMw4", "UDJPTG5IQVM", "trftzcE6kXA", "vm--8m-dKvE", "7jRvxkYuYvk"),
)
"""The 21 videos of the published data set, in its order; its annotation has had entries for 12 more."""

PUBLISHED_PEOPLE = 100
PUBLISHED_TEST = (*range(12), *range(35, 40), *range(88, 100))
PUBLISHED_TRAINING = tuple(range(17, 88))
"""It holds 35 to 39 (the five of video qz2311gT1y4), who are in the test as well, and leaves out 12 to 16."""

CLEAN_TRAINING = (*range(12, 35), *range(40, 88))
TEST_SHARE = 0.3

People = TypeVar("People", bound=Collection[int])
Unit = TypeVar("Unit")


def published_part(annotation: Mapping[str, People]) -> dict[str, People]:
    """The entries of the published videos where all of them are there, so that their people get the published numbers;
    any other annotation whole."""
    chosen = {video: annotation[video] for video in PUBLISHED_VIDEOS if video in annotation}
    whole = len(chosen) == len(PUBLISHED_VIDEOS) and sum(map(len, chosen.values())) == PUBLISHED_PEOPLE
    return chosen if whole else dict(annotation)


def splits_of(numbers: Mapping[tuple[str, int], int], found: Collection[str], seed: int) -> list[dict[str, Any]]:
    """What splits.json holds: {"name", "trainval", "query", "gallery"}, the last three lists of people's numbers.

    With the published 100 people two splits: "clean", with no person in both training and test, and "published". With
    any other number one clean split: about three in ten of the videos `found`, drawn with `seed`, are the test; of a
    single video three in ten of its people. Query and gallery are the same crops: which pairs count (never a crop and
    itself, and under the clean protocol none less than 30 frames apart) is for the protocols of `reid.evaluation` to
    say.
    """
    if len(numbers) == PUBLISHED_PEOPLE:
        return [split("clean", CLEAN_TRAINING, PUBLISHED_TEST), split("published", PUBLISHED_TRAINING, PUBLISHED_TEST)]
    people = {key: number for key, number in numbers.items() if key[0] in found}
    units = {key: key[0] if len(found) > 1 else key for key in people}
    test_units = drawn(dict.fromkeys(units.values()), seed)
    test = [number for key, number in people.items() if units[key] in test_units]
    return [split("clean", [number for number in people.values() if number not in test], test)]


def drawn(units: Iterable[Unit], seed: int) -> set[Unit]:
    """The test's share of the units, one at least where there are two."""
    units = list(units)
    count = min(max(1, round(TEST_SHARE * len(units))), len(units) - 1)
    return {units[place] for place in np.random.default_rng(seed).permutation(len(units))[:count]}


def split(name: str, training: Iterable[int], test: Iterable[int]) -> dict[str, Any]:
    """One split of splits.json."""
    return {"name": name, "trainval": list(training), "query": list(test), "gallery": list(test)}
