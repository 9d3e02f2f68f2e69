"""The README is run as it is written."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from places import ROOT

from tools.cli import VERBS, Verb

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.slow
def test_the_loop_in_python_runs_as_written():
    (loop,) = [block for block in blocks("python") if "VideoReader" in block]
    assert len([line for line in loop.splitlines() if line]) <= 8
    short = loop.replace(
        'VideoReader("assets/demo.mp4")', '[f for f, _ in zip(VideoReader("assets/demo.mp4"), range(12))]'
    )
    assert short != loop
    done = subprocess.run([sys.executable, "-c", short], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 12
    assert "{1: [" in lines[-1]


def test_every_command_in_the_readme_exists():
    for words in re.findall(r"(?m)(?:`|^)followspot ([a-z][a-z -]*)", README):
        choice = VERBS
        for word in words.split():
            if not isinstance(choice, dict):
                break
            assert word in choice, f"followspot {words}"
            choice = choice[word].load() if isinstance(choice[word], Verb) else choice[word]


def test_every_file_the_readme_points_to_exists():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
