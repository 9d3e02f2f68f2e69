"""Printing and JSON: lines that are never wrapped, tables, JSON files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from reid.encoder.atomic_write import replace_text
from tracker.types import InputError
from tracker.video.addresses import without_secrets

LONGEST = 600
"""Letters of an error's sentence that are printed."""
DEVICES = (Path("/dev"), Path("/dev/fd"))
"""Folders of names that are no files' own: /dev/stdout may lead to a file."""


def say(text: str | Text) -> None:
    """Print a line as it is, never wrapped at the terminal's width: paths and ids in it can be copied and cut out."""
    Console(highlight=False, soft_wrap=True, markup=False, emoji=False).print(text)


def note(text: str) -> None:
    """Print a warning line."""
    say(Text.assemble(("note:", "yellow"), " ", without_secrets(text)))


def number_table(first: str, numbers: Sequence[str], title: str | None = None) -> Table:
    """An empty table: a column that names the rows, and right-aligned ones."""
    columns = (Column(name, justify="right") for name in numbers)
    return Table(Column(first, no_wrap=True), *columns, title=title, title_justify="left", box=SIMPLE_HEAD)


def show(table: Table) -> None:
    """Print a table, its text as it is; in full width where the output is a file or a pipe: rich assumes 80 columns."""
    console = Console(markup=False, emoji=False)
    if not console.is_terminal:
        console.width = Console(width=10_000, markup=False, emoji=False).measure(table).maximum
    console.print(table)


def count(number: int, one: str, several: str = "") -> str:
    """`1 person` or `2 people`; without `several`, an s makes several of one."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def first_names(names: Sequence[str]) -> str:
    """The first three of them, and dots where there are more."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def sentence(error: Exception) -> str:
    """What an error says, without passwords, on one line and no longer than people read: it may quote what a
    stranger's file holds."""
    text = "".join(letter if letter.isprintable() else " " for letter in without_secrets(str(error)))
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def write_json(content: Mapping[str, object], path: Path) -> None:
    """Write `content`, paths in it as text, making folders as needed; all of it, or the file stays as it was.

    A device or pipe, such as /dev/null, is written to, never replaced. Raises InputError where it cannot be written.
    """
    text = json.dumps(content, indent=2, default=str) + "\n"
    with os_errors_as(f"cannot write {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_char_device() or path.is_fifo() or path.absolute().parent in DEVICES:
            path.write_text(text)
        else:
            replace_text(path, text)


def read_json_object(path: Path) -> dict[str, Any]:
    """What a program wrote; empty where there is no such file, or it holds anything else than an object."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def refuse_unwritable(path: Path, option: str) -> None:
    """Raise InputError where no file can be made at `path`, in folders made as needed; nothing is left behind."""
    there = next(folder for folder in path.absolute().parents if folder.exists())
    with os_errors_as(f"{option} {path} cannot be written", "; choose another place"):
        tempfile.NamedTemporaryFile(dir=there, prefix=f".{path.name}.").close()


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, unless it is there. Raises InputError."""
    with os_errors_as(f"cannot make the folder {path}"):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def os_errors_as(message: str, advice: str = "") -> Iterator[None]:
    """Within the block an OSError becomes an InputError: the message, the system's reason, the advice."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{message}: {error.strerror}{advice}") from error
