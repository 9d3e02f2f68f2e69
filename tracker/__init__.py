"""Track people in a video: frame -> detections -> tracks -> picture and files; imports no torch."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .detection.detector import DetectorOptions as DetectorOptions
    from .detection.detector import YoloDetector as YoloDetector
    from .drawing.render import Renderer as Renderer
    from .drawing.render import RenderOptions as RenderOptions
    from .tracker import Tracker as Tracker
    from .tracker import TrackerOptions as TrackerOptions
    from .types import Detections as Detections
    from .types import Frame as Frame
    from .types import FrameTracks as FrameTracks
    from .types import InputError as InputError
    from .types import Recovery as Recovery
    from .video.sources import open_source as open_source
    from .video.video_reader import VideoReader as VideoReader
    from .video.video_writer import VideoWriter as VideoWriter

HOMES = {
    "DetectorOptions": "detection.detector",
    "YoloDetector": "detection.detector",
    "Renderer": "drawing.render",
    "RenderOptions": "drawing.render",
    "Tracker": "tracker",
    "TrackerOptions": "tracker",
    "Detections": "types",
    "Frame": "types",
    "FrameTracks": "types",
    "InputError": "types",
    "Recovery": "types",
    "open_source": "video.sources",
    "VideoReader": "video.video_reader",
    "VideoWriter": "video.video_writer",
}
"""What `from tracker import ...` offers, and the module it is in: loaded on first use, so that importing is fast."""

__all__ = list(HOMES)


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'tracker' has no attribute '{name}'")
    return getattr(import_module(f".{HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
