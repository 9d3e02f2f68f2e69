"""Help that fits: `--help` shows the options that people use, `--help-all` all of them, in plain text of any width."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import tyro

WIDEST = 80
WIDE = 70
"""On a terminal of fewer columns, explanations stand below their options instead of beside them."""
SHORT_LINES = 2
"""What `--help` gives to an option, in lines."""
EVERY_COMMAND = {
    "--config FILE": "Take options from a JSON or YAML file, such as a run's config.json; the command line wins.",
    "-h, --help": "Show what people use.",
    "--help-all": "Show everything.",
}


@dataclass(frozen=True)
class Common:
    """Marks a part of a command's options of which `--help` shows these fields.

    Without it `--help` shows all plain fields of a part whose names are given without its own, and none of another.
    """

    names: tuple[str, ...]


class Advanced:
    """Marks an option that only `--help-all` shows."""


@dataclass(frozen=True)
class Option:
    """An option as help shows it: `path` are the names of the fields that lead to it."""

    flags: str
    text: str
    path: tuple[str, ...] = ()
    default: str = ""
    section: str = ""
    needed: bool = False
    nested: bool = False
    """Whether its name is given with that of its part, or with its part's part."""

    @property
    def name(self) -> str:
        """As on the command line, without dashes in front, without [no-] and other brackets."""
        return self.flags.split()[0].lstrip("-").replace("[no-]", "").strip("[]")

    def is_common(self, marks: tuple[Any, ...]) -> bool:
        """Whether `--help` shows it; `marks` are the annotations of the command's field."""
        names = next((mark.names for mark in marks if isinstance(mark, Common)), None)
        if len(self.path) == 1:
            return Advanced not in marks
        return not self.nested if names is None else ".".join(self.path[1:]) in names

    def lines(self, width: int, short: bool) -> Iterator[str]:
        indent = " " * (26 if width >= WIDE else 6)
        default = f" (default: {self.default})" if self.default else ""
        text = shortened(self.text, default, SHORT_LINES * (width - len(indent) - 4)) if short else self.text + default
        flags, lines = f"  {self.flags}", wrapped(text, width, indent, first=indent)
        if lines and len(flags) + 2 <= len(indent):
            flags += lines.pop(0)[len(flags) :]
        yield flags
        yield from lines


def help_text(command: Any, prog: str, *, everything: bool = False, default: Any = None, width: int = 0) -> str:
    """A command's help, in lines that are no longer than `width` (the terminal's, up to 80) where words allow it.

    command: a dataclass; default: an instance of it, where its defaults are other than the class's.
    """
    width = width or min(WIDEST, shutil.get_terminal_size().columns)
    parser = parser_of(command, prog, default)
    options = list(options_of(parser))
    hints = get_type_hints(command, include_extras=True)
    marks = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    shown = [option for option in options if everything or option.is_common(marks[option.path[0]])]
    needed = [option.flags for option in options if option.needed]
    lines = [*wrapped(" ".join(["usage:", prog, *needed, "[OPTIONS]"]), width, " " * 7), ""]
    for paragraph in re.split(r"\n\s*\n", (parser.description or "").strip()):
        lines += [*wrapped(paragraph, width), ""]
    for section in dict.fromkeys(option.section for option in shown):
        lines += [f"{section}:"]
        lines += [row for option in shown if option.section == section for row in option.lines(width, not everything)]
        lines += [""] if everything else []
    lines += ["every command:"]
    for flags, text in EVERY_COMMAND.items():
        lines += Option(flags, text).lines(width, short=False)
    if not everything:
        more = f"{len(options) - len(shown)} more options, and more" if shown != options else "More"
        lines += ["", *wrapped(f"{more} on these: {prog} --help-all shows everything.", width)]
    return "\n".join(lines)


def parser_of(command: Any, prog: str = "", default: Any = None) -> Any:
    """What tyro makes of a command's fields, with the attributes of an argparse.ArgumentParser."""
    given = {} if default is None else {"default": default}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # tyro 1 gives a command's options in no other way
        return tyro.extras.get_parser(command, prog=prog, **given)


def options_of(parser: Any) -> Iterator[Option]:
    """All options but `--help`, in their order."""
    for action in (action for group in parser._action_groups for action in group._group_actions):
        if action.dest == "help":
            continue
        path = tuple(action.dest.replace("-", "_").split("."))
        text = " ".join((action.help or "").replace("%%", "%").split()).removesuffix("(required)")
        text, default = re.fullmatch(r"(.*?)(?:\(default: (.*)\))?", text).groups()  # type: ignore[union-attr]
        default = "" if default in (None, "None", "False", "''") else default
        named = bool(action.option_strings)
        nested = len(path) > 2 or (named and "." in action.option_strings[0])
        section = (" ".join(path[:-1]).replace("_", " ") or "options") if named else "arguments"
        needed = action.required or not named
        yield Option(flags_of(action), text.strip(), path, default, section, needed, nested)


@cache
def option_names(command: type) -> dict[tuple[str, ...], str]:
    """What each option of a command is called where it is typed, by the fields that lead to it."""
    return {option.path: option.name for option in options_of(parser_of(command))}


def flags_of(action: argparse.Action) -> str:
    """--video, --no-video as --[no-]video; a value that may be repeated as VALUE ...; an argument that may be left out
    as [ARGUMENT]."""
    flags = list(action.option_strings)
    if len(flags) == 2 and action.nargs == 0:
        before, dot, name = flags[0].removeprefix("--").rpartition(".")
        return f"--{before}{dot}[no-]{name}"
    value = re.sub(r"\[?(\S.*?) \[\1 \.\.\.\]\]?", r"\1 ...", str(action.metavar or "").replace("{None}|", ""))
    if flags:
        return f"{', '.join(flags)} {value}".strip()
    name = action.dest.rpartition(".")[2].replace("-", "_").upper() + (" ..." if "..." in value else "")
    return f"[{name}]" if action.nargs == "?" else name


def shortened(text: str, default: str, room: int) -> str:
    """As many of its sentences as there is room for, or the beginning of the first, and the default if that fits."""
    default = default if len(default) < room // 2 else ""
    room -= len(default)
    sentences = re.split(r"(?<=[.;]) ", text)
    while len(sentences) > 1 and len(" ".join(sentences)) > room:
        sentences.pop()
    said = " ".join(sentences).rstrip(";")
    return (said if len(said) <= room else textwrap.shorten(said, room, placeholder=" ...")) + default


def wrapped(text: str, width: int, indent: str = "", first: str = "") -> list[str]:
    """Lines that break between words only: a path or an option's name stays whole, even where it is wider than that."""
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
