"""Evaluation of encoders: protocols and metrics."""
