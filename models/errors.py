"""Errors of weights files; apart from the networks, so that importing them needs no torch."""


class WeightsError(ValueError):
    """Weights that cannot be used; its message is one clear sentence: which file, what is wrong, what to do."""
