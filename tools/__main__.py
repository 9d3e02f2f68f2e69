"""The `followspot` command, and `python -m tools` from a checkout that is not installed."""

from __future__ import annotations

import sys


def main() -> None:
    """Run it; Ctrl-C while it is still being loaded ends it as any later one does."""
    try:
        from .cli import main as run
    except KeyboardInterrupt:
        print("\nfollowspot: stopped", file=sys.stderr)
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
