from dataclasses import replace

import numpy as np

from tracker.pipeline import merge_backfill, track
from tracker.tracker import Tracker
from tracker.types import Detections, Frame, FrameTracks, Recovery


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
