"""`python -m tools`: the same as the `followspot` command, from a checkout that is not installed."""

from .cli import main

if __name__ == "__main__":
    main()
