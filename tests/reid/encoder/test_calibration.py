import numpy as np
import pytest

from reid.encoder.calibration import likenesses, summary


def measure(embedding, person, video, time):
    return summary(likenesses(embedding, person, video, time))


def directions(angles):
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_similarity_by_time_apart_is_measured_within_each_video():
    """Two people 90 degrees apart; each turns by 60 degrees between the two halves of the video, 4 s apart."""
    count = 10
    turned = np.repeat([0.0, np.pi / 3], count)
    angles = np.concatenate([turned, turned + np.pi / 2])
    person = np.repeat([1, 2], 2 * count)
    time = np.tile(np.repeat([0.0, 4.0], count), 2)
    facts = measure(directions(angles), person, np.zeros(4 * count), time)
    assert facts["gap"] == (0.0, 4.0)
    assert [mean for mean, _ in facts["same"]] == pytest.approx([1.0, 0.5])
    assert facts["different"][0][0] == pytest.approx(0.0, abs=1e-9)
    assert facts["different"][1][0] == pytest.approx((np.cos(5 * np.pi / 6) + np.cos(np.pi / 6)) / 2, abs=1e-9)
    assert min(spread for _, spread in facts["same"]) >= 0.02


def test_pairs_of_different_videos_are_not_compared():
    embedding = directions(np.zeros(60))
    person = np.arange(60) % 2
    facts = measure(embedding, person, np.repeat([0, 1], 30), np.zeros(60))
    assert facts["gap"] == (0.0,)
    with pytest.raises(ValueError, match="Fewer than 20 pairs"):
        measure(embedding, person, np.arange(60), np.zeros(60))


def test_a_tracker_can_build_its_calibration_from_it():
    from tracker.types import Calibration

    random = np.random.default_rng(0)
    embedding = directions(random.normal(0, 0.2, 80) + np.arange(80) % 2)
    facts = measure(embedding, np.arange(80) % 2, np.zeros(80), np.zeros(80))
    assert Calibration(**facts).log_odds(np.array([0.99]), np.array([0.0])) > 0
