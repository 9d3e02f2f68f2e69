"""Work on rendered scenes, several of them at a time in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import cv2

from tracker.types import InputError

from ..run.interruption import Interruption
from ..run.orphans import end_with_parent

Scene = TypeVar("Scene")
Result = TypeVar("Result")

PATIENCE = 0.2  # seconds until it is asked again whether to stop


def in_processes(
    work: Callable[[Scene], Result], scenes: Sequence[Scene], processes: int, interruption: Interruption
) -> Iterator[Result]:
    """`work` on each scene, results in order; ends early, without the unfinished ones, when a stop is asked for.

    `processes` of them are worked on at once, with 0 one a core.
    Raises InputError where a process was killed, as happens when memory runs out.
    """
    # Not forked: a fork copies the locks of whatever threads the caller has running.
    useful = max(1, min(processes or os.cpu_count() or 1, len(scenes)))
    workers = ProcessPoolExecutor(useful, multiprocessing.get_context("spawn"), initializer=prepare_worker)
    try:
        renderings = deque(workers.submit(work, scene) for scene in scenes)
        while renderings:
            if not has_ended(renderings[0], interruption):
                return
            yield renderings.popleft().result()
    except BrokenProcessPool as error:
        raise InputError(
            "a process was killed, as happens where memory runs out: fewer at once, or less work for each, need less"
        ) from error
    finally:
        for worker in multiprocessing.active_children():
            worker.terminate()
        workers.shutdown(cancel_futures=True)


def prepare_worker() -> None:
    """Ignore Ctrl-C, which the parent process answers, end with it, and keep to one core: the others render, too."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


def has_ended(rendering: Future[Result], interruption: Interruption) -> bool:
    """Whether the result is there: waits for it, or until a stop is asked for."""
    while not interruption.asked:
        try:
            rendering.result(timeout=PATIENCE)
        except TimeoutError:
            continue
        return True
    return False
