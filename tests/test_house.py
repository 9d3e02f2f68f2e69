"""The house stands: who may import whom, held by reading the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "models": {"models"},
    "reid": {"reid", "models"},
    "tracker": {"tracker"},
    "tools": {"tools", "tracker", "reid", "models"},
}
FORBIDDEN_FILES = {"models/yolo.py", "models/common.py", "models/experimental.py"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc"}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported_rooms(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("room", ALLOWED)
def test_rooms_import_only_what_they_may(room: str):
    assert modules(room)
    for path in modules(room):
        strangers = (set(imported_rooms(path)) & set(ALLOWED)) - ALLOWED[room]
        assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}"


def test_no_file_has_a_name_that_says_nothing_or_that_pickles_claim():
    for room in ALLOWED:
        for path in modules(room):
            assert path.stem not in FORBIDDEN_NAMES
            assert str(path.relative_to(ROOT)) not in FORBIDDEN_FILES


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        (
            "import tracker.tracker, tracker.pipeline, tracker.detector, tracker.video.sources",
            "torch ultralytics",
        ),
        ("import tools.cli", "torch ultralytics trackeval matplotlib"),
    ],
)
def test_importing_loads_no_heavy_library(statement: str, unwanted: str):
    check = f"{statement}; import sys; print(*[name for name in '{unwanted}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
