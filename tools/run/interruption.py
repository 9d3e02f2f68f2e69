"""Stops by signal: Ctrl-C (SIGINT), SIGTERM, and SIGHUP, which is a terminal that was closed. Exit codes.

A command that works on a long list asks an `Interruption` now and then, and finishes its files; any other is ended by
`Stopped` where it is. Either way `cli.py` ends with 128 and the signal's number, as a shell reports it.
"""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

Item = TypeVar("Item")

INCOMPLETE = 3
"""Exit code where the results are not whole though nothing stopped the command: see `IncompleteError`."""
_HANG_UP = getattr(signal, "SIGHUP", None)  # not on Windows


class Stopped(KeyboardInterrupt):
    """A stop was asked for by the signal of this `number`."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__()
        self.number = number

    @property
    def exit_code(self) -> int:
        """130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
        return 128 + self.number


class IncompleteError(Exception):
    """The results hold less than the source, and say so: it broke off, or frames of it were damaged or missing."""


class Interruption:
    """Within the block the first signal sets `asked`; a second one interrupts at once.

    A block that ends well though a stop was asked for raises `Stopped`: what is to be said of it is said within.
    """

    def __init__(self) -> None:
        self.asked = False
        self.cut_short = False
        """Whether items of `until` were given up."""
        self.at_stop: Callable[[], None] = lambda: None
        """Called by the first signal: it ends what waits for something that may never come."""
        self._number: int = signal.SIGINT
        self._at_once = False

    def __enter__(self) -> Interruption:
        self._before = _handle([signal.SIGINT, signal.SIGTERM, *_hang_up()], self.ask)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        _restore(self._before)
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise `Stopped` if a stop was asked for."""
        if self.asked:
            raise Stopped(self._number)

    def until(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, until a stop is asked for."""
        for item in items:
            if self.asked:
                self.cut_short = True
                return
            yield item

    def checked(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items; raises `Stopped` between them once a stop is asked for."""
        for item in items:
            self.check()
            yield item

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within the block the first signal raises `Stopped` as well, and so does one from before: for long work that
        leaves nothing to be finished."""
        self.check()
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def ask(self, number: int = signal.SIGINT) -> None:
        """Ask for a stop, as the signal of this number does: from a window, or for a thread, which gets no signals.

        Raises `Stopped` where one was asked for before.
        """
        again, self.asked, self._number = self.asked, True, number
        self.at_stop()
        if again or self._at_once:
            raise Stopped(number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP raise `Stopped`, so that files and processes are put in order."""

    def stop(number: int) -> None:
        raise Stopped(number)

    before = _handle([signal.SIGTERM, *_hang_up()], stop)
    try:
        yield
    finally:
        _restore(before)


def _hang_up() -> list[signal.Signals]:
    """SIGHUP, unless it is ignored, as `nohup` wants it."""
    return [] if _HANG_UP is None or signal.getsignal(_HANG_UP) == signal.SIG_IGN else [_HANG_UP]


def _handle(numbers: Iterable[signal.Signals], answer: Callable[[int], None]) -> dict[signal.Signals, object]:
    """Let `answer` handle these signals in this process; returns the handlers before."""
    owner = os.getpid()

    def handle(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner and number != signal.SIGINT:  # a forked worker: its parent ends it by SIGTERM
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        if number == _HANG_UP:
            _let_go_of_terminal()
        answer(number)

    return {number: signal.signal(number, handle) for number in numbers}


def _restore(handlers: dict[signal.Signals, object]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)  # type: ignore[arg-type]


def _let_go_of_terminal() -> None:
    """What is printed from now on is lost, rather than an error: the terminal is gone. Files and pipes stay."""
    for number in (1, 2):
        if stat.S_ISCHR(os.fstat(number).st_mode):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)
