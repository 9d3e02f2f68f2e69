import numpy as np
import pytest

from tracker.types import Detections, FrameTracks


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
        (np.zeros((2, 4)), np.zeros(3), None, "2 boxes but 3 scores"),
        (np.array([[0, 0, np.nan, 1]]), np.zeros(1), None, "not finite"),
        (np.zeros((1, 4)), np.zeros(1), np.zeros((2, 17, 3)), "keypoints must be"),
    ],
)
def test_detections_that_contradict_themselves_are_refused(xyxy, score, keypoints, complaint):
    with pytest.raises(ValueError, match=complaint):
        Detections(xyxy, score, keypoints)


def test_nobody_is_twice_in_a_frame():
    with pytest.raises(ValueError, match="an id stands twice"):
        FrameTracks(0, 0.0, np.array([1, 1]), np.zeros((2, 4)), np.zeros(2), np.zeros(2, bool))
