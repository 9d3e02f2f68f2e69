"""The `followspot` command, and `python -m tools` from a checkout that is not installed."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from threading import Timer
from typing import Any

SOON = 0.01
"""Seconds until a stop that was lost is asked for again."""


def main() -> None:
    """Run it; Ctrl-C while it is still being loaded ends it as any later one does.

    NumPy's matrix products, all of them small here, get one thread, unless the environment names a number: several wait
    for each other wherever detector and video coder keep the cores busy.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported
    sys.unraisablehook = stop_again
    try:
        from .cli import main as run
    except KeyboardInterrupt:
        print("\nfollowspot: stopped", file=sys.stderr)
        sys.exit(130)
    run()


def stop_again(lost: Any) -> None:
    """Of a stop that fell into a callback, such as that of a module's lock, Python would print a traceback and go on:
    its signal is sent once more. Other errors of callbacks are printed. To be used as `sys.unraisablehook`."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        number = getattr(lost.exc_value, "number", signal.SIGINT)
        timer = Timer(SOON, os.kill, (os.getpid(), number))
        timer.daemon = True
        with suppress(RuntimeError):  # Python is ending, and begins no thread any more
            timer.start()
    else:
        sys.__unraisablehook__(lost)


if __name__ == "__main__":
    main()
