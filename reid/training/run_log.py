"""What a training run writes down: one JSON object a line, and the same numbers for TensorBoard."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # type: ignore[import-untyped]
from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[import-untyped]
from tensorboard.summary.writer.record_writer import RecordWriter  # type: ignore[import-untyped]

LOG = "log.jsonl"


class RunLog:
    """Appends to log.jsonl in the run's folder, and the same numbers to tensorboard/.

    A run that goes on after step `resumed_at` first drops the lines of later steps, which will be written again.
    Nothing waits in a buffer, so a full disk raises OSError at the line that does not fit, and at no other place.
    """

    def __init__(self, folder: Path, resumed_at: int | None) -> None:
        self.path = folder / LOG
        earlier = read_log(self.path) if resumed_at is not None else []
        kept = "".join(json.dumps(row) + "\n" for row in earlier if row["step"] <= (resumed_at or 0))
        new = self.path.with_suffix(".new")
        try:
            new.write_text(kept)
            os.replace(new, self.path)
        finally:
            new.unlink(missing_ok=True)
        self.boards = folder / "tensorboard"
        self.resumed_at = resumed_at

    def __enter__(self) -> RunLog:
        self.boards.mkdir(exist_ok=True)
        self.stream = self.path.open("ab", buffering=0)
        events = self.boards / f"events.out.tfevents.{time.time():.6f}.{os.getpid()}"
        self.events = events.open("wb", buffering=0)
        self.board = RecordWriter(self.events)
        self.record(Event(wall_time=time.time(), file_version="brain.Event:2"))
        if self.resumed_at is not None:  # TensorBoard then forgets the steps from there on
            begin = SessionLog(status=SessionLog.START)
            self.record(Event(wall_time=time.time(), step=self.resumed_at + 1, session_log=begin))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stream.close()
        self.events.close()

    def write(self, step: int, epoch: int, numbers: dict[str, float]) -> None:
        """One line; a name such as "loss/triplet" becomes a TensorBoard curve."""
        line = (json.dumps({"step": step, "epoch": epoch, **numbers}) + "\n").encode()
        if self.stream.write(line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        values = [Summary.Value(tag=name, simple_value=value) for name, value in numbers.items()]
        self.record(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))

    def record(self, event: Event) -> None:
        self.board.write(event.SerializeToString())


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a log; a last line cut off by a kill is left out."""
    if not path.is_file():
        return []
    rows = []
    for line in path.read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows
