"""Files and the page that a run leaves: MOT text, CSV, JSON, and who was on stage when."""
