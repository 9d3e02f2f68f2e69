"""The import rules between packages, checked by reading the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

ALLOWED = {
    "models": {"models"},
    "reid": {"reid", "models"},
    "tracker": {"tracker"},
    "tools": {"tools", "tracker", "reid", "models"},
}
INNER = {
    "reid": {
        "encoder": set(),
        "data": {"encoder"},
        "dancereid": {"data", "encoder"},
        "labelling": set(),
        "evaluation": {"data", "encoder"},
        "training": {"evaluation", "data", "encoder"},
    },
    "tools": {
        "run": set(),
        "offline": {"run"},
        "scoring": {"run"},
        "renderer": {"run"},
        "review": {"run"},
        "benchmark": {"offline", "scoring", "renderer", "run"},
        "dataset": {"offline", "scoring", "renderer", "run"},
        "detector_training": {"offline", "scoring", "renderer", "run"},
    },
    "tracker": {
        "detection": {""},
        "video": {""},
        "drawing": {""},
        "results": {"", "drawing"},
        "offline": {""},
        "": set(),
    },
}
"""What the rooms within a room may import of it besides themselves; "" are the files that lie in no inner room."""
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


def inner_imports(path: Path) -> Iterator[tuple[str, str]]:
    """Each relative import of a file: the inner room it is from ("" outside of any), and its dotted name."""
    here = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            target = [*here[: len(here) - node.level + 1], *(node.module or "").split(".")]
            in_room = len(target) > 2 or (len(target) == 2 and ROOT.joinpath(*target, "__init__.py").exists())
            yield target[1] if in_room else "", ".".join(target)


@pytest.mark.parametrize("room", INNER)
def test_inner_rooms_import_only_what_they_may(room: str):
    for path in set(modules(room)) - {ROOT / room / "__init__.py"}:
        parts = path.relative_to(ROOT / room).parts
        inner = parts[0] if len(parts) > 1 else ""
        if inner in INNER[room]:
            strangers = {name for target, name in inner_imports(path) if target not in {inner, *INNER[room][inner]}}
            assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}"


@pytest.mark.parametrize("room", INNER)
def test_every_inner_room_has_its_rules_and_is_named_relatively_within_its_room(room: str):
    """Were one named from outside (`from tools.track import ...` in tools/run), the rules above would not see it."""
    folders = {path.parent.relative_to(ROOT / room).parts[0] for path in modules(room) if path.parent != ROOT / room}
    assert folders == set(INNER[room]) - {""}
    for path in modules(room):
        assert room not in set(imported_rooms(path)), f"{path.relative_to(ROOT)} imports {room} by its full name"


def test_a_package_of_tools_never_imports_a_command():
    for path in (ROOT / "tools").glob("*/**/*.py"):
        commands = {name for target, name in inner_imports(path) if target == ""}
        assert not commands, f"{path.relative_to(ROOT)} imports {commands}"


def test_every_package_is_in_the_wheel():
    listed = re.search(r"(?s)packages = \[(.*?)\]", (ROOT / "pyproject.toml").read_text())
    packages = {".".join(path.parent.relative_to(ROOT).parts) for room in ALLOWED for path in modules(room)}
    assert listed
    assert set(re.findall(r'"(.+?)"', listed[1])) == packages | {"assets"}


def test_pictures_from_anywhere_are_decoded_alike_by_both_rooms_that_do_so():
    """The one file that stands twice, since neither room imports the other: mend it in both."""
    assert (ROOT / "reid/data/picture_file.py").read_text() == (ROOT / "tracker/picture_file.py").read_text()


def test_no_file_has_a_name_that_says_nothing_or_that_pickles_claim():
    for room in ALLOWED:
        for path in modules(room):
            assert path.stem not in FORBIDDEN_NAMES
            assert str(path.relative_to(ROOT)) not in FORBIDDEN_FILES


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        (
            "import tracker.tracker, tracker.pipeline, tracker.detection.detector, tracker.video.sources",
            "torch ultralytics",
        ),
        ("import tracker, reid; tracker.Tracker; reid.Calibration", "torch ultralytics"),
        ("import tools.cli", "torch ultralytics trackeval matplotlib"),
    ],
)
def test_importing_loads_no_heavy_library(statement: str, unwanted: str):
    check = f"{statement}; import sys; print(*[name for name in '{unwanted}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
