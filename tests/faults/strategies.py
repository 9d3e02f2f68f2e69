"""Files that are whole but for a value of theirs, as hypothesis draws them: any in the place of a good one."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from .mutation import NUMBERS, VALUES, placed

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(VALUES)  # type: ignore[arg-type]
)
ANY_VALUE = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=5,
)
CELLS = st.one_of(
    st.integers().map(str),
    st.floats().map(repr),
    st.text(max_size=8),
    st.sampled_from(NUMBERS).map(lambda b: b.decode("latin-1")),
)


@st.composite
def revalued(draw: st.DrawFn, value: Any) -> Any:
    """Plain values with another one somewhere; the deeper places are not more likely than their number of levels."""
    path: list[Any] = []
    part = value
    while isinstance(part, dict | list | tuple) and len(part) and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(part, key=repr) if isinstance(part, dict) else range(len(part))))
        path.append(key)
        part = part[key]
    return placed(value, path, draw(ANY_VALUE))


@st.composite
def rewritten(draw: st.DrawFn, text: str) -> str:
    """Text with another cell or name somewhere, or a line twice or not at all."""
    lines = text.split("\n")
    row = draw(st.integers(0, len(lines) - 1))
    for mark in (",", "=", " "):
        cells = lines[row].split(mark)
        if len(cells) > 1:
            cells[draw(st.integers(0, len(cells) - 1))] = draw(CELLS)
            lines[row] = mark.join(cells)
            break
    lines[row : row + 1] = [lines[row]] * draw(st.sampled_from((1, 1, 1, 0, 2)))
    return "\n".join(lines)


def contents(path: Path) -> st.SearchStrategy[bytes]:
    """What the file could hold instead."""
    if path.suffix == ".pt":
        import torch

        return revalued(torch.load(path, weights_only=True)).map(as_checkpoint)
    if path.suffix == ".json":
        return revalued(json.loads(path.read_bytes())).map(lambda value: json.dumps(value).encode())
    if path.suffix in (".txt", ".csv", ".ini", ".yaml", ".xml", ".jsonl"):
        return rewritten(path.read_text()).map(lambda text: text.encode("utf-8", "surrogatepass"))
    return st.binary(max_size=200)


def as_checkpoint(value: Any) -> bytes:
    import torch

    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()
