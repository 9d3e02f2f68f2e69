"""The log of a training run: one JSON object a line, and the same numbers for TensorBoard."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from ..encoder.atomic_write import replace_text

LOG = "log.jsonl"
EPOCH_TIME = "time/epoch"
"""Stands in the line of an epoch's end alone."""


class RunLog:
    """Appends to log.jsonl in the run's folder, and the same numbers to tensorboard/.

    A run resumed after step `resumed_at` first drops the lines of later steps, which will be written again. Nothing
    waits in a buffer, so a full disk raises OSError at the line that does not fit, and at no other place.
    """

    def __init__(self, folder: Path, resumed_at: int | None) -> None:
        self.path = folder / LOG
        earlier = read_log(self.path) if resumed_at is not None else []
        kept = [row for row in earlier if row["step"] <= (resumed_at or 0)]
        replace_text(self.path, "".join(json.dumps(row) + "\n" for row in kept))
        self._ended = {row.get("epoch") for row in kept if EPOCH_TIME in row}
        self.curves, self.resumed_at = folder / "tensorboard", resumed_at

    def __enter__(self) -> RunLog:
        purged_from = None if self.resumed_at is None else self.resumed_at + 1
        self.board = SummaryWriter(str(self.curves), purge_step=purged_from)
        self.stream = self.path.open("ab", buffering=0)
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self.board.close()

    def end_epoch(self, step: int, epoch: int, numbers: dict[str, float]) -> None:
        """The line of an epoch's end, unless it is there: a kill may have come between it and the save."""
        if epoch not in self._ended:
            self.write(step, epoch, numbers)

    def write(self, step: int, epoch: int, numbers: dict[str, float]) -> None:
        """One line; a name such as "loss/triplet" becomes a TensorBoard curve."""
        line = (json.dumps({"step": step, "epoch": epoch, **numbers}) + "\n").encode()
        if self.stream.write(line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        for name, number in numbers.items():
            self.board.add_scalar(name, number, step)
        self.board.flush()  # its thread's OSError is raised here, not steps later


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a log, numbers by name, `step` among them, up to the first that is none, as a kill may leave it."""
    if not path.is_file():
        return []
    rows = []
    for line in path.read_bytes().splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            break
        if not (isinstance(row, dict) and "step" in row and all(map(is_number, row.values()))):
            break
        rows.append(row)
    return rows


def is_number(value: Any) -> bool:
    """Whether this is a number that float64 holds."""
    return isinstance(value, float) or (isinstance(value, int) and abs(value) <= sys.float_info.max)
