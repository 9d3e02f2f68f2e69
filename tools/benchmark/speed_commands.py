"""The commands that `followspot benchmark speed` times: ours and those of the peers, as a user types them."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from tracker.types import InputError

from .peer_runs import peer_environment
from .processes import Command, run_timed

ROOT = Path(__file__).resolve().parents[2]
YOLO = (sys.executable, "-c", "from ultralytics.cfg import entrypoint; entrypoint()")
"""Ultralytics' `yolo`, which is not always beside the interpreter."""

BOX_ROW = re.compile(r"^(\d+),-?\d+,([^,\n]+(?:,[^,\n]+){4}).*$", re.MULTILINE)
"""A row of MOT text: the frame, an id, box and score; what else there is differs between tracks and detections."""

EVERY_FRAME = "--keyframes.every", "1"
"""For boxes that are those of a detector alone."""


class Kit:
    """What the commands run with. A part is made when the first command asks for it, which is before any is timed."""

    def __init__(self, detector: Path, imgsz: int, peer_reid: Path | None, folder: Path) -> None:
        """`detector` is the .pt file that all find people with, at `imgsz`; `folder` is where what is made goes.

        Parts raise InputError where they cannot be made.
        """
        self.detector, self.imgsz = detector.resolve(), imgsz
        self._peer_reid, self._folder = peer_reid, folder
        self._boxes: dict[Path, Path] = {}

    @cached_property
    def openvino(self) -> Path:
        """Ultralytics' own export of the detector, as it makes it by default: for square pictures."""
        return self._export("openvino")

    @cached_property
    def openvino_dynamic(self) -> Path:
        """The same for pictures of any shape, so that the margins of wide and tall ones cost nothing."""
        return self._export("openvino-dynamic", "dynamic=True")

    @cached_property
    def reid(self) -> Path:
        """The peers' re-ID weights, in a file named .pt: BoxMOT's command knows no other name."""
        if self._peer_reid is None:
            raise InputError("give its re-ID weights with --peer-reid")
        return _copied(self._peer_reid, (self._folder / self._peer_reid.name).with_suffix(".pt"))

    def boxes(self, video: Path) -> Path:
        """What our detector finds in the video, as MOT text: the boxes of a run's tracks and those no track took."""
        if video not in self._boxes:
            run = self._new(f"boxes-{len(self._boxes)}")
            run_timed(ours(Job(video, run / "run", self), "--reid", "none", "--no-video", *EVERY_FRAME), run)
            files = [run / "run" / name for name in ("tracks.txt", "unused.txt")]
            rows = "".join(file.read_text() for file in files if file.exists())
            self._boxes[video] = run / "boxes.txt"
            self._boxes[video].write_text(re.sub(BOX_ROW, r"\1,-1,\2", rows))
        return self._boxes[video]

    def _export(self, name: str, *options: str) -> Path:
        folder = self._new(name)
        weights = _copied(self.detector, folder / self.detector.name)
        words = [*YOLO, "export", f"model={weights}", "format=openvino", f"imgsz={self.imgsz}", *options]
        run_timed(Command(words), folder)
        return folder / f"{weights.stem}_openvino_model"

    @cached_property
    def boxmot(self) -> Path:
        """BoxMOT's program."""
        return peer_environment("boxmot") / "boxmot"

    @cached_property
    def roboflow(self) -> Path:
        """The program of roboflow/trackers."""
        return peer_environment("roboflow") / "trackers"

    def _new(self, name: str) -> Path:
        folder = self._folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


@dataclass(frozen=True, slots=True)
class Job:
    """Track `video` with the parts of `kit`; an annotated video and tracks as text go into `out`, a new folder."""

    video: Path
    out: Path
    kit: Kit


def ours(job: Job, *options: str) -> Command:
    """`followspot track`."""
    detector = ("--detector", str(job.kit.detector), "--imgsz", str(job.kit.imgsz))
    words = [sys.executable, "-m", "tools", "track", str(job.video), "--out", str(job.out), *detector, *options]
    return Command(words, {"PYTHONPATH": str(ROOT)})


