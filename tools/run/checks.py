"""Checks of options: invalid ones are refused in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, takewhile
from typing import Any

from tracker.types import InputError

from .help import option_names, parser_of
from .made_by import changed_options
from .output import note


class UsageError(InputError):
    """Words of the command line that cannot be read, whatever their values: exit code 2, as of an unknown option."""


def require_at_least(least: int, option: str, value: float, why: str = "") -> None:
    """Raise InputError for a smaller value; `why` says what the option is."""
    if value < least:
        raise InputError(f"--{option} must be at least {least}, not {value}{why and f': {why}'}")


def require_between(least: float, most: float, option: str, value: float, why: str = "") -> None:
    """Raise InputError for a value that is smaller than `least` or larger than `most`."""
    if not least <= value <= most:
        raise InputError(f"--{option} must lie between {least} and {most}, not {value}{why and f': {why}'}")


def require_known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise InputError for names that are none of the known."""
    if unknown := sorted(set(names) - set(known)):
        raise InputError(f"no {kind} is called {', '.join(unknown)}; there are {', '.join(known)}")


def refuse_repeated_lists(arguments: Sequence[str], command: Any) -> None:
    """Raise UsageError where an option that takes several values is given twice, as only the last would count."""
    named = [word.partition("=")[0].replace("_", "-") for word in arguments if word.startswith("--")]
    twice = {name for name in named if named.count(name) > 1}
    for action in parser_of(command)._actions if twice else ():
        if action.nargs in ("*", "+") and (names := twice & set(action.option_strings)):
            raise UsageError(f"{min(names)} is given twice, and only the last would count: give all its values at once")


def refuse_lists_without_values(arguments: Sequence[str], command: Any) -> None:
    """Raise UsageError where an option that takes several values is given none and so says nothing, as `--only` of
    `render`. `command` is what the arguments made; where a list is not empty by default, none is something else."""
    named = [pair for pair in pairwise([*arguments, "--"]) if all(word.startswith("--") for word in pair)]
    ends = {option.replace("_", "-") for option, _ in named}
    if not ends:
        return  # before the options are read again, which takes a tenth of a second
    names = option_names(command.__class__)
    changed = {f"--{names[path]}" for path, _ in changed_options(command)}
    for action in parser_of(command.__class__)._actions:
        if action.nargs == "*" and (empty := ends & set(action.option_strings) - changed):
            raise UsageError(f"{min(empty)} is given without a value: give one or more, or leave it out")


def refuse_repeated_ids(arguments: Sequence[str], command: Any) -> None:
    """Raise InputError where an option that gives values to ids names one twice, as only the last would count."""
    for at, option in enumerate(arguments):
        if option.startswith("--"):
            ids = [*takewhile(lambda word: not word.startswith("--"), arguments[at + 1 :])][::2]
            twice = next((id for id in ids if ids.count(id) > 1), None)
            if twice is not None and _takes_ids(option.replace("_", "-"), command):
                raise InputError(f"{option} names {twice} twice, and only the last would count: name each id once")


def _takes_ids(option: str, command: Any) -> bool:
    named = [action for action in parser_of(command)._actions if option in action.option_strings]
    return any(str(action.metavar).startswith("[INT STR") for action in named)


def tell_nobodies(names: Mapping[int, str], there: Iterable[int]) -> None:
    """Say which of the names given by id are nobody's."""
    if nobodies := sorted(set(names) - set(there)):
        note(f"--draw.names names {', '.join(map(str, nobodies))}, and nobody has that id here")


def refuse_no_numbers(command: Any) -> None:
    """Raise InputError where an option of a command is NaN, with which no comparison holds."""
    for path, value in changed_options(command):
        if value != value:
            names = option_names(command.__class__)
            raise InputError(f"--{names[path]} must be a number, not {value}")


def refuse_empty_paths(arguments: Sequence[str], command: Any) -> None:
    """Raise InputError where the name of a file or folder is empty, which would be taken for the current folder."""
    given = [*pairwise(arguments), *(tuple(word.split("=", 1)) for word in arguments if word.endswith("="))]
    empty = {option.replace("_", "-") for option, value in given if not value}
    for action in parser_of(command)._actions if empty else ():
        if "PATH" in str(action.metavar) and (names := empty & set(action.option_strings)):
            raise InputError(f"{min(names)} is empty: name a file or folder, or leave it out")
