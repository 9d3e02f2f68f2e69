"""How a person detector is trained."""
