"""Times as people read them."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """`m:ss.t`, or `h:mm:ss.t` from an hour on."""
    tenths = round(10 * seconds)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    rest = f"{tenths // 10:02d}.{tenths % 10}"
    return f"{hours}:{minutes:02d}:{rest}" if hours else f"{minutes}:{rest}"


def span(seconds: float) -> str:
    """How long something took: seconds below a minute, as on a clock from there on."""
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)
