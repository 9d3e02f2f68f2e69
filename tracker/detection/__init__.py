"""Detectors: networks that box people, and boxes replayed from a file."""
