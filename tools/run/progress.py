"""A progress bar with the rate and the time left; on standard error, and only on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

Item = TypeVar("Item")
Result = TypeVar("Result")

LONGEST_NAME = 30
"""Letters of a name that are shown: numbers and bar need the rest of 80."""


class Rate(ProgressColumn):
    """Items per second, by their name."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} {self.unit}/s")


def progress(items: Iterable[Item], total: int | None, name: str, unit: str = "frames") -> Iterator[Item]:
    """The same items, counted on a bar by their `unit`; `total` may be an estimate or None."""
    with _bar(unit) as bar:
        task = bar.add_task(name, total=total)
        try:
            for item in items:
                yield item
                bar.advance(task)
        finally:
            _vanish_unless_counted(bar)


@contextmanager
def counted_calls(
    call: Callable[[list[Item]], Result], total: int, name: str, unit: str
) -> Iterator[Callable[[list[Item]], Result]]:
    """The same function of lists, whose items are counted on a bar within the block; `total` may be an estimate."""
    with _bar(unit) as bar:
        task = bar.add_task(name, total=total)

        def counting(items: list[Item]) -> Result:
            result = call(items)
            bar.advance(task, len(items))
            return result

        try:
            yield counting
        finally:
            _vanish_unless_counted(bar)


@dataclass(frozen=True)
class Counted:
    """A bar of what is counted elsewhere; see `counted`."""

    bar: Progress
    task: TaskID

    def show(self, name: str, done: int) -> None:
        """Give the bar this name, and so many that are done."""
        self.bar.update(self.task, description=name, completed=done)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Within the block there is no bar on the terminal, so that lines can be printed; then it stands below them."""
        live = self.bar.live
        if not self.bar.console.is_terminal:
            yield
            return
        live.transient = True
        self.bar.stop()
        live.transient = False
        try:
            yield
        finally:
            self.bar.start()


@contextmanager
def counted(total: int | None) -> Iterator[Counted]:
    """A bar of frames within the block; `total` may be an estimate or None."""
    with _bar("frames") as bar:
        task = bar.add_task("", total=total)
        try:
            yield Counted(bar, task)
        finally:
            _vanish_unless_counted(bar)


def _vanish_unless_counted(bar: Progress) -> None:
    """Of nothing, no bar stays on the screen."""
    bar.live.transient = not bar.tasks[0].completed


def _bar(unit: str) -> Progress:
    # A video's name may be long, or have brackets as markup has.
    name = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=LONGEST_NAME))
    return Progress(
        name, BarColumn(), MofNCompleteColumn(), Rate(unit), TimeRemainingColumn(), console=Console(stderr=True)
    )
