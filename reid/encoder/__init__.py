"""From a crop to a vector: encoders of every kind, their calibration, and their export."""
