"""What the commands of `followspot benchmark speed` took, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from rich.table import Table

from ..run.output import number_table
from .processes import Spent
from .speed_commands import ROWS


@dataclass(slots=True)
class Timings:
    """The timed runs of one command over a video of so many `frames`, and over its first `cut` frames alone.

    `ids` are in what the first run over the whole video left; `failure` is why the command is out of the race.
    """

    frames: int
    cut: int
    whole: list[Spent] = field(default_factory=list)
    start_up: list[Spent] = field(default_factory=list)
    ids: int | None = None
    failure: str | None = None

    @property
    def seconds(self) -> float:
        """Median wall time of the whole video."""
        return median(spent.seconds for spent in self.whole)

    @property
    def start_up_seconds(self) -> float:
        """Median wall time of the first frames: nearly all of it is imports and networks that are loaded."""
        return median(spent.seconds for spent in self.start_up)

    @property
    def frames_per_second(self) -> float:
        """Of the whole command."""
        return self.frames / self.seconds

    @property
    def running_frames_per_second(self) -> float | None:
        """Of the frames after the first ones, once started; None where a video is too short to tell."""
        running = self.seconds - self.start_up_seconds
        return (self.frames - self.cut) / running if running > 0 else None

    def numbers(self) -> dict[str, object]:
        """For JSON; every run is in it."""
        if self.failure is not None:
            return {"failure": self.failure}
        return {
            "seconds": self.seconds,
            "start_up_seconds": self.start_up_seconds,
            "frames_per_second": self.frames_per_second,
            "running_frames_per_second": self.running_frames_per_second,
            "processor_ms_per_frame": 1e3 * median(spent.processor for spent in self.whole) / self.frames,
            "megabytes": max(spent.megabytes for spent in self.whole),
            "ids": self.ids,
            "runs": [spent._asdict() for spent in self.whole],
            "start_up_runs": [spent._asdict() for spent in self.start_up],
        }


def ratio(name: str, rows: Mapping[str, Timings]) -> float | None:
    """How many times as fast as `name` ours is, whole commands; None where either has not run."""
    ours, theirs = rows.get(ROWS[name].measured_by), rows[name]
    return theirs.seconds / ours.seconds if ours and not (ours.failure or theirs.failure) else None


COLUMNS = ("s", "least..most", "start-up s", "frames/s", "once started", "CPU ms/frame", "MB", "ids", "ours/theirs")


def speed_table(rows: Mapping[str, Timings], title: str) -> Table:
    """The commands in their order, ours bold."""
    table = number_table("command", COLUMNS, title)
    for name, row in rows.items():
        cells = ["failed"] if row.failure is not None else _cells(row, ratio(name, rows))
        table.add_row(name, *cells, style="bold" if name.startswith("followspot") else None)
    return table


def as_json(rows: Mapping[str, Timings]) -> dict[str, object]:
    """By the command's name: medians, every run, and "ours_by_theirs"."""
    return {name: {**row.numbers(), "ours_by_theirs": ratio(name, rows)} for name, row in rows.items()}


def _cells(row: Timings, ours_by_theirs: float | None) -> Sequence[str]:
    numbers, walls = row.numbers(), [spent.seconds for spent in row.whole]
    running = row.running_frames_per_second
    return [
        f"{row.seconds:.1f}",
        f"{min(walls):.1f}..{max(walls):.1f}",
        f"{row.start_up_seconds:.1f}",
        f"{row.frames_per_second:.1f}",
        "" if running is None else f"{running:.1f}",
        f"{numbers['processor_ms_per_frame']:.1f}",
        f"{numbers['megabytes']:.0f}",
        str(row.ids),
        "" if ours_by_theirs is None else f"{ours_by_theirs:.2f}",
    ]
