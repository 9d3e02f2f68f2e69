"""Numbers for other programs to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tracker.types import InputError


def write_json(content: Mapping[str, object], path: Path) -> None:
    """Write `content`, making folders as needed. Raises InputError where the file cannot be written."""
    text = json.dumps(content, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error


def show(table: Table) -> None:
    """Print a table, in full width where the output is a file or a pipe, for which rich assumes 80 columns."""
    console = Console()
    (console if console.is_terminal else Console(width=140)).print(table)
