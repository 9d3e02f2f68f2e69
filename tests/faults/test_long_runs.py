"""Hours of people: what the tracker keeps is bounded, and so is the time of a frame, which `faults.long_run` measures.

LONG_SECONDS of video at 30 frames a second (60 s at ten; six hours in `make test-faults`).
"""

from __future__ import annotations

import os

import pytest
from faults.long_run import DANCERS, FPS, NEWCOMERS, STAY, Moment, moments

from tracker.gallery import GalleryOptions
from tracker.tracker import TrackerOptions

LONG = "LONG_SECONDS"
SECONDS, RATE = (float(os.environ[LONG]), FPS) if LONG in os.environ else (60.0, 10)
FORGOTTEN = 5.0
"""Seconds after which a lost person is given up, where no other number is needed."""


def test_no_more_is_kept_of_twelve_who_come_and_go_after_hours_than_at_the_start():
    """A track a person, and those taken for new people, who are forgotten after ten minutes; a gallery each."""
    danced: list[Moment] = list(moments("dancers", SECONDS, SECONDS / 6, fps=RATE))
    tracks = 4 * DANCERS
    assert all(moment.tracks <= tracks and moment.views <= tracks * GalleryOptions().size for moment in danced)
    assert danced[-1].people >= DANCERS
    assert danced[-1].megabytes < danced[0].megabytes + 25


@pytest.mark.parametrize("story", ["street", "street with galleries"])
def test_of_a_busy_street_those_who_left_are_forgotten(story: str):
    """Two newcomers a second for as long as all who entered in the first seconds are given up three times over."""
    options = TrackerOptions(cuts=False, max_lost_time=FORGOTTEN)
    *_, late, last = moments(story, 3 * (STAY + FORGOTTEN), STAY + FORGOTTEN, options, RATE)
    known = NEWCOMERS * (STAY + FORGOTTEN) + NEWCOMERS
    assert max(late.tracks, last.tracks) <= known
    assert max(late.views, last.views) <= known * 2 * GalleryOptions().size
    assert last.people > last.tracks
