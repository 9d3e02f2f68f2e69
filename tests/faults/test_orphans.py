"""A command that is killed leaves no worker process behind."""

from __future__ import annotations

import os
import subprocess
import sys

from places import ROOT

COMMAND = """
from tools.renderer.workers import in_processes
from tools.run.interruption import Interruption
if __name__ == "__main__":
    list(in_processes(exec, ["print('at work', flush=True); import time; time.sleep(3600)"], 1, Interruption()))
"""


def test_the_workers_of_a_killed_command_end_with_it(tmp_path):
    """They hold the pipe that it prints into, which is closed when the last of them has ended."""
    script = tmp_path / "command.py"
    script.write_text(COMMAND)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        process.kill()
        assert process.communicate(timeout=120) == ("", None)
