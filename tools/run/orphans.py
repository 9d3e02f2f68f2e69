"""Worker processes that end when the process that began them is killed, which can no longer end them itself."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """To be called in a worker: from now on it ends as soon as its parent does, whatever it is doing.

    Without this it would wait for work for ever, and hold what it inherited, such as a terminal or a pipe.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
