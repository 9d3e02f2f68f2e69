"""Doubtful moments of tracks by hand, at any step from one tracked frame to the next."""

from __future__ import annotations

import numpy as np
import pytest

from tracker.results.moments import Moment, MomentFinder, TrackedRows
from tracker.types import Recovery

FPS = 30.0


def tracked(pieces: dict[int, list[tuple[float, int, int]]], stride: int = 1, *recoveries: Recovery) -> TrackedRows:
    """For each id where it stands, from which frame to which, of a video of which every `stride`-th one was tracked.

    Boxes are 30 x 100 pixels.
    """
    rows = [
        (frame, id, x)
        for id, own in pieces.items()
        for x, first, last in own
        for frame in range(-(-first // stride) * stride, last + 1, stride)
    ]
    frame, person, x = (np.array(column) for column in zip(*sorted(rows), strict=True))
    xyxy = np.stack([x, x * 0 + 40, x + 30, x * 0 + 140], axis=1)
    return TrackedRows(person, frame, xyxy, recoveries, (), FPS, stride, (640, 360))


def late_exchange(second: list[tuple[float, int, int]], since: int, stride: int = 1) -> list[Moment]:
    """Person 1's box is around 2, who stands beside 1, from frame `since` to 299; at 300 that is found out."""
    first = [(100.0, 0, since - 1), (116.0, since, 299), (100.0, 300, 330)]
    rows = tracked({1: first, 2: [*second, (116.0, 300, 330)]}, stride, Recovery(300, 10.0, 2, 1.0, exchanged=True))
    return MomentFinder(rows).found()


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 5, 6])
def test_an_exchange_reaches_back_to_where_the_other_was_last_seen_at_any_stride(stride: int):
    (moment,) = late_exchange([(116.0, 0, 199)], 200, stride)
    first = -(-200 // stride) * stride
    assert (moment.kind, moment.frame, moment.to) == ("exchange", first, 300)
    assert len(moment.fix[0].rows) == (300 - first) / stride


@pytest.mark.parametrize(("last", "begins"), [(204, 150), (205, 206)])
def test_a_piece_of_three_tenths_of_a_second_does_not_end_an_absence(last: int, begins: int):
    """Person 2 is seen elsewhere from frame 195 on, for 9 steps or for 10; 150 is 5 s before the end."""
    (moment,) = late_exchange([(116.0, 0, 99), (400.0, 195, last)], 100)
    assert (moment.kind, moment.frame, moment.to) == ("exchange", begins, 300)


def test_an_id_that_begins_where_another_ended_in_the_frame_before_is_doubtful():
    rows = tracked({1: [(300.0, 0, 99)], 2: [(500.0, 0, 130)], 3: [(300.0, 100, 130)]})
    (moment,) = MomentFinder(rows).found()
    assert (moment.kind, moment.frame) == ("birth", 100)
    assert [int(rows.person[row]) for row in moment.rows] == [3, 1]
