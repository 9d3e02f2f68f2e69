"""Result files: MOT text, CSV, JSON, the report page, the cast file."""
