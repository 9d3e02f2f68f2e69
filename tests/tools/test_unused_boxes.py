"""unused.txt: what the detector saw and no track took."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.run.unused_boxes import UnusedBoxes
from tracker.types import Detections, Frame, FrameTracks

BOXES = np.array([[10, 20, 30, 80], [50, 20, 70, 80], [90, 20, 99, 40]])


def test_boxes_in_no_row_are_kept_from_the_least_score_on_and_frames_may_be_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    now = 0.0
    monkeypatch.setattr("tracker.results.whole_files.time.monotonic", lambda: now)
    unused = UnusedBoxes(tmp_path / "unused.txt", min_score=0.1)
    frames = [Frame(index, index / 30, None) for index in range(2)]
    unused.detected.keep(frames[0], Detections(BOXES, np.array([0.9, 0.4, 0.05])))
    unused.detected.keep(frames[1], Detections.empty())
    tracks = FrameTracks(0, 0.0, np.array([1]), BOXES[:1], np.array([0.9]), np.array([False]))
    with unused:
        unused.write(frames[0], tracks)
        now = 2.0
        unused.write(frames[1], FrameTracks.empty(1, 1 / 30))
        assert (tmp_path / "unused.txt").read_text() == "1,-1,50.00,20.00,20.00,60.00,0.400\n", (
            "a second later, kill or not"
        )
