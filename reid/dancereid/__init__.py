"""DanceReID assembled from the published files."""
