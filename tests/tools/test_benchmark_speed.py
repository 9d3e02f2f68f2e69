"""`followspot benchmark speed`: trackers that take turns, the fastest run counts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tools.benchmark_speed
from tools.benchmark_speed import BenchmarkSpeedCommand, Job
from tracker.types import InputError
from tracker.video.video_writer import VideoWriter


def write_video(path: Path, frames: int) -> Path:
    with VideoWriter(path, width=64, height=48, fps=25) as writer:
        for index in range(frames):
            writer.write(np.full((48, 64, 3), 40 * index, np.uint8), index / 25)
    return path


def test_trackers_take_turns_and_the_fastest_run_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    turns: list[str] = []
    clock = [0.0]

    def tracker(name: str, seconds: list[float]) -> None:
        turns.append(name)
        print("chatter")
        clock[0] += seconds.pop()

    slow, fast = [0.2, 0.4], [0.05, 0.1]
    trackers = {"ours": lambda job: tracker("ours", fast), "theirs": lambda job: tracker("theirs", slow)}
    monkeypatch.setattr(tools.benchmark_speed, "TRACKERS", trackers)
    monkeypatch.setattr(tools.benchmark_speed, "perf_counter", lambda: clock[0])
    video = write_video(tmp_path / "five.mp4", 5)
    BenchmarkSpeedCommand(video, runs=2, json=tmp_path / "speed.json").run()
    assert turns == ["ours", "theirs", "ours", "theirs"]
    written = json.loads((tmp_path / "speed.json").read_text())
    assert written["frames"] == 5
    # The clock is moved by hand: 5 frames in 0.05 s, and in 0.2 s.
    assert written["frames_per_second"] == {"ours": pytest.approx(100), "theirs": pytest.approx(25)}
    shown = capsys.readouterr().out
    assert shown.index("ours") < shown.index("theirs")
    assert "chatter" not in shown


def test_every_tracker_gets_the_same_job_and_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    jobs: list[Job] = []
    monkeypatch.setattr(tools.benchmark_speed, "TRACKERS", {"a": jobs.append, "b": jobs.append})
    video = write_video(tmp_path / "two.mp4", 2)
    BenchmarkSpeedCommand(video, detector="some.pt", imgsz=320, save=False, runs=1).run()
    assert [(job.video, str(job.weights), job.imgsz, job.save) for job in jobs] == [(video, "some.pt", 320, False)] * 2
    assert jobs[0].out != jobs[1].out
    assert not jobs[0].out.parent.exists()


def test_a_file_that_is_no_video_is_refused(tmp_path: Path):
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(InputError, match=r"text\.mp4"):
        BenchmarkSpeedCommand(tmp_path / "text.mp4").run()


def test_at_least_one_run():
    with pytest.raises(InputError, match="--runs"):
        BenchmarkSpeedCommand(Path("dance.mp4"), runs=0)
