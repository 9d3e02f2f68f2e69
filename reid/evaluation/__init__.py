"""How well an encoder finds people again: protocols and metrics."""
