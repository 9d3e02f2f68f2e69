"""Whether torch could find an accelerator, found out without importing it, which takes seconds."""

from __future__ import annotations

import ctypes
import importlib.util
import runpy
import sys
from pathlib import Path

CUDA_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


def device_or_cpu(device: str) -> str:
    """The device as it was named; `cpu` where none was, and the processor is all that torch could use."""
    return device or ("" if may_be_there() else "cpu")


def may_be_there() -> bool:
    """False only where it is sure: torch was built for no accelerator, or for CUDA, whose driver is not installed."""
    found = importlib.util.find_spec("torch")
    if sys.platform == "darwin" or found is None or found.origin is None:
        return True
    built_for = runpy.run_path(str(Path(found.origin).with_name("version.py")))
    if built_for.get("hip") or built_for.get("xpu"):
        return True
    return bool(built_for.get("cuda")) and loads(CUDA_DRIVER)


def loads(library: str) -> bool:
    """Whether there is such a library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
