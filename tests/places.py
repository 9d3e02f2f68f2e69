"""Where things are: the checkout, and the optional material beside it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
"""Real clips and data for local use; what needs them is skipped where they are absent."""
