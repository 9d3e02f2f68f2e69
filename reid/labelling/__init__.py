"""Pseudo-labels of the people in a video without labels."""