def ours_replaying(job: Job) -> Command:
    """`followspot track` by motion alone, on boxes from a file."""
    return ours(job, "--detections", str(job.kit.boxes(job.video)), "--reid", "none")


def ultralytics(job: Job, tracker: str, model: Path) -> Command:
    """`yolo track`, people only; it writes the video unasked, and on request a text file a frame."""
    options = (
        f"imgsz={job.kit.imgsz}",
        "classes=0",
        "save_txt=True",
        f"project={job.out.parent}",
        f"name={job.out.name}",
    )
    return Command([*YOLO, "track", f"model={model}", f"source={job.video}", f"tracker={tracker}.yaml", *options])


def boxmot(job: Job, tracker: str, *options: str) -> Command:
    """`boxmot track`, people only."""
    detector = ("--detector", str(job.kit.detector), "--imgsz", str(job.kit.imgsz), "--classes", "0")
    output = ("--save", "--save-txt", "--project", str(job.out))
    return Command(
        [str(job.kit.boxmot), "track", "--source", str(job.video), "--tracker", tracker, *detector, *output, *options]
    )


def roboflow(job: Job, tracker: str) -> Command:
    """`trackers track` on boxes from a file: the detectors of that command are its own, and from the network."""
    boxes = ("--detections", str(job.kit.boxes(job.video)), "--tracker", tracker)
    output = ("--output", str(job.out / "video.mp4"), "--mot-output", str(job.out / "tracks.txt"))
    return Command([str(job.kit.roboflow), "track", "--source", str(job.video), *boxes, *output])


class Row(NamedTuple):
    """A row of the table: what makes its command, which of ours its speed divides, and whether it wants `Kit.reid`."""

    command: Callable[[Job], Command]
    measured_by: str = "followspot"
    wants_reid: bool = False


REPLAYING = "followspot-boxes-given"
ROWS: dict[str, Row] = {
    "followspot": Row(ours),
    "followspot-no-reid": Row(lambda job: ours(job, "--reid", "none")),
    "ultralytics-bytetrack": Row(lambda job: ultralytics(job, "bytetrack", job.kit.detector)),
    "ultralytics-botsort": Row(lambda job: ultralytics(job, "botsort", job.kit.detector)),
    "ultralytics-bytetrack-openvino": Row(lambda job: ultralytics(job, "bytetrack", job.kit.openvino)),
    "ultralytics-botsort-openvino": Row(lambda job: ultralytics(job, "botsort", job.kit.openvino)),
    "ultralytics-bytetrack-openvino-dynamic": Row(lambda job: ultralytics(job, "bytetrack", job.kit.openvino_dynamic)),
    "ultralytics-botsort-openvino-dynamic": Row(lambda job: ultralytics(job, "botsort", job.kit.openvino_dynamic)),
    "boxmot-bytetrack": Row(lambda job: boxmot(job, "bytetrack")),
    "boxmot-botsort-reid": Row(lambda job: boxmot(job, "botsort", "--reid", str(job.kit.reid)), wants_reid=True),
    REPLAYING: Row(ours_replaying, REPLAYING),
    "roboflow-bytetrack-boxes-given": Row(lambda job: roboflow(job, "bytetrack"), REPLAYING),
    "roboflow-botsort-boxes-given": Row(lambda job: roboflow(job, "botsort"), REPLAYING),
}
"""By name. A new one is a line here."""


def count_ids(out: Path) -> int:
    """The ids in what a command left in `out`: MOT text (tracks.txt), or Ultralytics' labels, a file a frame."""
    ids = {row[1] for row in _rows(out, "tracks.txt", ",")}
    ids |= {row[5] for row in _rows(out, "labels/*.txt", None) if len(row) > 5}
    return len(ids - {"-1"})


def _rows(out: Path, pattern: str, separator: str | None) -> Sequence[list[str]]:
    return [line.split(separator) for file in out.rglob(pattern) for line in file.read_text().splitlines()]


def _copied(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target
