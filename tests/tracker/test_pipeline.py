import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tracker.pipeline import merge_backfill, track
from tracker.tracker import Tracker
from tracker.types import Detections, Frame, FrameTracks, InputError, Recovery, Renaming


def rows(frame: int, ids: list[int], backfill: tuple[FrameTracks, ...] = ()) -> FrameTracks:
    boxes = np.tile([0.0, 0, 10, 20], (len(ids), 1))
    count = len(ids)
    return FrameTracks(frame, frame / 10, ids, boxes, np.ones(count), np.zeros(count, bool), backfill=backfill)


def test_rows_learnt_later_join_their_frame():
    reported = [rows(0, []), rows(1, [1]), rows(2, [1, 2], backfill=(rows(0, [2]), rows(1, [2])))]
    merged = list(merge_backfill((Frame(t.frame, t.time, None), t) for t in reported))
    assert [frame.index for frame, _ in merged] == [0, 1, 2]
    assert [t.ids.tolist() for _, t in merged] == [[2], [1, 2], [1, 2]]


def test_a_recovery_is_reported_in_the_frame_of_the_return():
    back = Recovery(frame=1, time=0.1, id=2, away=4.0)
    reported = [rows(0, []), rows(1, []), replace(rows(2, [2], backfill=(rows(1, [2]),)), recoveries=(back,))]
    merged = list(merge_backfill((Frame(t.frame, t.time, None), t) for t in reported))
    assert [t.recoveries for _, t in merged] == [(), (back,), ()]


def test_an_exchange_that_is_found_out_is_put_right_in_the_frames_that_are_held():
    """At 10 frames a second; frame 11 tells that 1 and 2 were exchanged at 0.55 s."""
    found = [Recovery(11, 1.1, id, 0.0, exchanged=True) for id in (1, 2)]
    told = replace(rows(11, [1, 2]), recoveries=tuple(found), renamed=(Renaming(0.55, 1, 2), Renaming(0.55, 2, 1)))
    reported = [*(replace(rows(frame, [1, 2]), unsure=(1,)) for frame in range(11)), told, rows(12, [1, 2])]
    merged = [tracks for _, tracks in merge_backfill((Frame(t.frame, t.time, None), t) for t in reported)]
    assert [tracks.ids.tolist() for tracks in merged] == [[1, 2]] * 6 + [[2, 1]] * 5 + [[1, 2]] * 2
    assert [tracks.unsure for tracks in merged] == [(1,)] * 6 + [(2,)] * 5 + [()] * 2
    assert [event.frame for event in merged[6].recoveries] == [6, 6]
    assert all(not tracks.recoveries and not tracks.renamed for tracks in (*merged[:6], *merged[7:]))
    early = replace(told, renamed=(Renaming(-9.0, 1, 2), Renaming(-9.0, 2, 1)))
    merged = [t for _, t in merge_backfill(((Frame(t.frame, t.time, None), t) for t in [*reported[:11], early]), 0.5)]
    assert [tracks.ids[0] for tracks in merged] == [1] * 5 + [2] * 6 + [1], "those before frame 5 have left"
    assert [event.frame for event in merged[5].recoveries] == [5, 5]


def test_an_exchange_begins_with_the_first_row_of_the_person():
    """It happened at 0.25 s, but 2, who was called 1 until now, is not seen again before frame 5, away for 0.3 s."""
    found = Recovery(6, 0.6, 2, 0.4, exchanged=True)
    told = replace(rows(6, [2]), recoveries=(found,), renamed=(Renaming(0.25, 1, 2),))
    reported = [*(rows(frame, [1] if frame in (0, 1, 5) else []) for frame in range(6)), told]
    merged = [tracks for _, tracks in merge_backfill((Frame(t.frame, t.time, None), t) for t in reported)]
    assert [tracks.ids.tolist() for tracks in merged] == [[1], [1], [], [], [], [2], [2]]
    (event,) = merged[5].recoveries
    assert (event.frame, event.time, event.away) == (5, 0.5, pytest.approx(0.3))


def test_no_id_is_put_right_where_that_would_double_another():
    told = replace(rows(2, [2]), renamed=(Renaming(0.0, 1, 2),))
    merged = list(merge_backfill((Frame(t.frame, t.time, None), t) for t in [rows(0, [1, 2]), rows(1, [1]), told]))
    assert [tracks.ids.tolist() for _, tracks in merged] == [[1, 2], [2], [2]]


def test_no_more_frames_are_held_than_the_delay_needs():
    given = 0

    def endless():
        nonlocal given
        while True:
            given += 1
            yield Frame(given, given / 10, None), rows(given, [1])

    flow = merge_backfill(endless(), delay=1.0)
    for _ in range(100):
        next(flow)
    assert given - 100 <= 11


