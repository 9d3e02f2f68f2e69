"""People detected in keyframes, on straight lines between them, and in more frames where lines would not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from tracker.keyframes import KeyframeOptions, Keyframes
from tracker.pipeline import track
from tracker.tracker import Tracker
from tracker.types import Detections, Frame, InputError

Seen = Callable[[int], Detections]


def people(*left: float, score: float = 0.9) -> Detections:
    """People of 80x200 pixels whose boxes begin at these columns."""
    return Detections([[x, 100, x + 80, 300] for x in left], [score] * len(left))


def through(seen: Seen, frames: int, **options: float) -> tuple[list[Detections], list[int]]:
    """What comes out of every frame, and in which people were detected, in the order of that."""
    asked: list[int] = []

    def detect(group: Sequence[Frame]) -> list[Detections]:
        asked.extend(frame.index for frame in group)
        return [seen(frame.index) for frame in group]

    keyframes = Keyframes(KeyframeOptions(**options))
    found = list(keyframes.detect((Frame(i, i / 25, None) for i in range(frames)), detect))
    assert [frame.index for group, _ in found for frame in group] == list(range(frames))
    assert keyframes.detected == len(asked) == len(set(asked))
    return [each for _, boxes in found for each in boxes], asked


def lefts(found: Sequence[Detections]) -> list[list[float]]:
    return [each.xyxy[:, 0].tolist() for each in found]


def test_who_hardly_moves_is_detected_in_every_fourth_frame_and_the_last():
    found, asked = through(lambda frame: people(100 + frame), 19)
    assert sorted(asked) == [0, 4, 8, 12, 16, 18]  # in 4 frames 4 of 80 pixels: an overlap of 76 / 84 = 0.90
    assert lefts(found) == [[100 + frame] for frame in range(19)]


def test_who_is_faster_is_detected_halfway_too():
    """4 pixels a frame: the overlap after 4 frames is 64 / 96 = 0.67, after 2 frames 72 / 88 = 0.82."""
    found, asked = through(lambda frame: people(100 + 4 * frame), 9)
    assert sorted(asked) == [0, 2, 4, 6, 8]
    assert lefts(found) == [[100 + 4 * frame] for frame in range(9)]


def test_a_jump_is_found_in_its_frame():
    """Nothing is between frames 5 and 6: until there the person stands at 100, from there at 300."""
    found, asked = through(lambda frame: people(100 if frame < 6 else 300), 9)
    assert sorted(asked) == [0, 4, 5, 6, 8]
    assert lefts(found) == [[100]] * 6 + [[300]] * 3


@pytest.mark.parametrize("first", [1, 5, 7])
def test_who_comes_or_goes_does_so_in_the_right_frame(first):
    found, _ = through(lambda frame: people(100, 400) if frame >= first else people(100), 13)
    assert lefts(found) == [[100]] * first + [[100, 400]] * (13 - first)
    found, _ = through(lambda frame: people(100) if frame >= first else people(100, 400), 13)
    assert lefts(found) == [[100, 400]] * first + [[100]] * (13 - first)


def test_two_who_stand_close_are_detected_in_every_frame():
    """40 pixels apart the overlap is 40 / 120 = 0.33, 44 apart 36 / 124 = 0.29; 0.3 is the limit."""
    assert sorted(through(lambda frame: people(100, 140), 9)[1]) == list(range(9))
    assert sorted(through(lambda frame: people(100, 144), 9)[1]) == [0, 4, 8]


def test_a_weak_box_between_two_people_does_not_count_and_is_there_where_both_keyframes_have_it():
    def seen(frame: int) -> Detections:
        weak = [people(110, score=0.3)] if frame != 4 else []
        return Detections.concat([people(100), *weak])

    found, asked = through(seen, 13)
    assert sorted(asked) == [0, 4, 8, 12]
    assert [len(each) for each in found] == [2, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]


def test_nobody_is_found_between_frames_without_anybody():
    found, asked = through(lambda frame: Detections.empty(), 9)
    assert sorted(asked) == [0, 4, 8]
    assert [len(each) for each in found] == [0] * 9


def test_lines_are_straight_in_time_scores_and_joints():
    """The second of five frames comes late, at 3/4 of the time from the first keyframe to the next."""
    times = [0.0, 0.15, 0.16, 0.18, 0.2]
    joints = np.zeros((1, 17, 3), np.float32)

    def detect(group: Sequence[Frame]) -> list[Detections]:
        ends = {
            0: Detections([[100, 100, 180, 300]], [0.5], joints),
            4: Detections([[108, 104, 188, 300]], [0.9], joints + 8),
        }
        return [ends[frame.index] for frame in group]

    frames = [Frame(i, time, None) for i, time in enumerate(times)]
    found = [each for _, boxes in Keyframes(KeyframeOptions()).detect(frames, detect) for each in boxes]
    np.testing.assert_allclose(found[1].xyxy, [[106, 103, 186, 300]])
    np.testing.assert_allclose(found[1].score, [0.8])
    assert found[1].keypoints is not None
    np.testing.assert_allclose(found[1].keypoints, 6)


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 8, 9, 10])
def test_videos_of_any_length_end_with_a_keyframe(count):
    found, asked = through(lambda frame: people(100), count)
    assert len(found) == count
    assert sorted(asked) == sorted({*range(0, count, 4), count - 1} - {-1})


def test_every_frame_is_detected_where_that_is_asked_for():
    assert sorted(through(lambda frame: people(100), 7, every=1)[1]) == list(range(7))


@pytest.mark.parametrize(
    ("rate", "expected"), [(20, [0, 4, 8]), (15, [0, 2, 4, 6, 8]), (5, list(range(9))), (1, list(range(9)))]
)
def test_no_line_is_longer_than_a_fifth_of_a_second(rate, expected):
    """Who stands still for eight seconds at a frame a second may have been away between any two."""
    asked: list[int] = []

    def detect(group: Sequence[Frame]) -> list[Detections]:
        asked.extend(frame.index for frame in group)
        return [people(100) for _ in group]

    list(Keyframes(KeyframeOptions()).detect([Frame(i, i / rate, None) for i in range(9)], detect))
    assert sorted(asked) == expected


def test_frames_of_one_time_are_all_detected():
    frames = [Frame(i, 0.0, None) for i in range(9)]
    keyframes = Keyframes(KeyframeOptions())
    list(keyframes.detect(frames, lambda group: [people(100) for _ in group]))
    assert keyframes.detected == 9


def test_frames_before_the_one_in_which_a_source_breaks_off_come_out_first():
    def frames() -> Iterator[Frame]:
        yield from (Frame(i, i / 25, np.zeros((400, 640, 3), np.uint8)) for i in range(15))
        raise InputError("frame 15 is of another size")

    seen: list[int] = []
    tracked = track(frames(), lambda frame: people(100), Tracker(), keyframes=Keyframes(KeyframeOptions()))
    with pytest.raises(InputError, match="frame 15 is of another size"):
        seen.extend(frame.index for frame, _ in tracked)
    assert seen == list(range(15))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"every": 0}, "keyframes.every must lie between 1 and 16, not 0"),
        ({"every": 17}, "keyframes.every must lie between 1 and 16, not 17"),
        ({"longest": -1.0}, "keyframes.longest must be 0 or more seconds, not -1.0"),
        ({"overlap": 0.0}, "keyframes.overlap must be above 0 and at most 1, not 0.0"),
        ({"crowding": 1.5}, "keyframes.crowding must lie between 0 and 1, not 1.5"),
    ],
)
def test_options_that_make_no_sense_are_refused(wrong, complaint):
    with pytest.raises(InputError, match=complaint):
        KeyframeOptions(**wrong)


def test_tracks_have_rows_in_all_frames_and_who_wants_them_all_detections():
    kept: list[tuple[int, int]] = []
    keyframes = Keyframes(KeyframeOptions())
    frames = (Frame(i, i / 25, np.zeros((400, 640, 3), np.uint8)) for i in range(30))
    tracked = track(
        frames,
        lambda frame: people(100 + frame.index, 400),
        Tracker(),
        keyframes=keyframes,
        keep=lambda frame, found: kept.append((frame.index, len(found))),
    )
    assert [tracks.ids.tolist() for _, tracks in tracked] == [[1, 2]] * 30
    assert kept == [(index, 2) for index in range(30)]
    assert keyframes.detected == 9  # 0, 4 to 28, 29


def test_frames_before_the_group_in_which_the_detector_fails_come_out_first():
    def fails(frame: Frame) -> Detections:
        if frame.index == 16:
            raise RuntimeError("out of order")
        return people(100)

    frames = (Frame(i, i / 25, np.zeros((400, 640, 3), np.uint8)) for i in range(30))
    seen: list[int] = []
    with pytest.raises(InputError, match="the detector failed in frames 12 and 16: RuntimeError: out of order"):
        seen.extend(frame.index for frame, _ in track(frames, fails, Tracker(), keyframes=Keyframes(KeyframeOptions())))
    assert seen == list(range(9))
