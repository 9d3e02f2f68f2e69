"""Scores of different detectors on one scale."""

from __future__ import annotations

import numpy as np
import pytest
from stage_play import box

from tracker.score_scale import CLEAR, ScoreScale
from tracker.tracker import Tracker
from tracker.types import Detections, Frame


def test_scores_are_read_as_odds_relative_to_those_of_people_seen_clearly():
    """A clear person of 0.885 has odds of 7.7. Where the best quarter reaches 0.9685, odds of 30.8, all odds fall to a
    quarter: 0.9685 is read as 7.7 : 1, 0.8 (4 : 1) as 1 : 1, and 0.5 as 1 : 4."""
    scale = ScoreScale()
    scale.read(np.full(100, 0.9685))
    assert scale.clear_score == pytest.approx(0.9685, abs=1e-3)
    assert scale.read(np.array([0.9685, 0.8, 0.5])) == pytest.approx([0.885, 0.5, 0.2], abs=0.01)


def test_a_detector_that_gives_less_is_read_as_it_is():
    """Where even the best boxes are weak, no weak box becomes a sure one."""
    scale = ScoreScale()
    scale.read(np.full(100, 0.6))
    assert scale.read(np.array([0.6, 0.3])) == pytest.approx([0.6, 0.3], abs=1e-6)


def test_boxes_of_low_score_do_not_count_however_many_there_are():
    """Of 0.9, 0.8, 0.7 and 0.6 the best quarter begins above three quarters of them: at 0.8."""
    scale = ScoreScale()
    assert scale.clear_score == CLEAR
    scale.read(np.array([0.9, 0.8, 0.7, 0.6, *[0.1] * 50]))
    assert scale.clear_score == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize(("others", "people"), [(0.97, 3), (0.85, 4)])
def test_a_box_of_0_8_is_a_person_of_the_one_detector_and_none_of_the_other(others: float, people: int):
    """0.8 has odds of 4. Clear people of 0.97 have odds of 32, so it is read as 7.7 x 4 / 32 = 0.96 : 1, 0.49: too
    little for a birth. Clear people of 0.85 leave it at 0.8."""
    boxes = np.array([box((300 * number + 200, 600)) for number in range(4)])
    tracker = Tracker()
    for index in range(20):
        tracker.update(Frame(index, index / 25, None), Detections(boxes, np.array([others] * 3 + [0.8])))
    assert tracker.people == people
