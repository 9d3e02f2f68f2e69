"""The `followspot` program: one file a command; the only package that connects the others."""
