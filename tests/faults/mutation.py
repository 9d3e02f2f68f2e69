"""Damage to a file: seeded mutations of its bytes, and hostile values in the place of good ones."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from typing import Any

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
NUMBERS = (
    *(b"0", b"-1", b"0.5", b"nan", b"inf", b"-inf", b"1e308", b"-1e308", b"1e400", b"1e15", b"99999999", b"2147483648"),
    *(b"9223372036854775808", b"1" * 30, b"1" * 5000, b"", b"x", b"true", b"0x10", b"1_0", b"\xd9\xa3"),
)
"""In the place of a number in text."""
WORDS = (
    *(b"../x", b"/etc/passwd", b"\x00", b"\xff", b"\n", b"\r", b"'", b'"', b",", b";", b"%", b"[", b"{", b"}", b"]"),
    *(
        b"[" * 100_000,
        b'{"a":' * 2000,
        b"<a>" * 2000,
        b"&a;",
        b"null",
        b"NaN",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\x1c",
    ),
)
"""Anywhere in a file."""
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 0.5, 1e15, 1e308, 2**31, 2**63, 10**30, -(10**30), float("nan"), float("inf")),
    *("", "x", "../x", "/etc/passwd", "\0", "a" * 5000, "1" * 5000, "\ud800", "\u202e", "nan", "1e400"),
    *([], {}, [[]], [None], {"x": 1}, [1, "x"], [[0, 10**12]], {"0": [[0, 10**12]]}),
)
"""In the place of a value in JSON, a checkpoint and the like."""


def damaged(data: bytes, seed: int) -> bytes:
    """The file with one to three damages, drawn with `seed`."""
    draw = random.Random(seed)
    content = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        draw.choice(DAMAGES)(content, draw)
    return bytes(content)


def _flip(content: bytearray, draw: random.Random) -> None:
    if content:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)


def _overwrite(content: bytearray, draw: random.Random) -> None:
    place = draw.randrange(len(content) + 1)
    content[place : place + draw.randint(1, 8)] = draw.randbytes(draw.randint(1, 8))


def _cut(content: bytearray, draw: random.Random) -> None:
    del content[draw.randrange(len(content) + 1) :]


def _drop(content: bytearray, draw: random.Random) -> None:
    place = draw.randrange(len(content) + 1)
    del content[place : place + draw.choice((1, 4, 40))]


def _repeat(content: bytearray, draw: random.Random) -> None:
    place, length = draw.randrange(len(content) + 1), draw.choice((4, 40, 400))
    content[place:place] = content[place : place + length]


def _insert(content: bytearray, draw: random.Random) -> None:
    place = draw.randrange(len(content) + 1)
    content[place:place] = draw.choice(WORDS)


def _renumber(content: bytearray, draw: random.Random) -> None:
    found = list(NUMBER.finditer(content))
    if found:
        match = draw.choice(found)
        content[match.start() : match.end()] = draw.choice(NUMBERS)


def _large_word(content: bytearray, draw: random.Random) -> None:
    """Sizes and counts in headers are words of four or eight bytes."""
    place = draw.randrange(len(content) + 1)
    content[place : place + 4] = draw.choice((b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0\0\0\0"))


def _revalue(content: bytearray, draw: random.Random) -> None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        _renumber(content, draw)
        return
    content[:] = json.dumps(with_hostile_value(value, draw)).encode()


DAMAGES = (_flip, _overwrite, _cut, _drop, _repeat, _insert, _renumber, _renumber, _large_word, _revalue, _revalue)


def with_hostile_value(value: Any, draw: random.Random) -> Any:
    """A copy of plain values in which one, somewhere, is another, or is gone."""
    path = draw.choice(paths_in(value))
    *parents, key = path or (None,)
    if isinstance(key, str) and draw.random() < 0.2:
        within = value
        for step in parents:
            within = within[step]
        return placed(value, parents, {name: part for name, part in within.items() if name != key})
    return placed(value, path, draw.choice(VALUES))


def paths_in(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of all values within `value`, itself too, as keys and indices."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    return [here, *(path for key, part in parts for path in paths_in(part, (*here, key)))]


def placed(value: Any, path: Sequence[Any], part: Any) -> Any:
    """A copy of plain values with `part` at `path`."""
    if not path:
        return part
    key, *rest = path
    if isinstance(value, dict):
        return {name: placed(own, rest, part) if name == key else own for name, own in value.items()}
    parts = [placed(own, rest, part) if place == key else own for place, own in enumerate(value)]
    return tuple(parts) if isinstance(value, tuple) else parts
