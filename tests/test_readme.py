"""The READMEs are read as they are written: the loop in Python runs, every command, option and file in them exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

from tools.cli import VERBS, choose
from tools.run.help import EVERY_COMMAND, help_text
from tracker.types import InputError

README = ROOT / "README.md"
SCRIPTS = sorted((ROOT / "models" / "weights").glob("*.sh"))
ROOMS = ("tracker", "reid", "models", "tools", "assets", "tests")
PAGES = [README, *sorted(path for room in ROOMS for path in ROOT.joinpath(room).rglob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_in(text: str) -> Iterator[str]:
    """Lines of code blocks without their comments, and code between backticks, which may go over several lines."""
    for _, block in FENCED.findall(text):
        yield from (line.partition(" #")[0] for line in re.sub(r"\\\n\s*", " ", block).splitlines())
    yield from re.findall(r"(?<!`)`([^`]+)`", FENCED.sub("", text))


def commands_in(text: str) -> Iterator[list[str]]:
    """The words behind `followspot` (which may be left out where options follow) of every command."""
    for code in code_in(text):
        words = re.sub(r"^.*?(?=followspot )", "", " ".join(code.split())).split()
        if words[:1] == ["followspot"]:
            yield words[1:]
        elif words and words[0] in VERBS and any(word.startswith("--") for word in words):
            yield words


def wrong_in(words: list[str]) -> str | None:
    """What there is not: a verb or an option. A word in capitals or a variable stands for any recipe."""
    if words[:1] == ["train"] and re.fullmatch(r'[A-Z]+|"?\$\w+"?', "".join(words[1:2])):
        words = ["train", "softmax", *words[2:]]
    if not words or not re.fullmatch(r"[a-z][a-z-]*", words[0]):
        return None
    try:
        verb, command, rest = choose(words)
    except InputError as missing:
        return str(missing)
    except SystemExit:  # a list of verbs is what was asked for
        return None
    shown = help_text(command, " ".join(verb), everything=True, width=80)
    flags = re.findall(r"^  (-\S+)", shown, re.MULTILINE)
    there = {flag.replace("[no-]", no) for flag in flags for no in ("", "no-")}
    there |= {word for flags in EVERY_COMMAND for word in re.findall(r"-[\w-]+", flags)}
    unknown = [flag for word in rest for flag in re.findall(r"^--?[a-z][\w.-]*", word) if flag not in there]
    return f"followspot {' '.join(verb)} has no {', '.join(unknown)}" if unknown else None


@pytest.mark.parametrize("page", [*PAGES, *SCRIPTS], ids=named)
def test_every_command_and_every_option_in_it_exists(page: Path, capsys):
    text = page.read_text()
    found = list(commands_in(f"```\n{text}```" if page in SCRIPTS else text))
    assert [wrong for words in found if (wrong := wrong_in(words))] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_it_points_to_exists(page: Path):
    for target in re.findall(r"\]\((?!http|#)([^)#]+)[^)]*\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_front_door_is_short():
    assert len(README.read_text().splitlines()) <= 150


def test_the_commands_are_found_where_readmes_have_them():
    block = "```\nfollowspot demo   # says so\n  torchrun -- followspot train x \\\n --y\n```\n"
    text = f"see `followspot track\na.mp4 --cast 2`\n{block}"
    assert list(commands_in(text)) == [["demo"], ["train", "x", "--y"], ["track", "a.mp4", "--cast", "2"]]
    assert wrong_in(["track", "a.mp4", "--cast", "2"]) is None
    assert "no --caste" in str(wrong_in(["track", "a.mp4", "--caste", "2"]))
    assert "there is no `followspot trak`" in str(wrong_in(["trak"]))


def test_the_loop_in_python_runs_as_written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    (loop,) = [block for language, block in FENCED.findall(README.read_text()) if language == "python"]
    assert len([line for line in loop.splitlines() if line]) <= 8
    short = loop.replace(
        'VideoReader("assets/demo.mp4")', '[f for f, _ in zip(VideoReader("assets/demo.mp4"), range(12))]'
    )
    assert short != loop
    monkeypatch.chdir(ROOT)
    exec(compile(short, str(README), "exec"), {"__name__": "readme"})
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 12
    assert "{1: [" in lines[-1]
