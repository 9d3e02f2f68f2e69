"""Working ahead in a thread, so that decoding, detecting and what is done with the tracks overlap; and in groups."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from .types import InputError

Item = TypeVar("Item")

END: Any = object()


def prefetch(items: Iterable[Item], depth: int = 4) -> Generator[Item, None, None]:
    """The same items, up to `depth` of them made in advance by a thread.

    An error of `items` is raised here, in its place. When the consumer stops early (`break`, `close()`, an exception)
    the thread is stopped and waited for, at most as long as one item takes; then `items` are closed, where they are a
    generator. Raises InputError for a `depth` below 1.
    """
    if depth < 1:
        raise InputError(f"the number of items made ahead must be at least 1, not {depth}")
    remaining = iter(items)
    reader = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
    try:
        ahead = deque(reader.submit(next, remaining, END) for _ in range(depth))
        while (item := ahead.popleft().result()) is not END:
            ahead.append(reader.submit(next, remaining, END))
            yield item
    finally:
        reader.shutdown(cancel_futures=True)
        if isinstance(remaining, Generator):
            remaining.close()


def in_groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The same items, so many at a time; the last group may be smaller.

    Where they end in an InputError, that is raised after a group of the items before it.
    """
    group: list[Item] = []
    try:
        for item in items:
            group.append(item)
            if len(group) == size:
                yield group
                group = []
    except InputError:
        if group:
            yield group
        raise
    if group:
        yield group
