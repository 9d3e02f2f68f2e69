"""Two passes, the second with hand-made tracks: who gets which id, what is filled in, and what never is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tracker.gap_filling import GapOptions, fill_gaps
from tracker.offline.refinement import Numbering, RefinementOptions, person_ids, refine
from tracker.offline.stretches import UNKNOWN, Stretch, assign_people
from tracker.types import FrameTracks, InputError, Recovery

FPS = 10.0
NO_GAPS = RefinementOptions(min_seconds=0.0, gaps=GapOptions(seconds=0))


def film(boxes: Mapping[int, Mapping[int, float]], frames: int, cuts: Sequence[int] = ()) -> list[FrameTracks]:
    """Of each id the left edge of a box 50 by 100, by frame."""
    reported = []
    for frame in range(frames):
        seen = {id: left[frame] for id, left in boxes.items() if frame in left}
        xyxy = np.array([[left, 0, left + 50, 100] for left in seen.values()]).reshape(-1, 4)
        score, back = np.full(len(seen), 0.9), np.zeros(len(seen), bool)
        reported.append(FrameTracks(frame, frame / FPS, np.array(list(seen)), xyxy, score, back, cut=frame in cuts))
    return reported


def stand(left: float, frames: range) -> dict[int, float]:
    return dict.fromkeys(frames, left)


def stretch(track: int, frames: range, person: int = UNKNOWN) -> Stretch:
    return Stretch(track, np.array(frames), person)


def lefts(tracks: Sequence[FrameTracks], id: int) -> dict[int, float]:
    return {rows.frame: float(rows.xyxy[rows.ids == id][0, 0]) for rows in tracks if id in rows.ids}


def test_two_tracks_of_one_person_become_one_and_the_return_is_reported():
    online = film({1: stand(0, range(10)), 2: stand(300, range(30)), 3: stand(600, range(20, 30))}, 30)
    whose = [stretch(1, range(10), 0), stretch(2, range(30), 1), stretch(3, range(20, 30), 0)]
    refined = refine(online, whose, FPS, NO_GAPS)
    assert {id for rows in refined for id in rows.ids.tolist()} == {1, 2}
    assert lefts(refined, 1) == {**stand(0, range(10)), **stand(600, range(20, 30))}
    assert [event for rows in refined for event in rows.recoveries] == [Recovery(20, 2.0, 1, pytest.approx(1.1))]
    assert [rows.frame for rows in refined if rows.recovered.any()] == [20]


def test_who_is_in_every_frame_was_never_away_however_few_there_are_a_second():
    """An image every two seconds: 1 is in all of them, 2 is missing in the third."""
    online = film({1: stand(0, range(5)), 2: {0: 300, 1: 300, 3: 300, 4: 300}}, 5)
    online = [replace(rows, time=2.0 * rows.frame) for rows in online]
    refined = refine(online, [stretch(1, range(5), 0), Stretch(2, np.array([0, 1, 3, 4]), 1)], 0.5, NO_GAPS)
    assert [event for rows in refined for event in rows.recoveries] == [Recovery(3, 6.0, 2, 4.0)]
    assert [rows.recovered.tolist() for rows in refined if rows.recovered.any()] == [[False, True]]


def test_an_exchange_the_online_pass_missed_is_put_right():
    online = film({1: stand(0, range(30)), 2: stand(300, range(30))}, 30)
    whose = [
        *(stretch(1, range(12), 0), stretch(1, range(12, 18)), stretch(1, range(18, 30), 1)),
        *(stretch(2, range(12), 1), stretch(2, range(12, 18)), stretch(2, range(18, 30), 0)),
    ]
    refined = refine(online, whose, FPS, NO_GAPS)
    assert lefts(refined, 1)[5] == lefts(refined, 2)[25] == 0
    assert lefts(refined, 2)[5] == lefts(refined, 1)[25] == 300
    assert sum(map(len, refined)) == 60, "no row is lost in between"


def test_an_unknown_stretch_follows_its_track_unless_that_person_is_elsewhere():
    whole = assign_people([stretch(1, range(10), 0), stretch(1, range(10, 14))])
    assert {each.person for each in whole} == {0}
    elsewhere = [stretch(1, range(10), 0), stretch(1, range(10, 14)), stretch(2, range(12, 20), 0)]
    settled = assign_people(elsewhere, min_frames=5)
    assert sorted(f for each in settled if each.track == 1 for f in each.frames) == list(range(12))
    assert all(each.person == 0 for each in settled)
    alone = assign_people(elsewhere, min_frames=2)
    assert [each.frames.tolist() for each in alone if each.person == 1] == [[12, 13]], "long enough to be a person"


def test_a_person_hardly_seen_is_no_person_of_their_own():
    settled = assign_people(
        [stretch(1, range(10), 0), stretch(1, range(10, 12), 1), stretch(1, range(12, 20), 0)], min_frames=5
    )
    assert {each.person for each in settled} == {0}
    assert sorted(f for each in settled for f in each.frames) == list(range(20))


@pytest.mark.parametrize("cast", [1, 2, 3])
def test_a_cast_is_never_exceeded_and_no_person_is_twice_in_a_frame(cast: int):
    rng = np.random.default_rng(cast)
    whose, busy = [], set()
    for _ in range(60):
        track, start, person = int(rng.integers(1, cast + 1)), int(rng.integers(0, 80)), int(rng.integers(0, 6))
        frames = [f for f in range(start, start + 8) if (0, track, f) not in busy and (1, person, f) not in busy]
        busy |= {(0, track, f) for f in frames} | {(1, person, f) for f in frames}
        whose += [Stretch(track, np.array(frames), person)] if frames else []
    settled = assign_people(whose, min_frames=3, cast=cast)
    assert len({each.person for each in settled}) <= cast
    seen = [(each.person, f) for each in settled for f in each.frames.tolist()]
    assert len(seen) == len(set(seen))
    assert len(seen) > 0.6 * sum(len(each.frames) for each in whose)


def test_ids_follow_appearance_and_people_of_a_cast_file_keep_theirs():
    whose = [stretch(7, range(5, 30), 0), stretch(4, range(10), 1), stretch(9, range(8, 20), 2)]
    assert person_ids(whose, Numbering()) == {1: 1, 0: 2, 2: 3}
    assert person_ids(whose, Numbering(first=10, kept={7, 8})) == {0: 7, 1: 10, 2: 11}
    assert person_ids(whose, Numbering(first=10, kept={7, 8}), cast=3) == {0: 7, 1: 10, 2: 8}


def test_a_short_gap_is_a_straight_line_of_rows_without_a_score():
    gap = film({1: {0: 0, 1: 0, 5: 40, 6: 40}}, 7)
    filled = list(fill_gaps(gap, GapOptions(seconds=0.5)))
    assert lefts(filled, 1) == pytest.approx({0: 0, 1: 0, 2: 10, 3: 20, 4: 30, 5: 40, 6: 40})
    assert [float(rows.score[0]) for rows in filled] == pytest.approx([0.9, 0.9, 0, 0, 0, 0.9, 0.9])


@pytest.mark.parametrize(
    ("left", "why"),
    [
        ({0: 0, 6: 0}, "0.6 s are too long"),
        ({0: 0, 3: 51}, "0.51 body heights are too far"),
    ],
)
def test_no_gap_is_filled_that_is_long_or_wide(left: dict[int, float], why: str):
    assert lefts(list(fill_gaps(film({1: left}, 7), GapOptions(seconds=0.5, distance=0.5))), 1) == left, why


def test_no_gap_is_filled_where_the_size_changes_or_another_camera_takes_over():
    small = film({1: {0: 0, 3: 0}}, 4)
    small[3] = FrameTracks(3, 0.3, np.array([1]), np.array([[0, 30, 50, 100]]), np.ones(1), np.zeros(1, bool))
    assert sum(map(len, fill_gaps(small, GapOptions()))) == 2
    for cut in (1, 2, 3):
        assert sum(map(len, fill_gaps(film({1: {0: 0, 3: 0}}, 4, [cut]), GapOptions()))) == 2
    assert sum(map(len, fill_gaps(film({1: {0: 0, 3: 0}}, 4, [0]), GapOptions()))) == 4


def test_negative_seconds_are_refused():
    for wrong in (-1.0, float("inf"), float("nan")):
        with pytest.raises(InputError, match="the seconds of --refinement must be 0 or more"):
            RefinementOptions(min_seconds=wrong)
