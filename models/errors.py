"""What goes wrong with weights; apart from the networks, so that naming it costs no import of torch."""


class WeightsError(ValueError):
    """Weights that cannot be used; its message is one clear sentence: which file, what is wrong, what to do."""
