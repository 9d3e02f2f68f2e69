"""How results were made, in a few lines for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from .folder import version_of

WHERE = {"sources", "out"}
"""Options that say what is tracked and where the results go, not how."""


def made_by(options: Any, weights: Mapping[str, Path | None]) -> dict[str, str]:
    """The networks' files, the options that differ from their defaults, and the version."""
    chosen = ", ".join(f"{name} {value}" for name, value in changed_options(options))
    names = {part: path.name if path is not None else "none" for part, path in weights.items()}
    return {
        "Detector": names.get("detector", "none"),
        "Re-ID": names.get("reid", "none"),
        "Options": chosen or "the defaults",
        "Followspot": version_of("followspot") or "unknown version",
    }


def changed_options(options: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Options of a dataclass, and of those in it, that are not their defaults: name as on the command line, value."""
    for option in fields(options):
        value, default = getattr(options, option.name), option.default
        if option.default_factory is not MISSING:
            default = option.default_factory()
        if prefix == "" and option.name in WHERE:
            continue
        if is_dataclass(value):
            yield from changed_options(value, f"{prefix}{option.name}.")
        elif value != default:
            yield f"{prefix}{option.name}", value
