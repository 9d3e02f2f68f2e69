"""Our tracker and other projects', measured side by side."""
