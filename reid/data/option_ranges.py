"""Options that are numbers: those out of their range are refused in one sentence."""

from __future__ import annotations

import math

from .crops import DataError


def require_range(option: str, value: float, least: float, most: float = math.inf, *, below: bool = False) -> None:
    """Raise DataError unless `value` lies between `least` and `most`, which with `below` it must not reach."""
    if math.isfinite(value) and least <= value and (value < most if below else value <= most):
        return
    ends = "" if math.isinf(most) else f" and {'below' if below else 'at most'} {most:g}"
    kind = "" if math.isfinite(value) else "a finite number, "
    raise DataError(f"--{option.replace('_', '-')} must be {kind}at least {least:g}{ends}, not {value}.")
