"""Options that are numbers: those with which nothing can be reckoned are refused in one sentence."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

from .types import InputError


def require_above(limit: float, group: str, options: Any, *names: str) -> None:
    """Raise InputError unless each of these options of a group (`motion`) is above the limit."""
    for name in names:
        value = getattr(options, name)
        if not value > limit:
            raise InputError(f"--{group}.{name.replace('_', '-')} must be above {limit:g}, not {value}")


def require_numbers(options: Any, group: str = "") -> None:
    """Raise InputError where a number in a nest of frozen dataclasses is none (NaN): no comparison with it holds."""
    for field in fields(options):
        value, name = getattr(options, field.name), group + field.name
        if is_dataclass(value):
            require_numbers(value, f"{name}.")
        elif isinstance(value, float) and math.isnan(value):
            raise InputError(f"--{name.replace('_', '-')} must be a number, not {value}")
