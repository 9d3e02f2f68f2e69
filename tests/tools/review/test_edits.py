"""Edits are replayed on the data, always with the same result; what does not fit is reported with its number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.review.answers import BoxTable
from tools.review.edit_file import Review
from tools.review.edits import replay
from tools.review.gaps import placed_boxes
from tools.review.labelled_people import Kind, LabelledPeople
from tools.review.records import DataSet, read_data_set
from tracker.types import InputError

HERE = {"video": "dance", "frame": 10}


@pytest.fixture
def data(folder: Path) -> DataSet:
    return read_data_set(folder)


def crop(person: int, frame: int) -> str:
    return f"{person:04d}_{frame:06d}.jpg"


def counts(labelled: LabelledPeople) -> dict[int, int]:
    return {person: len(own) for person, own in sorted(labelled.people.items())}


def boxes(labelled: LabelledPeople, person: int, longest: float = 30) -> dict[int, list[float]]:
    return {
        frame: list(placed.xyxy) for frame, placed in placed_boxes(labelled.people.get(person, []), longest).items()
    }


def test_merge_makes_all_the_first(data: DataSet):
    assert counts(replay(data, [{"do": "merge", "people": [2, 0, 3]}])) == {1: 30, 2: 90}


def test_split_gives_the_later_crops_to_a_new_person_and_numbers_are_never_used_twice(data: DataSet):
    edits = [
        {"do": "split", "person": 1, "from": crop(1, 20)},
        {"do": "merge", "people": [0, 4]},
        {"do": "split", "person": 1, "from": crop(1, 5)},
    ]
    labelled = replay(data, edits)
    assert counts(labelled) == {0: 40, 1: 5, 2: 30, 3: 30, 5: 15}
    assert min(label.frame for label in labelled.people[5]) == 5


def test_those_whose_labels_lie_in_other_frames_are_not_as_before(data: DataSet):
    """As where edits.json was changed by hand."""
    drop = {"do": "drop", "images": [crop(1, 3), crop(1, 5)]}
    one, other = (
        replay(data, [drop, {"do": "box", "video": "dance", "frame": frame, "person": 1, "xyxy": [1, 2, 30, 40]}])
        for frame in (3, 5)
    )
    assert other.touched_since(one) == {1}
    assert not other.is_like(one)


def test_move_and_drop_work_on_single_crops(data: DataSet):
    edits = [
        {"do": "move", "images": [crop(0, 1), crop(1, 1)], "person": 3},
        {"do": "move", "images": [crop(0, 2)], "person": "new"},
        {"do": "drop", "images": [crop(2, 0), crop(2, 29)]},
    ]
    assert counts(replay(data, edits)) == {0: 28, 1: 29, 2: 28, 3: 32, 4: 1}


def test_a_replay_leaves_the_data_alone_and_gives_the_same_again(data: DataSet):
    edits = [
        {"do": "move", "images": [crop(0, 1)], "person": "new"},
        {"do": "box", **HERE, "person": 1, "xyxy": [0, 0, 9, 9]},
    ]
    first, again = replay(data, edits), replay(data, edits)
    assert first.people == again.people
    assert counts(replay(data, [])) == {0: 30, 1: 30, 2: 30, 3: 30}


def test_a_box_puts_the_crop_right_or_is_drawn_where_there_is_none(data: DataSet):
    drawn = {"do": "box", **HERE, "person": "new", "xyxy": [1, 2, 30, 40]}
    labelled = replay(data, [{"do": "box", **HERE, "person": 1, "xyxy": [5, 6, 70, 80]}, drawn])
    corrected = labelled.label(labelled.row_of_image[crop(1, 10)])
    assert (corrected.kind, corrected.xyxy) == (Kind.CORRECTED, (5.0, 6.0, 70.0, 80.0))
    assert [(one.kind, one.xyxy) for one in labelled.people[4]] == [(Kind.DRAWN, (1.0, 2.0, 30.0, 40.0))]


def test_a_box_settles_two_crops_in_one_frame(data: DataSet):
    edits = [{"do": "merge", "people": [0, 1]}, {"do": "box", **HERE, "person": 0, "xyxy": [5, 6, 70, 80]}]
    assert counts(replay(data, edits))[0] == 59


def test_unbox_leaves_a_gap_that_is_filled_and_once_more_leaves_the_person_absent(data: DataSet):
    once: dict[str, Any] = {"do": "unbox", **HERE, "person": 0}
    assert boxes(replay(data, [once]), 0)[10] == [30, 40, 60, 140]
    assert 10 not in boxes(replay(data, [once, once]), 0)
    again = {"do": "box", **HERE, "person": 0, "xyxy": [1, 1, 2, 2]}
    assert boxes(replay(data, [once, once, again]), 0)[10] == [1, 1, 2, 2]


def test_a_box_may_reach_beyond_the_picture_as_a_body_does(data: DataSet):
    for xyxy in ([-40, -20, 60, 200], [-320, -180, 640, 360], [319, 179, 330, 190]):
        assert boxes(replay(data, [{"do": "box", **HERE, "person": 1, "xyxy": xyxy}]), 1)[10] == xyxy


def test_where_the_size_of_the_picture_is_unknown_a_box_may_lie_anywhere(tmp_path: Path, make_data: Any):
    data = read_data_set(make_data(tmp_path / "data", 4, 30))
    box = {"do": "box", **HERE, "person": 1, "xyxy": [5000, 5, 5030, 90]}
    assert boxes(replay(data, [box]), 1)[10] == [5000, 5, 5030, 90]


def test_where_a_person_has_no_box_and_none_is_filled_in_there_is_nothing_to_take_away(data: DataSet):
    review = Review(data)
    review.add({"do": "give", "video": "dance", "person": 0, "to": "new", "from_frame": 10})
    for frame, person in ((10, 0), (29, 0), (9, 4)):
        with pytest.raises(InputError, match="that is so already"):
            review.add({"do": "unbox", "video": "dance", "frame": frame, "person": person})
    assert len(review.edits) == 1


def test_unbox_of_a_range_leaves_the_person_absent_all_along(data: DataSet):
    gone = boxes(replay(data, [{"do": "unbox", **HERE, "person": 0, "to_frame": 12}]), 0)
    assert sorted(gone) == [*range(10), *range(13, 30)]


def test_between_puts_boxes_on_a_line_that_follows_later_corrections(data: DataSet):
    line = {"do": "between", "video": "dance", "person": 0, "from_frame": 10, "to_frame": 20}
    moved = {"do": "box", "video": "dance", "frame": 20, "person": 0, "xyxy": [130, 40, 160, 140]}
    found = boxes(replay(data, [line, moved]), 0, longest=0)
    # the box in frame 10 begins at 30: a tenth of the way from 30 to 130 is 40, a half 80
    assert (found[11][0], found[15][0], found[21][0]) == (40, 80, 52)


def test_give_and_swap_change_who_it_is_in_a_range_of_frames(data: DataSet):
    given = replay(data, [{"do": "give", "video": "dance", "person": 0, "to": "new", "from_frame": 5, "to_frame": 7}])
    assert counts(given) == {0: 27, 1: 30, 2: 30, 3: 30, 4: 3}
    swapped = replay(data, [{"do": "swap", "video": "dance", "people": [0, 3], "from_frame": 25}])
    assert counts(swapped) == {0: 30, 1: 30, 2: 30, 3: 30}
    assert boxes(swapped, 0)[24][0] == 58
    assert boxes(swapped, 0)[25][0] == 270


def test_boxes_on_a_line_stay_where_they_are_when_they_become_another_persons(data: DataSet):
    line = {"do": "between", "video": "dance", "person": 0, "from_frame": 10, "to_frame": 20}
    swap = {"do": "swap", "video": "dance", "people": [0, 3], "from_frame": 15, "to_frame": 17}
    assert boxes(replay(data, [line, swap]), 3, longest=0)[15] == [40, 40, 70, 140]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"do": "fly"}, "'fly' is no kind of edit"),
        ("merge", "no kind of edit"),
        ({"do": "merge", "people": [1]}, "at least 2 different numbers"),
        ({"do": "merge", "people": [1, 99]}, "there is no person 99"),
        ({"do": "merge", "people": [1, 1]}, "person 1 cannot be merged with itself"),
        ({"do": "merge", "people": [99, 99]}, "there is no person 99"),
        ({"do": "swap", "video": "dance", "people": [2, 2], "from_frame": 0}, "person 2 cannot be swapped with itself"),
        ({"do": "rename", "person": 1, "name": "A\u202eda"}, "characters that turn the direction of writing"),
        ({"do": "rename", "person": 1, "name": "\u2067Ada\u2069"}, "characters that turn the direction of writing"),
        (
            {"do": "rename", "person": 1, "name": "👩\u200d👩\u200d👧 " * 11},
            "a name may have 60 characters at most, and this one has 65",
        ),
        ({"do": "merge", "people": [1, True]}, "there is no person True"),
        ({"do": "split", "person": 1, "from": crop(1, 0)}, "is the first crop of person 1"),
        ({"do": "split", "person": 1, "from": crop(2, 5)}, "is a crop of person 2, not 1"),
        ({"do": "drop", "images": ["../x.jpg"]}, "there is no crop '../x.jpg'"),
        ({"do": "drop", "images": []}, "images must be a list"),
        ({"do": "move", "images": [crop(1, 1)], "person": "old"}, "there is no person 'old'"),
        ({"do": "box", **HERE, "person": 1, "xyxy": [5, 5, 5, 9]}, "xyxy must be left, top, right, bottom"),
        ({"do": "box", **HERE, "person": 1, "xyxy": [0, 0, 9, "nan"]}, "xyxy must be left, top, right, bottom"),
        ({"do": "box", **HERE, "frame": 30, "person": 1, "xyxy": [0, 0, 9, 9]}, "frame number from 0 to 29, not 30"),
        ({"do": "box", **HERE, "video": "x", "person": 1, "xyxy": [0, 0, 9, 9]}, "there is no video 'x'"),
        ({"do": "box", **HERE, "person": 1, "xyxy": [5, 5, 5 + 1e-9, 9]}, "a box is 1 pixel wide and tall at least"),
        ({"do": "boxes", **HERE, "frames": [3], "person": 1, "xyxy": [[5, 5, 9, 5.9]]}, "a box is 1 pixel wide"),
        ({"do": "box", **HERE, "person": 1, "xyxy": [320, 5, 340, 90]}, "lies within the picture of 320x180 pixels"),
        ({"do": "box", **HERE, "person": 1, "xyxy": [5, -90, 30, 0]}, "lies within the picture of 320x180 pixels"),
        ({"do": "box", **HERE, "person": 1, "xyxy": [5, 5, 30, 361]}, "reaches too far beyond the picture of 320x180"),
        ({"do": "swap", "video": "dance", "people": [0, 1, 2], "from_frame": 0}, "swapped with each other, not 3"),
        ({"do": "rename", "person": 1, "name": "\u200b"}, "nothing but invisible characters"),
        ({"do": "rename", "person": 1, "name": "A\u2028B"}, "cannot be written on a label"),
        ({"do": "unbox", **HERE, "person": 1, "to_frame": 9}, "lies before frame 10"),
        ({"do": "between", "video": "dance", "person": 77, "from_frame": 1, "to_frame": 2}, "no person 77"),
    ],
)
def test_an_edit_that_does_not_fit_is_reported_with_its_number(data: DataSet, edit: Any, said: str):
    good = {"do": "drop", "images": [crop(0, 0)]}
    with pytest.raises(InputError, match="edit 2 does not fit") as caught:
        replay(data, [good, edit])
    assert said in str(caught.value)


def test_two_crops_of_one_person_in_a_frame_are_both_shown_in_it(data: DataSet):
    review = Review(data)
    table = BoxTable(review, fill_gaps=1.0)
    assert [box["person"] for box in table.boxes("dance", 10)] == [0, 1, 2, 3]
    review.add({"do": "merge", "people": [1, 0]})
    assert [box["image"] for box in table.boxes("dance", 10)[:2]] == [crop(1, 10), crop(0, 10)]
    review.add({"do": "unbox", **HERE, "person": 1})
    assert [(box["person"], box["kind"]) for box in table.boxes("dance", 10)] == [
        (1, "filled"),
        (2, "crop"),
        (3, "crop"),
    ]


def test_a_moment_that_another_version_had_found_is_passed_over(data: DataSet):
    for edit in ({"do": "look", "moments": ["zork"]}, {"do": "delete", "people": [1], "moments": ["zork"]}):
        assert replay(data, [edit]).looked == frozenset()
