"""A progress bar with the rate and the time left; on standard error, and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

Item = TypeVar("Item")


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
        for item in items:
            yield item
            bar.advance(task)
        bar.update(task, visible=bar.tasks[0].completed > 0)  # of nothing, no bar stays on the screen


@contextmanager
def counted(total: int | None, unit: str = "frames") -> Iterator[Callable[[str, int], None]]:
    """A bar for what is counted elsewhere: the block's function sets its name, and how many are done."""
    with _bar(unit, redirect_stdout=sys.stdout is not None and sys.stdout.isatty()) as bar:
        task = bar.add_task("", total=total)
        try:
            yield lambda name, done: bar.update(task, description=name, completed=done)
        finally:
            bar.update(task, visible=bar.tasks[0].completed > 0)


def _bar(unit: str, *, redirect_stdout: bool = True) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(unit), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), redirect_stdout=redirect_stdout)
