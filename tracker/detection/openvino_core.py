"""OpenVINO's core, from which networks are read and compiled."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def openvino_core() -> Any:
    """One for the whole process, which never ends before it.

    A core gives the main thread a stack for signals, and its end puts the one before it back. Of two that end in the
    order in which they began the second puts back the first's, which is gone by then: at the next signal, Ctrl-C say,
    the process crashes (OpenVINO's `SigAltStackSetup`, 2022 to 2026).
    """
    import openvino

    return openvino.Core()
