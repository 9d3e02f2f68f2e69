"""Checks of options: invalid ones are refused in one sentence."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.types import InputError


def require_at_least(least: int, option: str, value: int, why: str = "") -> None:
    """Raise InputError for a smaller value; `why` says what the option is."""
    if value < least:
        raise InputError(f"--{option} must be at least {least}, not {value}{why and f': {why}'}")


def require_known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise InputError for names that are none of the known."""
    if unknown := sorted(set(names) - set(known)):
        raise InputError(f"no {kind} is called {', '.join(unknown)}; there are {', '.join(known)}")
