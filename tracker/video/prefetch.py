"""Reading ahead in a thread, so that decoding overlaps with what is done with the frames."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")

WAIT = 0.1
"""Seconds between two looks at whether the reader is still wanted."""


class _End:
    """Put behind the last item; carries what the reading thread died of, if anything."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetch(items: Iterable[Item], depth: int = 4) -> Generator[Item, None, None]:
    """The same items, up to `depth` of them made in advance by a thread.

    An error of `items` is raised here, in its place. When the consumer stops early (`break`, `close()`, an exception)
    the thread is stopped and waited for, at most as long as one item takes.
    """
    if depth < 1:
        raise ValueError(f"depth is {depth}; reading ahead needs room for at least one item")
    shelf: queue.Queue[Item | _End] = queue.Queue(depth)
    unwanted = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, shelf, unwanted), name="prefetch", daemon=True)
    thread.start()
    try:
        while not isinstance(item := shelf.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        unwanted.set()
        thread.join()


def _fill(items: Iterable[Item], shelf: queue.Queue[Item | _End], unwanted: threading.Event) -> None:
    error = None
    try:
        for item in items:
            if not _put(item, shelf, unwanted):
                return
    except BaseException as raised:
        error = raised
    _put(_End(error), shelf, unwanted)


def _put(item: Item | _End, shelf: queue.Queue[Item | _End], unwanted: threading.Event) -> bool:
    while not unwanted.is_set():
        try:
            shelf.put(item, timeout=WAIT)
            return True
        except queue.Full:
            continue
    return False
