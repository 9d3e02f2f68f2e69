"""The second pass of two over a video."""
