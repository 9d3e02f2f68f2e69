"""A small data set with one of every fault, counted by hand."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.data.check import Spread, check_data, read_all_facts
from reid.data.crops import Crop, Split
from reid.data.duplicates import alike_pairs, difference_hash, groups_of_equals


def drawing(seed: int) -> np.ndarray:
    """A blotchy picture (32, 16, 3) of its own."""
    small = np.random.default_rng(seed).integers(0, 255, (8, 4, 3), np.uint8)
    return cv2.resize(small, (16, 32), interpolation=cv2.INTER_CUBIC)


def crop(root: Path, person: int, frame: int, image: np.ndarray | None, video: str = "a", joints=None) -> Crop:
    path = root / f"{person}_{frame}.png"
    if image is not None:
        cv2.imwrite(str(path), image)
    return Crop(path, person, -1, video, frame, frame / 25, joints)


def check(root: Path, split: Split):
    return check_data(root, "dancereid", split, dict(read_all_facts(c.path for c in split.crops())), root.glob("*.png"))


@pytest.fixture
def faulty(tmp_path):
    half = np.full((17, 2), 3.0)
    half[:5] = np.nan
    train = [
        crop(tmp_path, 1, 0, drawing(0), joints=half),
        crop(tmp_path, 1, 50, np.clip(drawing(0).astype(int) + 3, 0, 255).astype(np.uint8), joints=half),
        crop(tmp_path, 1, 100, drawing(2), video="b", joints=np.full((17, 2), np.nan)),
        crop(tmp_path, 2, 25, drawing(3)),
        crop(tmp_path, 2, 75, None),  # listed, not there
    ]
    query = [crop(tmp_path, 3, 0, drawing(3)), crop(tmp_path, 4, 0, drawing(5)[:24])]
    gallery = [crop(tmp_path, 3, 250, drawing(6)), crop(tmp_path, 2, 300, drawing(7))]
    crop(tmp_path, 9, 0, drawing(8))  # there, not listed
    (tmp_path / "4_0.png").write_bytes(b"no picture")
    return check(tmp_path, Split(train, query, gallery))


def test_parts_sizes_and_times_are_counted(faulty):
    train, query = faulty.parts["train"], faulty.parts["query"]
    assert (train.crops, train.people, train.videos, train.cameras, train.landmarks) == (5, 2, 2, 0, 2)
    assert (query.crops, query.people) == (2, 2)
    assert faulty.sizes == {"16x32": 7}
    assert faulty.people_of_videos == {"a": 4, "b": 1}
    assert faulty.crops_per_person == Spread(1, 2.5, 3)  # 3, 3, 2, 1
    # 1: 50 frames in a, one crop in b; 2: frames 25 to 300; 3: 0 to 250; 4: one crop
    assert faulty.seconds_per_person == Spread(0, 6.0, 11.0)


def test_landmarks_are_counted_by_what_is_known(faulty):
    assert faulty.joints == {17: 3}
    assert faulty.joints_known == pytest.approx(12 / 17)  # of the two crops that have any
    assert any(note.startswith("Training crops without landmarks: 2, which") for note in faulty.notes)
    assert any(note.startswith("Training crops of which no joint is known: 1;") for note in faulty.notes)


def test_faults_are_named(faulty):
    assert faulty.unreadable == ["4_0.png"]
    assert faulty.missing == ["2_75.png"]
    assert faulty.in_no_part == ["9_0.png"]
    assert faulty.people_in_train_and_test == [2]
    twins = faulty.duplicates
    assert twins.identical == [["2_25.png", "3_0.png"]]
    assert twins.alike_same_person == 1
    assert twins.alike_different_people == twins.alike_train_and_test == [("2_25.png", "3_0.png")]
    assert faulty.impossible == []
    for number in ("training and evaluation, so that the scores flatter: 1.", "not scored: 1.", "labels: 1; look"):
        assert any(number in note for note in faulty.notes)
    assert any("fewer than the 16 of a batch" in note for note in faulty.notes)


@pytest.mark.parametrize(
    ("people", "reason"), [([], "no picture"), ([1, 1], "show one person"), ([1, 2, 3], "No person has two")]
)
def test_training_is_impossible_for_a_reason(tmp_path, people, reason):
    train = [crop(tmp_path, person, frame, drawing(frame)) for frame, person in enumerate(people)]
    assert reason in check(tmp_path, Split(train, [], [])).impossible[0]


def test_alike_are_pictures_whose_hashes_differ_little():
    image = drawing(1)
    other = cv2.resize(cv2.resize(image, (12, 24)), (16, 32))
    assert (difference_hash(image) != difference_hash(other)).sum() <= 3
    assert (difference_hash(image) != difference_hash(drawing(2))).sum() > 10


def test_pairs_are_the_same_as_those_of_a_dumb_loop():
    random = np.random.default_rng(0)
    hashes = random.random((2500, 64)) < 0.5  # more than one chunk
    for copy, flipped in ((2400, 0), (2401, 3), (2402, 4)):
        hashes[copy] = hashes[7]
        hashes[copy, :flipped] ^= True
    pairs = {(int(first), int(second)) for part in alike_pairs(hashes) for first, second in part}
    wanted = [7, 2400, 2401, 2402]
    slow = {(a, b) for a in wanted for b in wanted if a < b and (hashes[a] != hashes[b]).sum() <= 3}
    assert pairs == slow == {(7, 2400), (7, 2401), (2400, 2401), (2401, 2402)}
    assert groups_of_equals(["x", "y", "x", "z", "y"]) == [[0, 2], [1, 4]]
