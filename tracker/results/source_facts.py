"""Facts of the tracked video that annotation formats state beside the boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SourceFacts:
    """`name` of the video, written frames a second, width and height in pixels, and names of people by id."""

    name: str
    fps: float
    width: int
    height: int
    names: Mapping[int, str] = field(default_factory=dict)
