"""A process that may have 40 files open, fewer than systems grant: what is opened for a video is closed after it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from film import shoot
from places import ROOT

HANDLES, VIDEOS, FRAMES = 40, 44, 5


def test_more_videos_than_file_handles_are_tracked_one_after_the_other(tmp_path: Path):
    videos = tmp_path / "videos"
    videos.mkdir()
    first = shoot(videos / "0.mp4", FRAMES)
    for number in range(1, VIDEOS):
        shutil.copy(first, videos / f"{number}.mp4")
    boxes = tmp_path / "boxes.txt"
    boxes.write_text("".join(f"{frame + 1},-1,50,20,30,60,0.9\n" for frame in range(FRAMES)))
    parts = ["--detections", str(boxes), "--reid", "none", "--no-cuts", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "tools", "track", str(videos), *parts],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (HANDLES, HANDLES)),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    runs = [json.loads((tmp_path / f"out/{number}/tracks.json").read_text()) for number in range(VIDEOS)]
    assert [(run["complete"], run["summary"]["frames"]) for run in runs] == [(True, FRAMES)] * VIDEOS
