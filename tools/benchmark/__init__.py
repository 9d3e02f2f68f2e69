"""Benchmarks of Followspot and other projects' trackers."""