class Everywhere:
    """A detector that always sees one person and notes how many frames it is handed at once."""

    def __init__(self):
        self.batches = []

    def __call__(self, frame):
        return self.batch([frame])[0]

    def batch(self, frames):
        self.batches.append(len(frames))
        return [Detections(np.array([[100.0, 100, 180, 300]]), np.array([0.9])) for _ in frames]


def test_frames_go_through_the_detector_in_batches_and_come_out_in_order():
    detector = Everywhere()
    frames = [Frame(i, i / 25, np.zeros((8, 8, 3), np.uint8)) for i in range(10)]
    out = list(track(frames, detector, Tracker(), batch=4))
    assert detector.batches == [4, 4, 2]
    assert [frame.index for frame, _ in out] == list(range(10))
    assert all(t.ids.tolist() == [1] for _, t in out)


def test_a_function_of_a_frame_is_a_detector_too():
    def found(frame: Frame) -> Detections:
        return Detections([[100, 100, 180, 300]], [0.9])

    assert [t.ids.tolist() for _, t in track(walk(10), found, Tracker(), batch=4)] == [[1]] * 10
    with pytest.raises(InputError, match="the detector gave no Detections for each of frame 0"):
        list(track(walk(1), lambda frame: np.zeros((1, 5)), Tracker()))


class Crossing:
    """A detector that sees two people walk through each other, and fails in one frame if told to."""

    def __init__(self, fails_in=None):
        self.fails_in, self.threads = fails_in, set()

    def __call__(self, frame):
        return self.batch([frame])[0]

    def batch(self, frames):
        self.threads.add(threading.current_thread().name)
        if self.fails_in in [frame.index for frame in frames]:
            raise RuntimeError("out of order")
        left = np.array([[100.0 + 4 * frame.index, 400 - 4 * frame.index] for frame in frames])
        boxes = np.stack([left, np.full_like(left, 100), left + 80, np.full_like(left, 300)], axis=2)
        return [Detections(each, np.array([0.9, 0.8])) for each in boxes]


def walk(count: int = 60) -> Iterator[Frame]:
    return (Frame(i, i / 25, np.zeros((8, 8, 3), np.uint8)) for i in range(count))


@pytest.mark.parametrize("batch", [1, 4, 7, 100])
def test_working_side_by_side_and_in_batches_of_any_size_changes_nothing(batch):
    detector, tracker = Crossing(), Tracker()
    plainly = merge_backfill(((frame, tracker.update(frame, detector(frame))) for frame in walk()), 1.0, tracker.finish)
    together = track(walk(), Crossing(), Tracker(), batch=batch)
    for (frame, expected), (other, found) in zip(plainly, together, strict=True):
        assert frame.index == other.index
        assert expected.ids.tolist() == found.ids.tolist()
        assert expected.xyxy.tobytes() == found.xyxy.tobytes()


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"batch": 0}, "frames in a batch must be at least 1, not 0"),
        ({"ahead": 0}, "ahead must be at least 1, not 0"),
        ({"delay": -1.0}, "the delay must be 0 or more seconds, not -1.0"),
    ],
)
def test_less_than_one_frame_at_a_time_or_no_time_at_all_is_refused(wrong, complaint):
    with pytest.raises(InputError, match=complaint):
        next(track(walk(), Crossing(), Tracker(), **wrong))


def test_detecting_has_a_thread_of_its_own_which_ends_with_the_frames_and_when_they_are_left():
    detector = Crossing()
    closed = []

    def frames():
        try:
            yield from walk()
        finally:
            closed.append(threading.current_thread().name)

    flow = track(frames(), detector, Tracker(), batch=2)
    next(flow)
    assert not closed
    flow.close()
    assert closed == [threading.current_thread().name]
    assert threading.current_thread().name not in detector.threads
    assert not any(thread.name.startswith("prefetch") for thread in threading.enumerate())


def test_frames_before_the_one_in_which_a_source_breaks_off_come_out_first():
    def frames():
        yield from walk(10)
        raise InputError("frame 10 cannot be read")

    seen = []
    with pytest.raises(InputError, match="frame 10 cannot be read"):
        seen.extend(frame.index for frame, _ in track(frames(), Crossing(), Tracker(), batch=4))
    assert seen == list(range(10))


def test_frames_before_the_batch_in_which_the_detector_fails_come_out_first():
    flow = track(walk(), Crossing(fails_in=10), Tracker(), batch=4)
    seen = []
    with pytest.raises(InputError, match="the detector failed in frames 8 to 11: RuntimeError: out of order"):
        seen.extend(frame.index for frame, _ in flow)
    assert seen == list(range(8))


@pytest.mark.parametrize("gives", [lambda frames: None, lambda frames: (Detections.empty() for _ in frames)])
def test_a_detector_that_gives_no_list_is_refused_in_a_sentence(gives):
    detector = Crossing()
    detector.batch = gives
    with pytest.raises(InputError, match="the detector gave no Detections for each of frame 0"):
        next(track(walk(), detector, Tracker()))
