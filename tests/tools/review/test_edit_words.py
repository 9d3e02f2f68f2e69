"""What is said of an edit that is undone."""

from __future__ import annotations

from typing import Any

import pytest

from tools.review.edit_words import WORDS, told
from tools.review.edits import KINDS

NAMES = {5: "Anna", 6: "", 8: "7"}
GIVE = {"do": "give", "person": 3, "to": 5, "from_frame": 1}


@pytest.mark.parametrize(
    ("said", "edit"),
    [
        ("frames 1 to 8 of person 3 given to Anna", {**GIVE, "to_frame": 8}),
        ("frame 7 of Anna given to person 6", {"do": "give", "person": 5, "to": 6, "from_frame": 7, "to_frame": 7}),
        ("Anna given to a new person from frame 7 on", {"do": "give", "person": 5, "to": "new", "from_frame": 7}),
        ("person 2 and Anna swapped from frame 4 on", {"do": "swap", "people": [2, 5], "from_frame": 4}),
        ("person 7 and Anna made part of person 1", {"do": "merge", "people": [1, 7, 5]}),
        ("all but 4 people deleted", {"do": "keep", "people": [1, 2, 3, 4]}),
        ("person 1, person 2 and Anna deleted", {"do": "delete", "people": [1, 2, 5]}),
        ("person 5 called Ada", {"do": "rename", "person": 5, "name": " Ada "}),
        ("the name of person 5 taken away", {"do": "rename", "person": 5, "name": ""}),
        ("the box of Anna in frame 9 removed", {"do": "unbox", "person": 5, "frame": 9}),
        ("Anna absent in frames 9 to 12", {"do": "unbox", "person": 5, "frame": 9, "to_frame": 12}),
        ("2 boxes of the detector given to Anna", {"do": "boxes", "person": 5, "frames": [1, 2], "xyxy": []}),
        ("straight lines for Anna between 3 and 9", {"do": "between", "person": 5, "from_frame": 3, "to_frame": 9}),
        ("person 7 and “7” made part of person 1", {"do": "merge", "people": [1, 7, 8]}),
        ("1 moment looked at", {"do": "look", "moments": ["birth 3 4"]}),
    ],
)  # fmt: skip
def test_an_edit_in_words(said: str, edit: dict[str, Any]):
    assert told(edit, NAMES) == said


def test_every_kind_has_words():
    assert WORDS.keys() == KINDS.keys()
