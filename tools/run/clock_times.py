"""Times and shapes as people write them."""

from __future__ import annotations

import math
import re

from tracker.types import InputError

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)")


def seconds(text: str, option: str) -> float:
    """Seconds of `90`, `1:30`, `0:01:30.5`. Raises InputError naming the option."""
    found = _CLOCK.fullmatch(text)
    hours, minutes, rest = (float(part or 0) for part in found.groups()) if found else (0.0, 0.0, math.inf)
    if rest >= (60 if ":" in text else math.inf) or (text.count(":") == 2 and minutes >= 60):
        raise InputError(f"--{option} {text} is no time: give seconds (90), m:ss (1:30) or h:mm:ss (0:01:30)")
    return 3600 * hours + 60 * minutes + rest


def shape(text: str, option: str) -> float:
    """Width by height of `9:16`. Raises InputError naming the option."""
    width, colon, height = text.partition(":")
    try:
        ratio = float(width) / float(height)
    except (ValueError, ZeroDivisionError):
        ratio = math.nan
    if not (colon and 0.1 <= ratio <= 10):
        raise InputError(f"--{option} {text} is no shape: give width:height from 1:10 to 10:1, such as 9:16")
    return ratio
