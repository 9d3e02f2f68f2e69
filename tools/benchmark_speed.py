"""`followspot benchmark speed`: speed of tracking a video from file to file, by Followspot and by Ultralytics."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.table import Table

from tracker.detection.detector import DetectorOptions
from tracker.video.video_reader import VideoReader

from .run.checks import require_at_least
from .run.output import number_table, show, write_json
from .run.parts import BUNDLED, NONE, detector_weights
from .track import TrackCommand


@dataclass(frozen=True, slots=True)
class Job:
    """What every tracker does: track `video` with `weights` at `imgsz`, results into the folder `out`."""

    video: Path
    weights: Path
    imgsz: int
    save: bool
    out: Path


@dataclass(frozen=True)
class BenchmarkSpeedCommand:
    """Time whole runs on one video, weights loaded and an annotated video written: Followspot and Ultralytics' `track`.

    All use the same weights at the same size, and otherwise their own defaults. They take turns, so that other load
    of the machine affects all alike; the fastest run of each counts.
    """

    video: Path
    """A video file with people."""
    detector: str = BUNDLED
    """`bundled`, or the .pt weights that all use."""
    imgsz: int = 640
    """Longer side of the picture the network sees, in pixels."""
    save: bool = True
    """Write annotated videos; the alternative times tracking alone."""
    runs: int = 2
    """Number of timed runs of each."""
    json: Path | None = None
    """Write the numbers to this file as well."""

    def __post_init__(self) -> None:
        require_at_least(1, "runs", self.runs)

    def run(self) -> None:
        with VideoReader(self.video) as reader:
            frames = sum(1 for _ in reader)
        weights = detector_weights(self.detector)
        import_module("ultralytics")  # takes seconds, and the first tracker should not pay for all
        seconds: dict[str, list[float]] = {name: [] for name in TRACKERS}
        for _ in range(self.runs):
            for name, track in TRACKERS.items():
                with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
                    start = perf_counter()
                    track(Job(self.video, weights, self.imgsz, self.save, Path(folder) / "out"))
                    seconds[name].append(perf_counter() - start)
        speed = {name: frames / min(times) for name, times in seconds.items()}
        show(speed_table(speed, f"{self.video.name}: {frames} frames, imgsz {self.imgsz}, {weights.name}"))
        if self.json:
            write_json({"frames": frames, "frames_per_second": speed}, self.json)


def speed_table(speed: dict[str, float], title: str) -> Table:
    """Frames per second by name, fastest first; the last column divides the first tracker's by each one's."""
    ours = next(iter(speed.values()))
    table = number_table("tracker", ("frames/s", "ours/theirs"), title)
    for name, value in sorted(speed.items(), key=lambda item: -item[1]):
        table.add_row(name, f"{value:.1f}", f"{ours / value:.2f}")
    return table


def followspot(job: Job, *, openvino: bool, reid: str) -> None:
    """The `track` command as it is, but for the options named here."""
    detection = DetectorOptions(imgsz=job.imgsz, openvino=openvino)
    TrackCommand((str(job.video),), job.out, str(job.weights), reid, video=job.save, detection=detection).run()


def ultralytics(job: Job, tracker: str) -> None:
    """`yolo track`, people only, with one of the trackers that come with it."""
    from ultralytics import YOLO

    options: dict[str, Any] = {"imgsz": job.imgsz, "classes": [0], "save": job.save, "verbose": False}
    for _ in YOLO(job.weights).track(str(job.video), stream=True, tracker=tracker, project=str(job.out), **options):
        pass


TRACKERS: dict[str, Callable[[Job], None]] = {
    "followspot": lambda job: followspot(job, openvino=True, reid=BUNDLED),
    "followspot --reid none": lambda job: followspot(job, openvino=True, reid=NONE),
    "followspot --no-openvino": lambda job: followspot(job, openvino=False, reid=BUNDLED),
    "ultralytics bytetrack": lambda job: ultralytics(job, "bytetrack.yaml"),
    "ultralytics botsort": lambda job: ultralytics(job, "botsort.yaml"),
}
