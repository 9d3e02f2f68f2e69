"""A live stream that went away: it is opened again and again, until it is back or patience ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress

from av.container import InputContainer

from ..types import InputError
from .containers import open_container

PAUSE = 0.5
"""Seconds between two tries."""

ANSWER = 5.0
"""Seconds a try may take: less than the first opening may, since a request to stop is heard after it."""


def reopened(url: str, patience: float, given_up: threading.Event) -> Iterator[InputContainer]:
    """The stream each time it can be opened, for `patience` seconds or until `given_up` is set; close it afterwards."""
    end = time.monotonic() + patience
    while time.monotonic() < end and not given_up.wait(PAUSE):
        with suppress(InputError):
            yield open_container(url, timeout=ANSWER)
