"""Our tracker and other people's, measured side by side."""
