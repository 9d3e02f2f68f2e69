"""A process in which files of strangers are read: what they make a reader do beyond reading becomes a fault."""

from __future__ import annotations

import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL.Image import DecompressionBombWarning

from models.errors import WeightsError
from reid.data.crops import DataError
from tools.run.output import sentence
from tracker.types import InputError

OWN_ERRORS = (InputError, DataError, WeightsError)
MEMORY = 1 << 30
"""Bytes that a reader may take beyond what the process has."""
SECONDS = 10
"""Of the processor, for one file."""
LONGEST = 1000
"""Letters of a message."""
PICKLE = "pickle.find_class"
CALLS = {PICKLE, "os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect"}
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate"}


class Hang(BaseException):
    """The file took more than `SECONDS`."""


class Guard:
    """Watches what the process opens, makes and calls, from `begin` on; only in `folder` may be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder.resolve())
        self.seen: list[str] = []
        self.watching = False

    def begin(self) -> None:
        """Set the limits; what the process has by now is not counted."""
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        signal.signal(signal.SIGPROF, _too_long)
        warnings.simplefilter("error", RuntimeWarning)  # NumPy's, of numbers that became others
        warnings.simplefilter("ignore", DecompressionBombWarning)  # which is a RuntimeWarning
        sys.addaudithook(self._audit)

    def watch(self, read: Callable[[], Any]) -> tuple[str | None, bool]:
        """What `read` did wrong, in words, and whether it raised an error of ours.

        The former is None where it read, or said in one sentence why not.
        """
        self.seen.clear()
        self.watching = True
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            read()
        except OWN_ERRORS as error:
            return self._wrong_message(error), True
        except Hang:
            return f"it takes more than {SECONDS} s", False
        except MemoryError as error:
            return f"it asks for too much memory: {error}", False
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:200]} at {_place(error)}", False
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.watching = False
        return (self.seen[0] if self.seen else None), False

    def _wrong_message(self, error: Exception) -> str | None:
        text = sentence(error)
        if self.seen:
            return self.seen[0]
        if not text or "\n" in text or len(text) > LONGEST or "Traceback" in text:
            return f"no sentence: {text[:200]!r} ({len(text)} letters)"
        cause: BaseException | None = error
        while cause is not None:
            ffmpeg = type(cause).__module__.startswith(
                "av."
            )  # which asks for 2 GB at most, and says so where it cannot
            if not ffmpeg and (isinstance(cause, MemoryError) or "DefaultCPUAllocator" in str(cause)):
                return f"it asks for too much memory: {str(cause)[:200]}"
            cause = cause.__cause__ or cause.__context__
        return None

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        if event in CALLS:
            self.seen.append(f"it calls {event} {arguments!r}"[:300])
        elif (event == "open" and _writes(*arguments[1:])) or event in CHANGES:
            for path in arguments[: 2 if event in ("os.rename", "os.link") else 1]:
                if isinstance(path, str | bytes | os.PathLike) and not self._inside(os.fsdecode(path)):
                    self.seen.append(f"it writes outside of its folder: {event} {os.fsdecode(path)}"[:300])

    def _inside(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real == self.folder or real.startswith((self.folder + os.sep, "/dev/"))


def _writes(mode: Any, flags: Any) -> bool:
    return bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def _too_long(*_: Any) -> None:
    raise Hang


def _place(error: BaseException) -> str:
    """File and line of ours that the error went through last."""
    place, step = "?", error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if "site-packages" not in name and "/lib/python" not in name and "/tests/" not in name:
            place = f"{Path(name).parent.name}/{Path(name).name}:{step.tb_lineno}"
        step = step.tb_next
    return place
