"""Whole commands as processes of their own, with what each of them cost."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from tracker.types import InputError

OUT_OF_REACH = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"}
"""Ultralytics neither asks the network at its start, which takes as long as that likes, nor installs anything."""
NOT_INHERITED = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "OPENBLAS_NUM_THREADS"}
"""The second would have every command compile torch and all else anew at each start, which users' commands do not; the
last is ours, of this very process, and each `followspot` gives it to itself."""
_MEGABYTE = 1e6 if sys.platform == "darwin" else 1e3
"""What `ru_maxrss` counts in: bytes there, kilobytes elsewhere."""


class Command(NamedTuple):
    """The words of a command, and what its environment has besides that of this process."""

    words: Sequence[str]
    environment: Mapping[str, str] = {}


class Spent(NamedTuple):
    """What a command cost: seconds from start to end, seconds of processor, and at most so many MB of memory.

    Processor and memory include the processes that it started and waited for; the memory is that of the largest.
    """

    seconds: float
    processor: float
    megabytes: float


def run_timed(command: Command, folder: Path) -> Spent:
    """Run a command in `folder`, which gets its output as `log.txt`.

    Raises InputError with the last line of its output where it fails.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    environment = {**inherited, **OUT_OF_REACH, **command.environment}
    log = folder / "log.txt"
    with log.open("wb") as output:
        start = perf_counter()
        try:
            process = subprocess.Popen(
                command.words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        except OSError as error:
            raise InputError(f"{command.words[0]} cannot be run: {error.strerror}") from error
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C: nothing of ours goes on behind the user's back
            process.kill()
            process.wait()
            raise
        seconds = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise InputError(f"{last_line(log.read_text(errors='replace'))} (exit code {process.returncode})")
    return Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / _MEGABYTE)


def last_line(text: str) -> str:
    """The last line with a letter in it, without the frame that some programs draw around what they say."""
    spoken = [line.strip(" \t│") for line in text.splitlines() if re.search(r"[^\W\d_]", line)]
    return spoken[-1] if spoken else "it failed without a word"
