"""The `followspot` command, and `python -m tools` from a checkout that is not installed."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run it; Ctrl-C while it is still being loaded ends it as any later one does.

    NumPy's matrix products, all of them small here, get one thread, unless the environment names a number: several wait
    for each other wherever detector and video coder keep the cores busy.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported
    try:
        from .cli import main as run
    except KeyboardInterrupt:
        print("\nfollowspot: stopped", file=sys.stderr)
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
