"""Commands of Followspot in processes of their own, whole or ended by a signal at some moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from places import ROOT

KILLS = int(os.environ.get("KILLS", "4"))
"""Commands to end, in all: a few in `make test`, hundreds in `make test-faults`."""
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGKILL: -9}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Ended:
    """A command that was ended: how, and what it said."""

    name: str
    by: signal.Signals
    code: int
    said: str

    @property
    def killed(self) -> bool:
        """Whether it could do nothing about it."""
        return self.by is signal.SIGKILL

    @property
    def by_itself(self) -> bool:
        """Whether Python ended in its own way: the command did not listen yet, or no more. So does what a kill
        orphans."""
        return self.code == -self.by

    def check_code(self) -> None:
        """The code says how it ended, and no traceback was printed."""
        assert self.by_itself or self.code in (0, CODES[self.by]), self
        assert self.by_itself or "Traceback" not in self.said, self


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command in the folder, to its end."""
    command = [sys.executable, "-m", "tools", *words]
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False
    )


def ended(name: str, words: Sequence[str], by: signal.Signals, after: float, folder: Path) -> Ended:
    """The command in the folder, ended so many seconds after its start."""
    command = [sys.executable, "-m", "tools", *words]
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said, _ = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(by)
        said, _ = process.communicate(timeout=300)
    return Ended(name, by, process.returncode, said)
