"""`python -m faults.fuzz FOLDER [--seeds FIRST COUNT] [--seconds S] [--examples N]` reads damaged files.

A line a format as JSON: {"format", "tried", "refused", "faults": [[seed, file, what]]}. With `--cases FILE`, a JSON of
{name: [format, file, content in hexadecimal]}, it reads these, too, and a last line {"format": "cases", "became"} says
what became of each. It is a process of its own with little memory, so that what a reader should not do can be seen and
does no harm.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

from .formats import FORMATS, Format
from .guard import Guard
from .mutation import damaged
from .strategies import contents

MOST_FAULTS = 40
READ, REFUSED = "read", "refused"


class Reader:
    """One format's example in `folder`, damaged and read again and again."""

    def __init__(self, folder: Path, name: str, guard: Guard) -> None:
        self.name, self.format, self.guard = name, FORMATS[name], guard
        self.tried = self.refused = 0
        self.whole, self.case = folder / "whole" / name, folder / "case"
        self.whole.mkdir(parents=True)
        self.format.make(self.whole)
        self.lay()
        self.format.read(self.case)  # it must be whole, and what is imported late is there when limits are set

    def lay(self) -> None:
        """The whole example, anew."""
        for path in self.case.parent.glob("case*"):
            shutil.rmtree(path)
        shutil.copytree(self.whole, self.case)

    def read(self, file: str, content: bytes) -> str | None:
        """The fault that the example shows with this content in one of its files; None without any."""
        self.lay()
        (self.case / file).write_bytes(content)
        self.tried += 1
        fault, refused = self.guard.watch(lambda: self.format.read(self.case))
        self.refused += refused
        return fault

    def hypothesise(self, examples: int) -> Iterator[tuple[str, str]]:
        """Tries that many contents of each file that hypothesis draws; yields the file and its simplest fault."""
        for file in self.format.files:
            try:
                self._check(file, examples)
            except AssertionError as fault:
                yield file, str(fault)

    def _check(self, file: str, examples: int) -> None:
        @seed(0)
        @settings(max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(contents(self.whole / file))
        def check(content: bytes) -> None:
            fault = self.read(file, content)
            assert fault is None, f"{fault} of {content[:300]!r}"

        check()

    def try_seed(self, seed: int) -> tuple[str, str | None]:
        """Damage one of the files; returns its name and the fault."""
        file = self.format.files[seed % len(self.format.files)]
        return file, self.read(file, damaged((self.whole / file).read_bytes(), seed))


def seeds_of(form: Format, first: int, count: int, seconds: float) -> Iterator[int]:
    """`count` seeds for a text file, fewer for what is slower; with `seconds`, until they have passed."""
    end, seed = time.monotonic() + seconds, first
    while time.monotonic() < end if seconds else seed < first + max(3, count // form.cost):
        yield seed
        seed += 1


def fuzz(reader: Reader, numbers: Iterator[int], examples: int, now: Path) -> dict[str, Any]:
    """What damaged files of one format led to; `now` tells which it is, should the process not survive it."""
    faults: list[list[Any]] = []
    for number in numbers:
        now.write_text(f"{reader.name} {number}")
        file, fault = reader.try_seed(number)
        faults += [[number, file, fault]] if fault else []
        if len(faults) >= MOST_FAULTS:
            break
    now.write_text(f"{reader.name} hypothesis")
    faults += [["hypothesis", *found] for found in reader.hypothesise(max(3, examples // reader.format.cost))]
    return {"format": reader.name, "tried": reader.tried, "refused": reader.refused, "faults": faults}


def outcomes(readers: Sequence[Reader], cases: dict[str, tuple[str, str, str]], now: Path) -> dict[str, str]:
    """What became of each case: read, refused, or its fault."""
    of_format = {reader.name: reader for reader in readers}
    found = {}
    for name, (form, file, content) in cases.items():
        now.write_text(name)
        reader = of_format[form]
        before = reader.refused
        fault = reader.read(file, bytes.fromhex(content))
        found[name] = fault or (REFUSED if reader.refused > before else READ)
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--formats", nargs="+", default=list(FORMATS))
    parser.add_argument("--seeds", nargs=2, type=int, default=(0, 100))
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--examples", type=int, default=20)
    parser.add_argument("--cases", type=Path)
    asked = parser.parse_args(arguments)
    folder = asked.folder.resolve()
    cases = json.loads(asked.cases.read_text()) if asked.cases else {}
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    guard = Guard(folder)
    readers = [Reader(folder, name, guard) for name in asked.formats]
    guard.begin()
    for reader in readers:
        numbers = seeds_of(reader.format, *asked.seeds, asked.seconds)
        print(json.dumps(fuzz(reader, numbers, asked.examples, folder / "now")), flush=True)
    if cases:
        print(json.dumps({"format": "cases", "became": outcomes(readers, cases, folder / "now")}))


if __name__ == "__main__":
    main(sys.argv[1:])
