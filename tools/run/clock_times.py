"""Times and shapes as people write them."""

from __future__ import annotations

import math
import re

from tracker.types import InputError

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)")


def seconds(text: str, option: str) -> float:
    """Seconds of `90`, `1:30`, `0:01:30.5`. Raises InputError naming the option."""
    found = _CLOCK.fullmatch(text)
    hours, minutes, rest = found.groups() if found else (None, None, "60")
    if found is None or (minutes is not None and float(rest) >= 60) or (hours is not None and int(minutes) >= 60):
        raise InputError(f"--{option} {text} is no time: give seconds (90), m:ss (1:30) or h:mm:ss (0:01:30)")
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + float(rest)


def shape(text: str, option: str) -> float:
    """Width by height of `9:16`. Raises InputError naming the option."""
    width, colon, height = text.partition(":")
    try:
        ratio = float(width) / float(height)
    except (ValueError, ZeroDivisionError):
        ratio = math.nan
    if not (colon and 0.1 <= ratio <= 10):
        raise InputError(f"--{option} {text} is no shape: give width:height, such as 9:16, 1:1 or 16:9")
    return ratio
