"""The `followspot` command: one file a verb; the only room that wires the others together."""
