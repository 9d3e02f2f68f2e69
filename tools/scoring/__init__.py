"""Tracks scored against truth."""
