"""The detector that comes with Followspot: light, of one class, and it finds every dancer."""

import numpy as np
import pytest
from places import SHARED

from models.bundled import PERSON_DETECTOR
from tools.detector_training.average_precision import average_precision
from tools.renderer import Scene, StageOptions
from tracker.detection.detector import DetectorOptions, YoloDetector
from tracker.video.video_reader import VideoReader

CLIPS = SHARED / "clips"
SURE = 0.5


@pytest.fixture(scope="module")
def detector() -> YoloDetector:
    return YoloDetector(PERSON_DETECTOR, DetectorOptions(device="cpu"))


def test_the_file_is_light_and_its_card_names_it() -> None:
    from hashlib import sha256

    weights = PERSON_DETECTOR.read_bytes()
    assert len(weights) < 6e6
    assert sha256(weights).hexdigest() in PERSON_DETECTOR.with_suffix(".md").read_text()


def test_rendered_dancers_are_found(detector: YoloDetector) -> None:
    scenes = Scene(StageOptions(dancers=5, seconds=8, fps=1, seed=77)).frames()
    score = average_precision([(detector(scene.frame), scene.truth.xyxy) for scene in scenes])
    # Measured: 0.902 and 0.733.
    assert score.ap50 > 0.89
    assert score.ap > 0.72


@pytest.mark.parametrize(("clip", "cast"), [("fiyud_dance", 3), ("jvs_dance1", 1)])
def test_real_dancers_are_found_once_each(detector: YoloDetector, clip: str, cast: int) -> None:
    video = CLIPS / f"{clip}.mp4"
    if not video.exists():
        pytest.skip("needs the dance clips in ../shared")
    frames = list(VideoReader(video, vid_stride=9))
    people = np.array([np.count_nonzero(found.score >= SURE) for found in detector.batch(frames)])
    assert (people == cast).mean() >= 0.95
