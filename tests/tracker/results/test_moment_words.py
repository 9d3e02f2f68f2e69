"""What is said of a doubtful moment: five kinds, by the ids that the rows have now."""

from __future__ import annotations

import numpy as np
import pytest

from tracker.results.frame_times import FrameTimes
from tracker.results.moment_words import AGAIN, APART, CurrentMoment, called, current
from tracker.results.moments import Moment, Reassignment
from tracker.types import Frame, FrameTracks

PEOPLE = np.array([1, 1, 2, 2, 3])
"""Of five rows."""


def moment(kind: str, rows: tuple[int, ...], *fix: tuple[list[int], int]) -> Moment:
    return Moment(kind, 10, 40, rows, 0.5, tuple(Reassignment(np.array(own), belongs) for own, belongs in fix))


def words(kind: str, rows: tuple[int, ...], *fix: tuple[list[int], int], people: np.ndarray = PEOPLE) -> str:
    found = current(moment(kind, rows, *fix), people)
    assert isinstance(found, CurrentMoment)
    return found.words({}, lambda frame: f"frame {frame}")


@pytest.mark.parametrize(
    ("said", "kind", "rows", "fix"),
    [
        ("Person 1 and person 2 may be mixed up until frame 40.", "exchange", (0, 2), (([0, 1], 2), ([2, 3], 0))),
        ("Until frame 40, the box of person 1 may be around person 2.", "taken", (0, 2), (([0, 1], 2),)),
        (
            "Until frame 40, the box of person 1 may be around person 2 "
            "and the box of person 2 may be around person 3.",
            "exchange",
            (0, 2),
            (([0, 1], 2), ([2, 3], 4)),
        ),
        ("Is this really person 3? Another person looked almost the same.", "return", (4,), ()),
        (
            "Is this still person 3? Out of sight just before, and not seen clearly until frame 40.",
            "unsure",
            (4, 2),
            (),
        ),
        (
            "Is person 3 really person 2? Person 2 was out of sight when person 3 first appeared.",
            "birth",
            (4, 2),
            (([4], 2),),
        ),
    ],
)
def test_a_sentence_a_kind(said: str, kind: str, rows: tuple[int, ...], fix: tuple[tuple[list[int], int], ...]):
    assert words(kind, rows, *fix) == said


@pytest.mark.parametrize(
    ("name", "said"), [("7", "“7”"), ("1 2", "“1 2”"), ("①", "“①”"), ("Ada 2", "Ada 2"), ("7a", "7a")]
)
def test_a_name_that_is_a_number_is_not_read_as_an_id(name: str, said: str):
    assert called(3, {3: name}).strip(APART + AGAIN) == said


def test_a_name_is_kept_apart_from_the_sentence_as_it_may_run_from_right_to_left():
    found = current(moment("return", (4,)), PEOPLE)
    assert found is not None
    assert found.words({3: "ليلى"}, str) == "Is this really \u2068ليلى\u2069? Another person looked almost the same."


def test_what_was_put_right_is_mended_and_people_thrown_out_are_told_no_more():
    mixed = moment("exchange", (0, 2), ([0, 1], 2))
    mended = current(mixed, np.array([2, 2, 2, 2, 3]))
    assert mended is not None
    assert mended.mended
    assert mended.words({}, lambda frame: f"frame {frame}") == "Person 2 may have been mixed up until frame 40."
    assert current(mixed, np.array([-1, -1, -1, -1, 3])) is None


def test_a_frame_has_its_own_time_and_one_between_that_of_the_last_before_it():
    times = FrameTimes()
    assert times.at(5) == 0.0
    with times:
        for index, time in ((0, 0.0), (2, 0.1), (4, 0.5)):
            times.write(Frame(index, time, None), FrameTracks.empty(index, time))
    assert [times.at(frame) for frame in (0, 2, 3, 4, 9)] == [0.0, 0.1, 0.1, 0.5, 0.5]
