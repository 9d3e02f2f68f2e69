"""Stories across a camera cut: motion begins anew, position says nothing, appearance does."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from stage_play import ColourEmbedder, Path, ids_of, paint, play

from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Frame

RED, BLUE, GREEN = (40, 40, 230), (230, 60, 40), (50, 220, 60)
CUT = 3.0


def jump(before: float, after: float) -> Path:
    """A person whom the camera sees at x `before` the cut, and at x `after` it."""
    return lambda time: (before if time < CUT else after, 600)


def filmed(people: list[Path], colours: list[tuple[int, int, int]]) -> Callable[[float], np.ndarray]:
    """The story in front of one wall before the cut, and of another after it."""
    blots = np.random.default_rng(0).uniform(20, 235, (2, 12, 20)).astype(np.float32)
    greys = [cv2.resize(blot, (1280, 720), interpolation=cv2.INTER_CUBIC).clip(1, 255) for blot in blots]
    walls = [grey.astype(np.uint8)[..., None].repeat(3, axis=2) for grey in greys]
    return paint(people, colours, wall=lambda time: walls[time >= CUT])


PLACES = [jump(300, 900), jump(600, 300), jump(900, 600)]
"""Three in a row, each of whom stands after the cut where another stood before it."""
COLOURS = [RED, BLUE, GREEN]


def test_a_cut_to_another_angle_keeps_all_ids_by_appearance():
    tracks, stories = play(PLACES, 6.0, Tracker(embedder=ColourEmbedder()), fps=12.5, picture=filmed(PLACES, COLOURS))
    assert [ids_of(story) for story in stories] == [{1}, {2}, {3}]
    assert [rows.time for rows in tracks if rows.cut] == [3.04]
    back = {recovery.id: recovery for rows in tracks for recovery in rows.recoveries}
    assert sorted(back) == [1, 2, 3]
    assert all(recovery.time == 3.04 for recovery in back.values())
    assert all(recovery.across_cut and not recovery.is_return for recovery in back.values())


def test_with_cuts_switched_off_places_are_believed():
    _, stories = play(PLACES, 4.0, Tracker(TrackerOptions(cuts=False)), fps=12.5, picture=filmed(PLACES, COLOURS))
    assert [story[-1] for story in stories] == [3, 1, 2]


def test_without_an_encoder_no_identity_is_taken_at_random():
    tracks, stories = play(PLACES, 5.0, Tracker(), fps=12.5, picture=filmed(PLACES, COLOURS))
    assert [story[-1] for story in stories] == [4, 5, 6]
    assert not any(rows.recoveries for rows in tracks)


def test_without_an_encoder_people_go_on_in_a_closer_view_of_the_same_stage():
    """The camera cuts to twice the size about the middle: nobody is new, and nobody waits to be confirmed."""
    wall = cv2.resize(np.random.default_rng(3).uniform(20, 235, (72, 128)).astype(np.float32), (1280, 720))
    wall = wall.clip(1, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    near = cv2.warpAffine(wall, np.array([[2.0, 0, -640], [0, 2.0, -360]]), (1280, 720))
    before = [[340.0, 300, 400, 480], [560.0, 300, 620, 480], [800.0, 300, 860, 480]]
    after = [[40.0, 240, 160, 600], [480.0, 240, 600, 600], [960.0, 240, 1080, 600]]
    tracker = Tracker(fps=12.5)
    seen = []
    for index in range(60):
        cut = index / 12.5 >= CUT
        boxes = np.array(after[::-1] if cut else before)
        rows = tracker.update(near if cut else wall, Detections(boxes, np.full(3, 0.9)))
        seen.append(dict(zip(rows.xyxy[:, 0].round(), rows.ids, strict=True)))
    assert seen[30] == {340: 1, 560: 2, 800: 3}
    assert next(index for index, ids in enumerate(seen) if 40 in ids) == 38
    assert seen[38] == seen[-1] == {40: 1, 480: 2, 960: 3}


def test_without_an_encoder_a_cast_stays_as_many_as_it_is():
    tracker = Tracker(TrackerOptions(cast=3))
    tracks, _ = play(PLACES, 5.0, tracker, fps=12.5, picture=filmed(PLACES, COLOURS))
    assert tracker.people == 3
    assert sorted(tracks[-1].ids) == [1, 2, 3]


def test_without_an_encoder_one_alone_is_the_one_who_was_alone():
    alone = [jump(300, 900)]
    _, stories = play(alone, 5.0, Tracker(), fps=12.5, picture=filmed(alone, [RED]))
    assert ids_of(stories[0]) == {1}


def test_a_new_person_after_a_cut_is_new():
    def new_person(time: float):
        return None if time < CUT else (600, 600)

    people = [jump(300, 900), new_person]
    _, stories = play(people, 6.0, Tracker(embedder=ColourEmbedder()), fps=12.5, picture=filmed(people, [RED, GREEN]))
    assert [ids_of(story) for story in stories] == [{1}, {2}]


def test_a_wide_shot_after_a_close_one_shows_no_passers_by():
    """A person a third as tall after the cut is no passer-by: heights say nothing across it either."""
    tall = [[100.0, 100, 300, 700], [700.0, 100, 900, 700]]
    small = [[400.0, 300, 460, 480], [800.0, 300, 860, 480]]
    picture = filmed([], [])
    tracker = Tracker()
    for index in range(60):
        time = index / 12.5
        boxes = np.array(tall if time < CUT else small)
        rows = tracker.update(Frame(index, time, picture(time)), Detections(boxes, np.full(2, 0.9)))
        if time > CUT + 0.4:
            assert len(rows) == 2
