"""`followspot benchmark speed`: whole commands from video file to video file, ours and other projects', in turns."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tyro.conf import Positional

from tracker.detection.detector import LARGEST_INPUT, SMALLEST_INPUT
from tracker.types import InputError
from tracker.video.video_reader import VideoReader
from tracker.video.video_writer import VideoWriter

from .benchmark.processes import Spent, run_timed
from .benchmark.speed_commands import ROWS, Job, Kit, count_ids
from .benchmark.speed_report import Timings, as_json, speed_table
from .run.checks import UsageError, require_at_least, require_between, require_known
from .run.output import count, note, refuse_unwritable, say, show, write_json
from .run.parts import BUNDLED, detector_weights
from .run.progress import progress

CUT = 10
"""Frames of the short cut that tells how long a command takes to start."""


@dataclass(frozen=True)
class BenchmarkSpeedCommand:
    """Time whole commands on videos, annotated video and tracks written: Followspot, Ultralytics, BoxMOT, roboflow.

    All find people with the same weights at the same size, and have their own defaults otherwise; Ultralytics also runs
    on its own OpenVINO export. Rows that end in -boxes-given replay our detector's boxes, as the command of roboflow
    finds none offline. Every command is a process of its own. They take turns, so that other load of the machine
    affects all alike; medians count. Start-up is the same command on the first ten frames. What is made once
    (environments by uv, exports, copies) is made before, and each command has run once by then.
    """

    videos: Positional[tuple[Path, ...]]
    """Video files with people."""
    rows: tuple[str, ...] = ()
    """Commands to time, by the names in the table; by default all, those of peers with re-ID only with --peer-reid."""
    detector: str = BUNDLED
    """`bundled`, or the .pt weights that all use."""
    imgsz: int = 640
    """Longer side of the picture the network sees, in pixels."""
    peer_reid: Path | None = None
    """Weights for the peers that take appearance, such as torchreid's osnet_x0_25_msmt17.pth; BoxMOT recognises the
    network by the file's name."""
    runs: int = 5
    """Number of timed runs of each."""
    json: Path = Path("runs/benchmark-speed.json")
    """Write the numbers to this file, those of every run among them."""

    def run(self) -> None:
        """Raises InputError for invalid options, a file that is no video, or a JSON file that cannot be written."""
        self._check()
        lengths = {video: count_frames(video) for video in self.videos}
        if threads := os.environ.get("OMP_NUM_THREADS"):
            note(f"OMP_NUM_THREADS={threads} holds for every command: unset it to time them as users run them")
        names = self.rows or tuple(name for name in ROWS if self.peer_reid or not ROWS[name].wants_reid)
        weights = detector_weights(self.detector)
        written: dict[str, object] = {}
        for video, frames in lengths.items():
            with tempfile.TemporaryDirectory() as folder:
                kit = Kit(weights, self.imgsz, self.peer_reid, Path(folder) / "kit")
                race = Race(video.resolve(), frames, names, kit, Path(folder))
                for _ in race.turns(self.runs):  # each is kept: the next may take an hour
                    written[video.name] = {"frames": frames, "commands": as_json(race.rows)}
                    write_json({"detector": weights.name, "imgsz": self.imgsz, "videos": written}, self.json)
            title = f"{video.name}: {frames} frames, {weights.name} at {self.imgsz}, medians of {self.runs}"
            show(speed_table(race.rows, title))
        say(f"numbers in {self.json}")

    def _check(self) -> None:
        require_at_least(1, "runs", self.runs)
        require_between(SMALLEST_INPUT, LARGEST_INPUT, "imgsz", self.imgsz)
        require_known("command", self.rows, ROWS)
        if not self.videos:
            raise UsageError("name at least one video")
        for option, file in (("detector", detector_weights(self.detector)), ("peer-reid", self.peer_reid)):
            if file is not None and not file.is_file():
                raise InputError(f"there are no weights {file} for --{option}: it takes a file")
        if self.peer_reid is None and (wanting := [name for name in self.rows if ROWS[name].wants_reid]):
            raise InputError(f"{wanting[0]} needs weights: give them with --peer-reid")
        refuse_unwritable(self.json, "--json")


class Race:
    """The commands on one video; `rows` are their timings, by name."""

    def __init__(self, video: Path, frames: int, names: Sequence[str], kit: Kit, folder: Path) -> None:
        self.rows = {name: Timings(frames, CUT) for name in names}
        self._kit, self._folder = kit, folder
        self._video, self._cut = video, cut_short(video, folder / f"first_frames_of_{video.stem}.mp4")

    def turns(self, runs: int) -> Iterator[int]:
        """One untimed turn on the first frames, then so many timed ones; each of these is yielded when it is over."""
        order = [(turn, name) for turn in range(runs + 1) for name in self.rows]
        for number, (turn, name) in enumerate(progress(order, len(order), self._video.stem, "runs"), 1):
            if self.rows[name].failure is None:
                try:
                    self._run(name, self.rows[name], timed=turn > 0)
                except InputError as error:
                    self.rows[name].failure = str(error)
                    note(f"{name} failed and is left out: {error}")
            if turn and number % len(self.rows) == 0:
                yield turn

    def _run(self, name: str, row: Timings, *, timed: bool) -> None:
        start_up, _ = self._spent(name, self._cut)
        if timed:
            row.start_up.append(start_up)
            whole, row.ids = self._spent(name, self._video)
            row.whole.append(whole)

    def _spent(self, name: str, video: Path) -> tuple[Spent, int]:
        """What a run of the command cost, and the ids that it gave."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            out = Path(folder) / "out"
            command = ROWS[name].command(Job(video, out, self._kit))
            return run_timed(command, Path(folder)), count_ids(out)


def count_frames(video: Path) -> int:
    """Raises InputError where the file is no video, or too short to tell a start from a run."""
    with VideoReader(video) as reader:
        frames = sum(1 for _ in reader)
    if frames < 2 * CUT:
        raise InputError(f"{video} has {count(frames, 'frame')}: name a video of {2 * CUT} or more")
    return frames


def cut_short(video: Path, path: Path) -> Path:
    """The first frames as a video of their own."""
    with (
        VideoReader(video) as reader,
        VideoWriter(path, width=reader.width, height=reader.height, fps=reader.fps) as writer,
    ):
        for frame in islice(reader, CUT):
            assert frame.image is not None
            writer.write(frame.image, frame.time)
    return path
