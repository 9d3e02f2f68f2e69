"""What a training run writes down: one JSON object a line, and the same numbers for TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

from torch.utils.tensorboard import SummaryWriter

LOG = "log.jsonl"


class RunLog:
    """Appends to log.jsonl in the run's folder, and the same numbers to tensorboard/.

    A run that goes on after step `resumed_at` first drops the lines of later steps, which will be written again.
    """

    def __init__(self, folder: Path, resumed_at: int | None) -> None:
        self.path = folder / LOG
        earlier = read_log(self.path) if resumed_at is not None else []
        self.path.write_text("".join(json.dumps(row) + "\n" for row in earlier if row["step"] <= (resumed_at or 0)))
        self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=resumed_at and resumed_at + 1)

    def __enter__(self) -> RunLog:
        self.stream = self.path.open("a")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stream.close()
        self.board.close()

    def write(self, step: int, epoch: int, numbers: dict[str, float]) -> None:
        """One line; a name such as "loss/triplet" becomes a TensorBoard curve."""
        self.stream.write(json.dumps({"step": step, "epoch": epoch, **numbers}) + "\n")
        self.stream.flush()
        for name, value in numbers.items():
            self.board.add_scalar(name, value, step)


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
