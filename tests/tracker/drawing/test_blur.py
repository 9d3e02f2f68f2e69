"""Blur: who is not drawn cannot be recognised, also in the box of somebody who is."""

import numpy as np

from tracker.drawing.blur import Blur
from tracker.drawing.view import View
from tracker.types import FrameTracks

SHOWN = [200.0, 60.0, 280.0, 300.0]


def sharp(others: list[list[float]], shown: list[float] = SHOWN) -> np.ndarray:
    """(300, 400) bool: where a picture of one-pixel stripes, black and white, is left as it is but for a little."""
    stripes = np.zeros((300, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    one = FrameTracks(0, 0.0, np.array([1]), np.array([shown]), np.ones(1), np.zeros(1), others=np.array(others))
    drawn = stripes.copy()
    Blur().draw(drawn, one, 0.4)
    return np.abs(drawn.astype(int) - stripes).max(axis=2) < 60


def test_the_person_is_sharp_from_the_head_to_the_knees_and_not_far_beyond_the_box():
    lit = sharp([[0.0, 0.0, 10.0, 20.0]])
    assert lit[75:250, 232:248].all()
    assert not lit[:, :185].any()
    assert not lit[:, 295:].any()
    assert not lit[:40].any()


def test_a_neighbours_head_is_blurred_within_the_box():
    """Behind, with feet at 290; the head is the upper quarter of the box, from 200 to 250 across."""
    lit = sharp([[200.0, 130.0, 250.0, 290.0]])
    assert not lit[125:175, 195:255].any()
    assert lit[75:115, 232:248].all()
    assert lit[185:250, 232:248].all()


def test_who_stands_in_front_is_blurred_whole_but_who_stands_behind_takes_nothing_from_a_nearer_face():
    """Both cover the person's head, which is from 60 to 120."""
    in_front, behind = [220.0, 50.0, 280.0, 299.0], [200.0, 70.0, 280.0, 250.0]
    shown = [200.0, 60.0, 280.0, 280.0]
    assert not sharp([in_front], shown)[60:280, 222:278].any()
    assert sharp([behind], shown)[75:110, 232:248].all()
    assert not sharp([behind, in_front], shown)[60:280, 222:278].any()


def test_the_others_are_where_a_view_shows_them():
    rows = FrameTracks(0, 0.0, np.array([1]), np.array([SHOWN]), np.ones(1), np.zeros(1), others=np.array([SHOWN]))
    seen = View(np.array([100.0, 0.0, 300.0, 300.0]), (400, 600)).tracks(rows)
    assert seen.others is not None
    assert seen.others.tolist() == seen.xyxy.tolist() == [[200.0, 120.0, 360.0, 600.0]]
