import sys

import numpy as np
import pytest

from tracker.types import Detections, FrameTracks, InputError, Recovery


def test_detections_are_indexed_like_rows():
    found = Detections(np.arange(12.0).reshape(3, 4), np.array([0.9, 0.5, 0.1]), np.zeros((3, 17, 3)))
    some = found[np.array([2, 0])]
    assert some.score.tolist() == pytest.approx([0.1, 0.9])
    assert some.xyxy[0].tolist() == [8, 9, 10, 11]
    assert some.keypoints.shape == (2, 17, 3)
    assert len(found[found.score > 0.4]) == 2


@pytest.mark.parametrize(
    ("xyxy", "score", "keypoints", "complaint"),
    [
        (np.zeros((2, 4)), np.zeros(3), None, r"boxes \(2\) and scores \(3\) must be as many"),
        (np.zeros((4, 5)), np.zeros(5), None, r"boxes must be \(N, 4\) .* not \(4, 5\) and \(5,\)"),
        (np.zeros((3, 5)), np.zeros(3), None, r"boxes must be \(N, 4\)"),
        (np.array([[0, 0, np.nan, 1]]), np.zeros(1), None, "not finite"),
        (np.zeros((1, 4)), np.zeros(1), np.zeros((2, 17, 3)), "keypoints must be"),
        (np.zeros((1, 4)), np.zeros(1), np.full((1, 17, 3), np.nan), "a joint has a number that is not finite"),
    ],
)
def test_detections_that_contradict_themselves_are_refused(xyxy, score, keypoints, complaint):
    with pytest.raises(ValueError, match=complaint):
        Detections(xyxy, score, keypoints)


def test_no_id_is_twice_in_a_frame():
    with pytest.raises(ValueError, match="an id stands twice"):
        FrameTracks(0, 0.0, np.array([1, 1]), np.zeros((2, 4)), np.zeros(2), np.zeros(2, bool))


def rows(ids: list[int], keypoints: np.ndarray | None = None, **more) -> FrameTracks:
    count = len(ids)
    boxes = np.array([[id, 0.0, id + 10, 20] for id in ids])
    return FrameTracks(3, 0.1, ids, boxes, np.full(count, 0.5), np.zeros(count), keypoints, **more)


def test_tracks_are_indexed_like_rows_and_keep_what_holds_for_the_frame():
    back = Recovery(3, 0.1, 9, 4.0)
    tracks = rows([4, 7, 9], np.arange(3 * 17 * 3.0).reshape(3, 17, 3), recoveries=(back,), cut=True)
    some = tracks[np.array([2, 0])]
    assert some.ids.tolist() == [9, 4]
    assert some.xyxy[:, 0].tolist() == [9, 4]
    assert some.keypoints[:, 0, 0].tolist() == [2 * 51, 0]
    assert (some.frame, some.time, some.recoveries, some.cut) == (3, 0.1, (back,), True)
    assert tracks[tracks.ids > 5].ids.tolist() == [7, 9]


def test_the_parts_of_a_frame_are_one_frame():
    back, joints = Recovery(3, 0.1, 2, 4.0), np.ones((1, 17, 3))
    both = FrameTracks.concat([rows([5], joints), rows([]), rows([2], joints, recoveries=(back,), cut=True)])
    assert (both.ids.tolist(), both.keypoints.shape, both.recoveries, both.cut) == ([5, 2], (2, 17, 3), (back,), True)
    assert FrameTracks.concat([rows([5], joints), rows([2])]).keypoints is None  # of one only: none
    assert len(FrameTracks.concat([rows([])])) == 0
    with pytest.raises(ValueError, match="an id stands twice"):
        FrameTracks.concat([rows([5]), rows([5])])


def frame_of_two() -> FrameTracks:
    boxes = np.array([[0, 0, 10, 20], [5, 5, 15, 25]])
    return FrameTracks(3, 0.1, np.array([7, 2]), boxes, np.array([0.9, 0.5]), np.zeros(2))


def test_supervision_takes_the_tracks_of_a_frame():
    supervision = pytest.importorskip("supervision")
    found = frame_of_two().to_supervision()
    assert isinstance(found, supervision.Detections)
    assert found.tracker_id.tolist() == [7, 2]
    assert found.xyxy.tolist() == [[0, 0, 10, 20], [5, 5, 15, 25]]
    assert found[found.tracker_id == 2].confidence.tolist() == [0.5]
    line = supervision.LineZone(supervision.Point(100, 0), supervision.Point(100, 50))
    across = FrameTracks(4, 0.2, [7, 2], [[200, 0, 210, 20], [6, 5, 16, 25]], [0.9, 0.5], [False] * 2)
    for tracks in (frame_of_two(), across):  # it counts by the ids who crossed a line
        line.trigger(tracks.to_supervision())
    assert line.in_count + line.out_count == 1
    nothing = FrameTracks.empty(0, 0.0).to_supervision()
    assert len(nothing) == 0
    assert not supervision.BoxAnnotator().annotate(np.zeros((40, 40, 3), np.uint8), nothing).any()


def test_without_supervision_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(InputError, match="pip install supervision"):
        frame_of_two().to_supervision()
