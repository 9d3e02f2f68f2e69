"""Pictures of who is where: boxes, labels, trails, marks and skeletons."""
