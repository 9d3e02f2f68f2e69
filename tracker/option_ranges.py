"""Options that are numbers: those with which nothing can be reckoned are refused in one sentence."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

from .types import InputError

LARGEST = 1e9
"""What is squared, or multiplied by what may be 0, is at most this."""
LARGEST_LOG_ODDS = 100.0
"""Beyond them nothing is surer, and pairs that must be matched would not be (`recovery.MUST_BE_MATCHED`)."""
_FACTORS = {"noise", "rate", "weight", "speed", "power", "steps", "odds"}
"""Words in the names of options that are factors."""


def require_above(limit: float, group: str, options: Any, *names: str) -> None:
    """Raise InputError unless each of these options of a group (`motion`) is above the limit."""
    for name in names:
        value = getattr(options, name)
        if not value > limit:
            raise InputError(f"--{group}.{name.replace('_', '-')} must be above {limit:g}, not {value}")


def require_at_most(limit: float, group: str, options: Any, *names: str) -> None:
    """Raise InputError where one of these options of a group (`motion`) is above the limit."""
    for name in names:
        value = getattr(options, name)
        if value > limit:
            raise InputError(f"--{group}.{name.replace('_', '-')} must be at most {limit:g}, not {value}")


def require_numbers(options: Any, group: str = "") -> None:
    """Raise InputError for a number in a nest of frozen dataclasses with which nothing can be reckoned: NaN, a factor
    beyond `LARGEST`, and a negative one that is no log odds; these are at least -`LARGEST_LOG_ODDS`."""
    for field in fields(options):
        value, name = getattr(options, field.name), group + field.name
        if is_dataclass(value):
            require_numbers(value, f"{name}.")
        elif isinstance(value, (int, float)):
            _require_number(value, f"--{name.replace('_', '-')}", set(field.name.split("_")))


def _require_number(value: float, option: str, words: set[str]) -> None:
    """`words` are those of the option's name."""
    least = -LARGEST_LOG_ODDS if "odds" in words else 0
    if math.isnan(value):
        raise InputError(f"{option} must be a number, not {value}")
    if value < least:
        raise InputError(f"{option} must be at least {least:g}, not {value}")
    if value > LARGEST and words & _FACTORS:
        raise InputError(f"{option} must be at most {LARGEST:g}, not {value}")
