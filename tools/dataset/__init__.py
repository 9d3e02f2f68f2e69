"""How re-ID data is cut out of videos and rendered scenes."""
