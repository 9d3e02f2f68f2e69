"""`--config FILE`: a command's options out of a file, such as the config.json that a run leaves."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import tyro

from tracker.types import InputError

from .help import options_of, parser_of

MOST_VALUES, DEEPEST = 100_000, 20
"""Values in a file, and groups within each other."""


def read_config(path: Path, command: Any) -> Any:
    """An instance of the command with the file's options; what it requires and the file lacks is tyro.MISSING.

    The file is JSON, or YAML by any other ending than .json: options by their names on the command line (`cast`,
    `birth.min-score`), or as a run's config.json has them beneath `options` (`tracker: {cast: ...}`).
    Raises InputError naming the file and the key for what is no option or has another type.
    """
    content = read_mapping(path)
    content = content["options"] if isinstance(content.get("options"), dict) else content
    if hasattr(command, "from_config"):  # whose runs leave another config.json
        content = command.from_config(content)
    return changed(defaults(command), by_field(content, command, str(path)), str(path), "")


def read_mapping(path: Path) -> dict[str, Any]:
    """The names and values in a JSON or YAML file. Raises InputError."""
    try:
        text = path.read_text()
        content = json.loads(text) if path.suffix == ".json" else msgspec.yaml.decode(text)
    except OSError as error:
        raise InputError(f"cannot read --config {path}: {error.strerror}") from error
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"--config {path} is neither JSON (.json) nor YAML: {reason}") from error
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise InputError(f"--config {path} holds no names of options with their values")
    if _values_in(content, MOST_VALUES, DEEPEST) > MOST_VALUES:
        raise InputError(f"--config {path} holds more values, or deeper ones, than there are options")
    return content


def _values_in(content: Any, most: int, levels: int) -> int:
    """How many values there are, counted wherever YAML's aliases put them; above `most` where they are too deep."""
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    found = 1 if levels else most + 1
    for part in parts:
        if found > most:
            break
        found += _values_in(part, most - found, levels - 1)
    return found


def by_field(content: dict[str, Any], command: Any, file: str) -> dict[str, Any]:
    """The same options, those named as on the command line put under the fields leading to them. Raises InputError."""
    paths = {option.name: option.path for option in options_of(parser_of(command))}
    placed: dict[str, Any] = {}
    for key, value in content.items():
        *parts, name = (key,) if key in get_type_hints(command) else paths.get(key.replace("_", "-"), (key,))
        given = {name: value}
        for part in reversed(parts):
            given = {part: given}
        placed = _merged(placed, given, file)
    return placed


def _merged(one: dict[str, Any], other: dict[str, Any], file: str) -> dict[str, Any]:
    """The values of both, also of groups that both have; where both have a value, the other's."""
    merged = {**one, **other}
    for name in one.keys() & other.keys():
        group, value = one[name], other[name]
        if isinstance(group, dict) and isinstance(value, dict):
            merged[name] = _merged(group, value, file)
        elif isinstance(group, dict) or isinstance(value, dict):
            wrong = value if isinstance(group, dict) else group
            raise InputError(f"--config {file}: {name} is a group of options, not {wrong!r}")
    return merged


def defaults(command: Any) -> Any:
    """The command as it is without any word from the user."""
    required = [each.name for each in fields(command) if each.default is MISSING and each.default_factory is MISSING]
    return command(**dict.fromkeys(required, tyro.MISSING))


def changed(options: Any, given: dict[str, Any], file: str, within: str) -> Any:
    """The dataclass with what was given by name, parts of it likewise, in the options' types. Raises InputError.

    A list becomes a tuple, a name a Path, "1e-4" a number.
    """
    hints, values = get_type_hints(type(options)), {}
    for name, value in given.items():
        key = f"{within}{name}"
        if name not in hints:
            raise InputError(f"--config {file}: there is no option {key}; --help-all shows what there is")
        before = getattr(options, name)
        if is_dataclass(before) and isinstance(value, dict):
            values[name] = changed(before, value, file, f"{key}.")
        else:
            try:
                values[name] = msgspec.convert(value, hints[name], strict=False, str_keys=True, dec_hook=_path)
            except (msgspec.ValidationError, NotImplementedError) as error:
                shown = json.dumps(value, default=str)
                raise InputError(f"--config {file}: {key} is {shown}: {str(error).lower()}") from error
    try:
        return replace(options, **values)
    except InputError as error:
        raise InputError(f"--config {file}: {error}") from error


def _path(kind: Any, value: Any) -> Path:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise msgspec.ValidationError(f"expected a path, got `{type(value).__name__}`")
