"""Drawing of tracks: boxes, labels, trails, marks and skeletons."""
