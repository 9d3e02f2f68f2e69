import numpy as np
import pytest

from tracker.motion import Motion, MotionOptions, predict_all, update_all


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
    return motion.x[4:, 0]


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


def test_a_box_keeps_a_positive_size():
    motion = Motion(np.array([10.0, 10.0, 10.5, 10.5]), MotionOptions())
    motion.predict(1.0, seen=True)
    width, height = motion.xyxy[2:] - motion.xyxy[:2]
    assert width >= 1
    assert height >= 1


def test_the_states_are_filterpys():
    """Seven people, two of them unseen, thirty frames: the same states and covariances as one filter a person has."""
    filterpy = pytest.importorskip("filterpy.kalman")
    options, seconds = MotionOptions(), 0.04
    draw = np.random.default_rng(5)
    ours = [Motion(box(100.0 * n, 500, 150 + 20 * n), options) for n in range(7)]
    theirs = [filterpy.KalmanFilter(dim_x=6, dim_z=4) for _ in ours]
    for motion, peer in zip(ours, theirs, strict=True):
        peer.H, peer.x, peer.P = np.eye(4, 6), motion.x, motion.covariance
    for frame in range(30):
        seen = [n < 5 or frame < 10 for n in range(7)]
        predict_all(ours, seconds, seen)
        for peer, was_seen in zip(theirs, seen, strict=True):
            keep = 1.0 if was_seen else np.exp(-seconds / 0.4)
            peer.F = np.diag([1.0, 1, 1, 1, keep, keep])
            peer.F[[0, 1], [4, 5]] = seconds * keep
            peer.Q = np.diag([seconds**3 / 3, seconds**3 / 3, *[0.35**2 * seconds] * 2, seconds, seconds])
            peer.Q[[0, 1, 4, 5], [4, 5, 0, 1]] = seconds**2 / 2
            peer.predict(Q=peer.Q * peer.x[3, 0] ** 2)
        found = np.stack([motion.xyxy for motion in ours[:5]]) + draw.normal(0, 3, (5, 4))
        score = draw.uniform(0.3, 1.0, 5).astype(np.float32)
        update_all(ours[:5], found, score)
        for peer, (left, top, right, bottom), certainty in zip(theirs, found, score.tolist(), strict=False):
            noise = (0.05 + 0.25 * (1 - certainty)) * peer.x[3, 0]
            seen_box = np.array([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
            peer.update(seen_box[:, None], R=np.eye(4) * noise**2)
    for motion, peer in zip(ours, theirs, strict=True):
        assert motion.x == pytest.approx(peer.x, rel=1e-9)
        np.testing.assert_allclose(motion.covariance, peer.P, rtol=1e-9, atol=1e-9)
