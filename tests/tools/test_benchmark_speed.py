"""`followspot benchmark speed`: rounds that take turns, the fastest one counts."""

from __future__ import annotations

import json
from pathlib import Path
from time import sleep

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


def test_contestants_take_turns_and_the_fastest_round_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    turns: list[str] = []

    def contestant(name: str, pauses: list[float]) -> None:
        turns.append(name)
        print("chatter")
        sleep(pauses.pop())

    slow, fast = [0.2, 0.4], [0.05, 0.1]
    contestants = {"ours": lambda job: contestant("ours", fast), "theirs": lambda job: contestant("theirs", slow)}
    monkeypatch.setattr(tools.benchmark_speed, "CONTESTANTS", contestants)
    video = write_video(tmp_path / "five.mp4", 5)
    BenchmarkSpeedCommand(video, rounds=2, json=tmp_path / "speed.json").run()
    assert turns == ["ours", "theirs", "ours", "theirs"]
    written = json.loads((tmp_path / "speed.json").read_text())
    assert written["frames"] == 5
    # 5 frames in a little more than 0.05 s, and in a little more than 0.2 s.
    assert 40 < written["frames_per_second"]["ours"] <= 100
    assert 10 < written["frames_per_second"]["theirs"] <= 25
    shown = capsys.readouterr().out
    assert shown.index("ours") < shown.index("theirs")
    assert "chatter" not in shown


def test_every_contestant_gets_the_same_job_and_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    jobs: list[Job] = []
    monkeypatch.setattr(tools.benchmark_speed, "CONTESTANTS", {"a": jobs.append, "b": jobs.append})
    video = write_video(tmp_path / "two.mp4", 2)
    BenchmarkSpeedCommand(video, detector="some.pt", imgsz=320, save=False, rounds=1).run()
    assert [(job.video, str(job.weights), job.imgsz, job.save) for job in jobs] == [(video, "some.pt", 320, False)] * 2
    assert jobs[0].out != jobs[1].out
    assert not jobs[0].out.parent.exists()


def test_a_file_that_is_no_video_is_refused(tmp_path: Path):
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(InputError, match=r"text\.mp4"):
        BenchmarkSpeedCommand(tmp_path / "text.mp4").run()


def test_at_least_one_round():
    with pytest.raises(InputError, match="--rounds"):
        BenchmarkSpeedCommand(Path("dance.mp4"), rounds=0)
