"""The largest that a weights file may ask for; apart from the networks, so that importing it needs no torch."""

LARGEST_SIDE = 1024
"""Pixels of a crop's side; no person is looked at so closely, and the maps would fill the memory."""
LONGEST_VECTOR = 1 << 16
"""Numbers in an embedding."""
