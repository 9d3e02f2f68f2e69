"""Losses, phases and the training loop."""
