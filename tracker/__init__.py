"""Track people in a video: frame -> detections -> tracks -> picture and files; imports no torch."""

from .detector import DetectorOptions, YoloDetector
from .render import Renderer, RenderOptions
from .tracker import Tracker, TrackerOptions
from .types import Detections, Frame, FrameTracks, InputError
from .video_reader import VideoReader
from .video_writer import VideoWriter

__all__ = [
    "Detections",
    "DetectorOptions",
    "Frame",
    "FrameTracks",
    "InputError",
    "RenderOptions",
    "Renderer",
    "Tracker",
    "TrackerOptions",
    "VideoReader",
    "VideoWriter",
    "YoloDetector",
]
