"""A limit on the size of every file that is written, which stands in for a full disk.

While it holds, Python keeps no compiled modules: it does not look whether they were written whole, and half of one
would break every later start (`EOFError: marshal data too short`).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """No file grows beyond `size` bytes, in this process; the test is skipped where the system knows no such limit."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sys.dont_write_bytecode = kept
