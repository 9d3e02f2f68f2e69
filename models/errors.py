"""Errors of weights files; apart from the networks, so that importing them needs no torch."""

from __future__ import annotations

from collections.abc import Mapping


class WeightsError(ValueError):
    """Weights that cannot be used; its message is one clear sentence: which file, what is wrong, what to do."""


def require_counts(network: str, options: object, least: Mapping[str, int]) -> None:
    """Raise WeightsError where an option of a network, by name, is below its least value."""
    for name, minimum in least.items():
        if getattr(options, name) < minimum:
            raise WeightsError(f"{name} of {network} must be at least {minimum}, not {getattr(options, name)}.")
