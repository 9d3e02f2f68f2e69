"""The second pass over a video, and the crops of its people."""
