"""How results were made, in a few lines for people to read."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from .folder import version_of
from .help import option_names

WHERE = {"sources", "out"}
"""Options that say what is tracked and where the results go, not how."""


def made_by(options: Any, weights: Mapping[str, Path | None]) -> dict[str, str]:
    """The networks' files, the options that differ from their defaults as they are typed, and the version."""
    changed = dict(changed_options(options))
    names = option_names(options.__class__) if changed else {}
    chosen = " ".join(_typed(names[path], value) for path, value in changed.items())
    files = {part: path.name for part, path in weights.items() if path is not None}
    return {
        **networks(files, options.detections),
        "Options": chosen or "the defaults",
        "Followspot": version_of("followspot") or "unknown version",
    }


def networks(names: Mapping[str, str], detections: object = None) -> dict[str, str]:
    """The files that boxes and embeddings come from; `names` of the networks' files, the file of `--detections`."""
    boxes = f"none: boxes from {Path(str(detections)).name}" if detections else "none"
    return {"Detector": names.get("detector", boxes), "Re-ID": names.get("reid", "none")}


def _typed(name: str, value: Any) -> str:
    """An option as it is given on the command line."""
    if isinstance(value, bool):
        part, dot, own = name.rpartition(".")
        return f"--{part}{dot}{'' if value else 'no-'}{own}"
    pairs = [word for pair in value.items() for word in pair] if isinstance(value, dict) else value
    words = pairs if isinstance(pairs, (tuple, list)) else [pairs]
    return shlex.join([f"--{name}", *map(str, words)])


def changed_options(
    options: Any, within: tuple[str, ...] = (), usual: Any = None
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Options of a dataclass, and of those in it, that are not their defaults: the fields that lead to it, value.

    The defaults are those of the class, or the values in `usual`.
    """
    for option in fields(options):
        value, default = getattr(options, option.name), option.default
        if usual is not None:
            default = getattr(usual, option.name)
        elif option.default_factory is not MISSING:
            default = option.default_factory()
        if not within and option.name in WHERE:
            continue
        if is_dataclass(value):
            yield from changed_options(value, (*within, option.name), default if is_dataclass(default) else None)
        elif value != default:
            yield (*within, option.name), value
