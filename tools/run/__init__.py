"""What commands share: parts, folders, files, progress, interruption."""
