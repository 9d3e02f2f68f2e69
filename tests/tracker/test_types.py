import numpy as np
import pytest

from tracker.types import Calibration, Detections, FrameTracks


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


def test_calibrated_odds_fall_with_time_and_never_turn_around():
    calibration = Calibration(gap=(0.0, 10.0), same=((0.9, 0.05), (0.7, 0.1)), different=((0.4, 0.1), (0.4, 0.1)))
    now, later = np.array([0.0]), np.array([10.0])
    # by hand, both spreads 0.1 at 10 s: ((0.55 - 0.4)^2 - (0.55 - 0.7)^2) / (2 * 0.01) = 0
    assert calibration.log_odds(np.array([0.55]), later)[0] == pytest.approx(0.0)
    # at 0 s and 0.9, the mean of the same: log(0.1 / 0.05) + 0.5 * (0.5 / 0.1)^2
    assert calibration.log_odds(np.array([0.9]), now)[0] == pytest.approx(np.log(2) + 12.5)
    rising = calibration.log_odds(np.linspace(-1, 1, 50), np.zeros(50))
    assert (np.diff(rising) >= -1e-9).all()
