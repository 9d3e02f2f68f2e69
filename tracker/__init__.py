"""Track people in a video: frame -> detections -> tracks -> picture and files. Imports neither torch nor ultralytics."""
