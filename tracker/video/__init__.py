"""Frames in from anything FFmpeg or OpenCV reads, and out as H.264 with the sound kept."""
