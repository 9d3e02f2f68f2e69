"""Reads JSON of other programs and checks its structure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracker.types import InputError

DEEPEST = 50
"""Lists and objects within each other; no file of a data set comes near it."""


def read_json_file(path: Path) -> Any:
    """The file's content. Raises InputError naming it where it cannot be read or is no JSON."""
    try:
        return parsed(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON ({error}); mend it or move it away") from error


def parsed(text: bytes | str) -> Any:
    """JSON as plain values. Raises ValueError where it is none, is nested more than `DEEPEST` deep, or holds half a
    character, which no file can."""
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from error
    if _deeper(content, DEEPEST):
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("it holds half a character, a lone surrogate") from None
    return content


def _deeper(content: Any, levels: int) -> bool:
    if not isinstance(content, list | dict):
        return False
    parts = content.values() if isinstance(content, dict) else content
    return levels == 0 or any(_deeper(part, levels - 1) for part in parts)
