"""Numbers for other programs to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tracker.types import InputError


def write_json(content: Mapping[str, object], path: Path) -> None:
    """Write `content`, making folders as needed. Raises InputError where the file cannot be written."""
    text = json.dumps(content, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
