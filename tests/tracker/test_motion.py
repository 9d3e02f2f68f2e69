import numpy as np
import pytest

from tracker.motion import BATCH_FROM, Motion, MotionOptions, predict_all, update_all


def box(x: float, y: float = 500.0, height: float = 200.0) -> np.ndarray:
    return np.array([x - 40, y - height, x + 40, y])


def follow(speed: float, fps: float, seconds: float) -> Motion:
    """A person walking at `speed` pixels per second, seen in every frame, and predicted to one frame later."""
    motion = Motion(box(100), MotionOptions())
    for index in range(1, round(seconds * fps) + 1):
        motion.predict(1 / fps, seen=True)
        motion.update(box(100 + speed * index / fps), 1.0)
    return motion


def velocity(motion: Motion) -> np.ndarray:
    """Of the filter's state, (2,) pixels per second."""
    return motion.filter.x[4:, 0]


def test_a_steady_walk_is_predicted():
    motion = follow(150, 25, 2.0)
    motion.predict(1 / 25, seen=True)
    assert motion.xyxy == pytest.approx(box(100 + 150 * 2.04), abs=2)
    assert velocity(motion) == pytest.approx([150, 0], abs=5)


@pytest.mark.parametrize("fps", [12.5, 50])
def test_the_frame_rate_does_not_change_the_velocity(fps):
    assert velocity(follow(150, fps, 2.0)) == pytest.approx(velocity(follow(150, 25, 2.0)), abs=6)


def test_the_velocity_of_an_unseen_person_fades():
    motion = follow(150, 25, 2.0)
    for _ in range(75):
        motion.predict(1 / 25, seen=False)
    assert abs(velocity(motion)[0]) < 1
    travelled = (motion.xyxy[0] + motion.xyxy[2]) / 2 - 400
    assert 30 < travelled < 70  # about speed times the velocity's decay time of 0.4 s, not 450


def test_a_doubtful_box_moves_the_state_less():
    sure, doubtful = follow(0, 25, 1.0), follow(0, 25, 1.0)
    for motion, score in ((sure, 1.0), (doubtful, 0.2)):
        motion.predict(1 / 25, seen=True)
        motion.update(box(130), score)
    assert 0 < doubtful.xyxy[0] - box(100)[0] < 0.6 * (sure.xyxy[0] - box(100)[0])


def test_scores_beyond_1_are_as_sure_as_1():
    """Some detectors of MOTChallenge give scores up to 100; one by one and in arrays."""
    for count in (1, BATCH_FROM):
        sure, surer = ([follow(0, 25, 1.0) for _ in range(count)] for _ in range(2))
        for motions, score in ((sure, 1.0), (surer, 35.0)):
            predict_all(motions, 1 / 25, [True] * count)
            update_all(motions, np.stack([box(130)] * count), np.full(count, score))
        assert surer[0].xyxy.tolist() == sure[0].xyxy.tolist()


def test_a_box_keeps_a_positive_size():
    motion = Motion(np.array([10.0, 10.0, 10.5, 10.5]), MotionOptions())
    motion.predict(1.0, seen=True)
    width, height = motion.xyxy[2:] - motion.xyxy[:2]
    assert width >= 1
    assert height >= 1


def test_many_filters_at_once_are_filterpys_one_by_one():
    """Seven people, two of them unseen, thirty frames: the same states and covariances."""
    draw = np.random.default_rng(5)
    together, alone = ([Motion(box(100.0 * n, 500, 150 + 20 * n), MotionOptions()) for n in range(7)] for _ in range(2))
    for frame in range(30):
        seen = [n < 5 or frame < 10 for n in range(7)]
        predict_all(together, 0.04, seen)
        for motion, was_seen in zip(alone, seen, strict=True):
            motion.predict(0.04, seen=was_seen)
        found = np.stack([motion.xyxy for motion in alone[:5]]) + draw.normal(0, 3, (5, 4))
        score = draw.uniform(0.3, 1.0, 5).astype(np.float32)
        update_all(together[:5], found, score)
        for motion, xyxy, certainty in zip(alone, found, score.tolist(), strict=False):
            motion.update(xyxy, certainty)
    for one, other in zip(together, alone, strict=True):
        assert one.filter.x == pytest.approx(other.filter.x, rel=1e-9)
        np.testing.assert_allclose(one.filter.P, other.filter.P, rtol=1e-9, atol=1e-9)
        assert one.xyxy == pytest.approx(other.xyxy)
