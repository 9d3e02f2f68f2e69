"""edits.json: written whole with every edit, read again when changed from outside, never overwritten in ignorance."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tools.review.edit_file import Review, read_edits
from tools.review.records import read_data_set
from tracker.types import InputError

MERGE = {"do": "merge", "people": [0, 1]}


@pytest.fixture
def review(folder: Path) -> Review:
    return Review(read_data_set(folder))


def test_every_edit_is_on_disk_at_once_and_undo_and_redo_too(review: Review):
    review.add(MERGE)
    assert read_edits(review.path) == [MERGE]
    assert review.undo() == MERGE
    assert read_edits(review.path) == []
    assert sorted(review.labelled.people) == [0, 1, 2, 3]
    assert review.redo() == MERGE
    assert read_edits(review.path) == [MERGE]
    assert sorted(review.labelled.people) == [0, 2, 3]
    assert review.redo() is None
    assert Review(review.data).labelled.people == review.labelled.people


def test_an_edit_that_does_not_fit_changes_nothing(review: Review):
    with pytest.raises(InputError, match="there is no person 9"):
        review.add({"do": "merge", "people": [0, 9]})
    assert not review.path.exists()
    assert review.revision == 0


BOX = {"do": "box", "video": "dance", "frame": 3, "person": 0, "xyxy": [1, 2, 30, 40]}
ABSENT = {"do": "unbox", "video": "dance", "person": 0, "frame": 5, "to_frame": 8}
LINE = {"do": "between", "video": "dance", "person": 1, "from_frame": 5, "to_frame": 9}
NAME = {"do": "rename", "person": 2, "name": "Bea"}


@pytest.mark.parametrize("edit", [BOX, ABSENT, LINE, NAME])
def test_what_is_so_already_is_refused_and_leaves_nothing_to_undo(review: Review, edit: dict[str, Any]):
    review.add(edit)
    with pytest.raises(InputError, match="that is so already; nothing was changed"):
        review.add(edit)
    assert read_edits(review.path) == [edit]


def test_a_drawn_box_drawn_again_and_absence_where_nobody_was_are_no_edits(review: Review):
    review.add({"do": "drop", "images": [f"0000_{frame:06d}.jpg" for frame in (3, *range(20, 30))]})
    review.add(BOX)
    several = {"do": "boxes", "video": "dance", "person": 0, "frames": [3], "xyxy": [BOX["xyxy"]]}
    for edit in (BOX, several, {**ABSENT, "frame": 21, "to_frame": 25}):
        with pytest.raises(InputError, match="that is so already; nothing was changed"):
            review.add(edit)
    assert len(read_edits(review.path)) == 2
    review.add({**BOX, "xyxy": [1, 2, 30, 41]})


def test_a_stretch_that_is_given_to_its_own_person_is_no_edit(review: Review):
    with pytest.raises(InputError, match="that is so already; nothing was changed"):
        review.add({"do": "give", "video": "dance", "person": 1, "to": 1, "from_frame": 3})
    assert not review.path.exists()


def test_an_edit_that_cannot_be_saved_is_not_made(review: Review, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    review.add(NAME)
    review.add(MERGE)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        for change in (lambda: review.add({"do": "merge", "people": [2, 3]}), review.undo):
            with pytest.raises(InputError, match=r"cannot be saved in .*edits.json: No space left"):
                change()
    assert sorted(review.labelled.people) == [0, 2, 3]
    assert read_edits(review.path) == [NAME, MERGE]
    review.undo()
    assert sorted(review.labelled.people) == [0, 1, 2, 3]
    assert review.labelled.names == {2: "Bea"}
    review.redo()
    assert [path.name for path in review.data.folder.glob(".edits*")] == []


def test_what_another_program_writes_is_taken_in(review: Review):
    review.add(MERGE)
    review.path.write_text(json.dumps({"version": 1, "edits": []}))
    review.refresh()
    assert review.edits == []
    assert review.undo() is None


def test_a_file_damaged_meanwhile_is_reported_until_it_is_mended(review: Review):
    review.add(MERGE)
    review.path.write_text('{"version": 1, "edits": [')
    for _ in range(2):
        with pytest.raises(InputError, match="cannot be read as JSON"):
            review.refresh()
    assert review.path.read_text() == '{"version": 1, "edits": ['


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "is no edit file"),
        ('{"version": 2, "edits": []}', "has version 2"),
        ('{"version": 1, "edits": [{"do": "drop", "images": ["x.jpg"]}]}', "edit 1 does not fit the data"),
    ],
)
def test_a_file_that_does_not_fit_is_reported_at_the_start(folder: Path, text: str, said: str):
    (folder / "edits.json").write_text(text)
    with pytest.raises(InputError, match=said):
        Review(read_data_set(folder))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"version": 1, "edits": [{"do": []}]}', r"edit 1 does not fit .*\[\] is no kind of edit"),
        ("[" * 100_000, "cannot be read as JSON .*nested more than"),
        ('{"version": 1, "edits": [' + "[" * 500 + "]" * 500 + "]}", "nested more than"),
        ('{"version": 1, "edits": [{"do": "merge", "people": [[], {}]}]}', "there is no person"),
    ],
)
def test_an_edit_file_of_wrong_kinds_is_reported_in_a_sentence(folder: Path, text: str, said: str):
    (folder / "edits.json").write_text(text)
    with pytest.raises(InputError, match=rf"edits.json.*{said}"):
        Review(read_data_set(folder))


@pytest.mark.parametrize("xyxy", ["1234", ["1", "2", "3", "4"], [0, 0, True, 9], [0, 0, 10**400, 9], [0, 0, 9], {}])
def test_a_box_is_four_numbers(review: Review, xyxy: object):
    with pytest.raises(InputError, match="xyxy must be left, top, right, bottom"):
        review.add({"do": "box", "video": "dance", "frame": 0, "person": 0, "xyxy": xyxy})
