"""Re-ID data from videos and rendered scenes."""
