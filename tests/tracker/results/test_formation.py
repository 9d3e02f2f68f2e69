"""Places over time: smoothed, bridged over short gaps, and never across a camera cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tracker.ground_plane import GroundPlaneOptions
from tracker.results.formation import STEP, FloorRows, Formation, formation_of
from tracker.types import Frame, FrameTracks

SIZE = (1000, 500)
FPS = 20.0
OPTIONS = GroundPlaneOptions(view=53.1301)
"""Focal length 1000 pixels."""


def tracks_of(
    seconds: float, place: Callable[[int, float], tuple[float, float] | None], people: int = 4, cut: float | None = None
) -> list[FrameTracks]:
    """Filmed from two body heights up: `place` is where a person is at a time, or None, in body heights."""
    frames = []
    for index in range(round(seconds * FPS)):
        time = index / FPS
        there = {id: at for id in range(1, people + 1) if (at := place(id, time)) is not None}
        boxes = [
            [500 + 1000 * (x - 0.15) / z, 250 + 1000 / z, 500 + 1000 * (x + 0.15) / z, 250 + 2000 / z]
            for x, z in there.values()
        ]
        cuts = cut is not None and index == round(cut * FPS)
        ones = np.ones(len(there))
        frames.append(FrameTracks(index, time, list(there), np.array(boxes), ones, ones < 1, cut=cuts))  # type: ignore[arg-type]
    return frames


def standing(id: int, time: float) -> tuple[float, float]:
    """Four people on the corners of a square of 4 body heights."""
    return [(-2, 10), (2, 10), (-2, 14), (2, 14)][id - 1]  # type: ignore[return-value]


def formation(tracks: Sequence[FrameTracks]) -> Formation | None:
    return formation_of(tracks, SIZE, OPTIONS)


def test_people_on_a_square_are_shown_on_a_square():
    found = formation(tracks_of(4, standing))
    assert found is not None
    (shot,) = found.shots
    assert [(walk.id, walk.first, len(walk.places)) for walk in shot.walks] == [(id, 0, 20) for id in (1, 2, 3, 4)]
    for walk in shot.walks:
        np.testing.assert_allclose(walk.places, np.tile(standing(walk.id, 0), (20, 1)), atol=0.05)


def test_a_jump_is_no_step_back_but_a_walk_is_followed():
    """Person 1 jumps half a body height at second 2: the feet are higher in the picture, as if far behind."""

    def moving(id: int, time: float) -> tuple[float, float]:
        if id == 1 and 2 <= time < 2.3:
            return -2 * 13.3 / 10, 13.3
        return (-2 + time, 14) if id == 3 else standing(id, time)

    found = formation(tracks_of(4, moving))
    assert found is not None
    walks = {walk.id: walk.places for walk in found.shots[0].walks}
    np.testing.assert_allclose(walks[1], np.tile((-2, 10), (20, 1)), atol=0.1)
    np.testing.assert_allclose(walks[3][:, 0], -2 + STEP * np.arange(20), atol=0.1)


def test_a_short_absence_is_bridged_and_a_long_one_is_not():
    """Person 2 is not seen for 0.4 s, person 4 for a second, 2.0 to 3.0."""
    away = {2: (2.0, 2.4), 4: (2.0, 3.0)}

    def seen(id: int, time: float) -> tuple[float, float] | None:
        start, end = away.get(id, (9.0, 9.0))
        return None if start <= time < end else standing(id, time)

    found = formation(tracks_of(5, seen))
    assert found is not None
    assert [(walk.first, len(walk.places)) for walk in found.walks if walk.id == 2] == [(0, 25)]
    assert [(walk.first, len(walk.places)) for walk in found.walks if walk.id == 4] == [(0, 10), (15, 10)]


def test_each_shot_has_a_floor_of_its_own_or_none():
    """The second shot shows one dancer for a second: too little to say anything."""

    def cut(id: int, time: float) -> tuple[float, float] | None:
        return standing(id, time) if time < 4 or id == 1 else None

    found = formation(tracks_of(5, cut, cut=4.0))
    assert found is not None
    assert [(shot.start, shot.plane is None, len(shot.walks)) for shot in found.shots] == [(0, False, 4), (4, True, 0)]
    assert all(walk.first + len(walk.places) <= 20 for walk in found.walks)


def test_where_no_shot_shows_a_floor_there_is_no_formation():
    assert formation([]) is None
    assert formation([FrameTracks.empty(0, 0.0)]) is None
    assert formation(tracks_of(4, lambda id, time: None)) is None
    assert formation(tracks_of(0.05, standing)) is None


def kept(tracks: Sequence[FrameTracks], most: int = 36_000) -> FloorRows:
    rows = FloorRows(most)
    with rows:
        for each in tracks:
            rows.write(Frame(each.frame, each.time, None), each)
    return rows


def test_about_ten_frames_a_second_are_kept_and_no_cut_is_lost():
    tracks = tracks_of(4, standing, cut=2.05)  # frame 41, one of those left out
    rows = kept(tracks)
    assert [each.frame for each in rows.tracks] == list(range(0, 80, 2))
    assert [each.frame for each in rows.tracks if each.cut] == [42]


def test_a_long_video_keeps_no_more_than_it_may():
    tracks = tracks_of(60, standing, cut=30.0)
    rows = kept(tracks, most=100)
    assert len(rows.tracks) <= 100
    assert [each.cut for each in rows.tracks].count(True) == 1
    spacing = np.diff([each.time for each in rows.tracks])
    assert spacing.max() <= 1.0
    found = formation(rows.tracks)
    assert found is not None
    assert len(found.walks) == 8


@pytest.mark.parametrize(("people", "seconds"), [(20, 600), (12, 6 * 3600)])
def test_the_number_of_places_has_a_bound(people: int, seconds: int):
    """Five places a second while that is few enough."""
    spacing = max(0.1, seconds / 18_000)
    left, feet = 100 + 40 * np.arange(people), 250 + 8 * np.arange(people)
    boxes = np.stack([left, feet - 0.5 * (feet - 50), left + 20, feet], axis=1)
    ids, ones = np.arange(1, people + 1), np.ones(people)
    frames = [FrameTracks(k, k * spacing, ids, boxes, ones, ones < 1) for k in range(round(seconds / spacing))]
    found = formation(frames)
    assert found is not None
    places = sum(len(walk.places) for walk in found.walks)
    assert 50_000 < places <= 120_000
    assert found.step == (0.2 if people == 20 else 3.2)
