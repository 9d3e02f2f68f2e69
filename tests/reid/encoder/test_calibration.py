import numpy as np
import pytest

from reid.encoder.calibration import (
    Calibration,
    CautiousCalibration,
    centred,
    log_loss,
    pair_similarities,
    summary,
)


def measure(embedding, person, video, time):
    return summary(pair_similarities(embedding, person, video, time))


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


def test_what_the_people_of_a_video_share_is_taken_out():
    """In the first video two people are (1, 0), twice, and (0, 1): their means count once, half of (0.5, 0.5) goes, and
    (0.75, -0.25) is left of the first. One alone in the second video stays as is."""
    embedding = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    rest = centred(embedding, np.array([1, 1, 2, 3]), np.array([0, 0, 0, 1]))
    first, second = np.array([3, -1]) / np.sqrt(10), np.array([-1, 3]) / np.sqrt(10)
    assert rest == pytest.approx(np.array([first, first, second, [0.6, 0.8]]))


def test_pairs_of_different_videos_are_not_compared():
    embedding = directions(np.zeros(60))
    person = np.arange(60) % 2
    facts = measure(embedding, person, np.repeat([0, 1], 30), np.zeros(60))
    assert facts["gap"] == (0.0,)
    with pytest.raises(ValueError, match="Fewer than 20 pairs"):
        measure(embedding, person, np.arange(60), np.zeros(60))


def test_what_was_measured_is_a_calibration():
    random = np.random.default_rng(0)
    embedding = directions(random.normal(0, 0.2, 80) + np.arange(80) % 2)
    facts = measure(embedding, np.arange(80) % 2, np.zeros(80), np.zeros(80))
    assert Calibration(**facts).log_odds(np.array([0.99]), np.array([0.0])) > 0


def test_calibrated_odds_fall_with_time_and_never_turn_around():
    calibration = Calibration(gap=(0.0, 10.0), same=((0.9, 0.05), (0.7, 0.1)), different=((0.4, 0.1), (0.4, 0.1)))
    now, later = np.array([0.0]), np.array([10.0])
    # by hand, both spreads 0.1 at 10 s: ((0.55 - 0.4)^2 - (0.55 - 0.7)^2) / (2 * 0.01) = 0
    assert calibration.log_odds(np.array([0.55]), later)[0] == pytest.approx(0.0)
    # at 0 s and 0.9, the mean of the same: log(0.1 / 0.05) + 0.5 * (0.5 / 0.1)^2
    assert calibration.log_odds(np.array([0.9]), now)[0] == pytest.approx(np.log(2) + 12.5)
    rising = calibration.log_odds(np.linspace(-1, 1, 50), np.zeros(50))
    assert (np.diff(rising) >= -1e-9).all()


def test_an_encoder_that_says_nothing_leaves_one_bit_open_and_one_that_is_sure_none():
    alike = np.linspace(0.5, 0.7, 30)
    assert log_loss({1.0: (alike, alike)}) == pytest.approx(1.0)
    assert log_loss({1.0: (alike + 0.3, alike - 0.3)}) < 0.01
    # the mean of both times apart
    assert log_loss({1.0: (alike, alike), 4.0: (alike + 0.3, alike - 0.3)}) == pytest.approx(0.5, abs=0.01)


def test_beyond_both_means_the_odds_go_on_straight():
    """Both spreads 0.1, means 0.7 and 0.6: exactly (s - 0.65) * (0.7 - 0.6) / 0.1^2 everywhere."""
    calibration = Calibration(gap=(0.0,), same=((0.7, 0.1),), different=((0.6, 0.1),))
    similarity = np.array([0.0, 0.6, 0.65, 0.7, 1.0])
    odds = calibration.log_odds(similarity, np.zeros(5))
    assert odds == pytest.approx([-6.5, -0.5, 0.0, 0.5, 3.5])


def test_where_the_same_person_is_less_alike_than_others_a_similarity_says_nothing():
    calibration = Calibration(gap=(0.0,), same=((0.6, 0.1),), different=((0.7, 0.1),))
    assert calibration.log_odds(np.array([0.0, 0.65, 1.0]), np.zeros(3)) == pytest.approx([0.0, 0.0, 0.0])


def test_cautious_odds_stay_within_one():
    facts = {"gap": (0.0,), "same": ((0.9, 0.05),), "different": ((0.4, 0.1),)}
    similarity, now = np.array([0.0, 0.9, 1.0]), np.zeros(3)
    assert np.abs(Calibration(**facts).log_odds(similarity, now)).min() > 10
    assert CautiousCalibration(**facts).log_odds(similarity, now).tolist() == [-1, 1, 1]
