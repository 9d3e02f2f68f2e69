"""Corners of the association that mutants of the code found unguarded (tests/MUTATIONS.md)."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from tracks_by_hand import standing, track_at

from tracker.association import AssociationOptions, Expected, box_similarity, expected, onward
from tracker.types import Detections, Frame

PLAIN = AssociationOptions(occlusion_weight=0.0, direction_weight=0.0)
BOX = [0.0, 100, 50, 200]  # a hundred pixels high


def seen(
    xyxy: list[float], *, seconds: float = 0.0, step: tuple[float, float] = (0, 0), noise: float = 0.0
) -> Expected:
    """One track that is expected where it was last seen."""
    there = np.array([xyxy])
    return Expected(there, there, np.array([seconds]), np.zeros(1), np.array([step], float), np.array([noise]))


def both(one: Expected, other: Expected) -> Expected:
    return Expected(*(np.concatenate([getattr(each, f.name) for each in (one, other)]) for f in fields(Expected)))


def moved(xyxy: list[float], x: float, y: float) -> np.ndarray:
    return np.array([xyxy]) + np.array([x, y, x, y])


def test_with_a_re_id_encoder_less_is_asked_of_a_score_and_a_last_box_counts_for_less_long():
    options = AssociationOptions(
        high_score=0.7, high_score_with_appearance=0.4, last_box_decay=9.0, last_box_decay_with_appearance=0.2
    ).with_appearance()
    assert (options.high_score, options.last_box_decay) == (0.4, 0.2)


def test_the_step_of_a_track_is_from_where_it_was_to_where_it_is():
    track = track_at(0.0, standing(100))
    track.observe(Frame(1, 0.1, None), Detections(np.array([standing(130)]), np.array([0.9])), 0)
    assert expected([track], 0.1).step == pytest.approx(np.array([[30.0, 0.0]]))


def test_going_straight_on_is_likelier_than_turning_back():
    """Ten pixels to either side overlap alike; a tenth of 0.5 is given for going on, and taken for turning back."""
    options = AssociationOptions(occlusion_weight=0.0, direction_weight=0.1)
    track, both_ways = seen(BOX, step=(10, 0)), np.concatenate([moved(BOX, 10, 0), moved(BOX, -10, 0)])
    on, back = box_similarity(track, both_ways, np.zeros(2), options)[0]
    overlap = 40 / 60
    assert (on, back) == pytest.approx((overlap + 0.05, overlap - 0.05))


def test_a_box_grows_as_far_as_the_track_beside_it_whatever_the_others_do():
    """A gap of 10 pixels, which a growth of 7.5 closes on both sides; another track was seen just now."""
    lost, now = seen(BOX, seconds=1.0), seen([300.0, 100, 350, 200])
    beside = moved(BOX, 60, 0)
    alone = box_similarity(lost, beside, np.zeros(1), PLAIN)[0, 0]
    assert alone == pytest.approx(5 * 130 / (2 * 65 * 130 - 5 * 130))
    assert box_similarity(both(lost, now), beside, np.zeros(1), PLAIN)[:, 0] == pytest.approx([alone, 0.0])


def test_a_step_no_longer_than_the_noise_says_less():
    """In body heights: 0.2 there, 0.2 on, noise 0.1 of the track and 0.2 of the box.

    On: 0.2 / sqrt(0.04 + 0.01 + 0.04) = 2/3; there, both ends of which are the track's: 0.2 / sqrt(0.04 + 0.02).
    """
    track = seen(BOX, step=(20, 0), noise=0.1)
    certainty = onward(track, moved(BOX, 20, 0), np.array([0.2]))
    assert certainty == pytest.approx(np.array([0.5 * 2 / 3 * 0.2 / 0.06**0.5]))


@pytest.mark.parametrize(("way", "sign"), [(1, 1), (-1, -1)])
def test_steps_along_one_line_are_numbers_however_they_are_rounded(way: int, sign: int):
    for step in np.random.default_rng(0).uniform(1, 9, (200, 2)):
        turn = onward(seen(BOX, step=(step[0], step[1])), moved(BOX, *(way * step)), np.zeros(1))
        assert turn == pytest.approx(np.array([0.5 * sign]), abs=1e-6)
