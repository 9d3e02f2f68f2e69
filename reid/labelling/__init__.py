"""Pseudo-labels: who is who in a video nobody has labelled."""
