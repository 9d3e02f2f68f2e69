"""The second pass over a tracked video: refined ids and filled gaps."""
