"""Draws tracks in a style: boxes with labels and trails, a spotlight, ..."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from ..types import FrameTracks, InputError, Picture, as_frame, require
from .blur import Blur
from .labels import MIN_TEXT, Labels, draw_note
from .lettering import load_font
from .marks import Marks
from .outlines import Outlines
from .skeletons import Skeletons
from .spotlight import Spotlight
from .trails import Trails

_REFERENCE_SIDE = math.sqrt(1280 * 720)


@dataclass(frozen=True)
class RenderOptions:
    """What is drawn, and how. All lengths scale with the picture, so that it looks the same at any resolution."""

    boxes: bool = True
    """Draw a box around every person."""
    labels: bool = True
    """Write every person's id or name next to the box."""
    trail: float = 1.0
    """Seconds of the path of a person's feet; 0 draws none."""
    mark: float = 1.0
    """Seconds for which a person found again is marked; 0 draws no mark."""
    doubt: float = 0.05
    """Draw a marked box dashed if its similarity leads the next best identity by less than this."""
    skeleton: bool = False
    """Draw the limbs where the detector gives keypoints."""
    names: dict[int, str] = field(default_factory=dict)
    """Names to write instead of ids."""
    font: Path | None = None
    """Font file for the labels; letters that neither it nor the built-in font has are looked for in the system's."""
    scale: float = 1.0
    """Factor of the size of lines and letters."""
    note: str = ""
    """Small text in the lower left corner."""

    def __post_init__(self) -> None:
        for name in ("trail", "mark"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError(f"--draw.{name} must be 0 or more seconds, not {getattr(self, name)}")
        if not 0 < self.scale < math.inf:
            raise InputError(f"--draw.scale must be more than 0, not {self.scale}")
        load_font(MIN_TEXT, self.font)


class Layer(Protocol):
    """One thing that is drawn, frame after frame, in place into a (H, W, 3) uint8 BGR image; `unit` in pixels.

    `memory`: seconds of video before a frame on which its drawing depends, as far as that is seen.
    """

    @property
    def memory(self) -> float: ...

    def draw(self, image: np.ndarray, tracks: FrameTracks, unit: float) -> None: ...


LAYERS: dict[str, Callable[[RenderOptions, Marks], Layer]] = {
    "spotlight": lambda options, marks: Spotlight(),
    "blur": lambda options, marks: Blur(),
    "trails": lambda options, marks: Trails(options.trail),
    "long trails": lambda options, marks: Trails(_LONG * options.trail),
    "skeletons": lambda options, marks: Skeletons(),
    "outlines": lambda options, marks: Outlines(marks, options.boxes),
    "labels": lambda options, marks: Labels(marks, options.names, options.font),
}
_LONG = 4

STYLES: dict[str, tuple[str, ...]] = {
    "boxes": ("trails", "outlines", "labels"),
    "names": ("labels",),
    "spotlight": ("spotlight",),
    "blur": ("blur",),
    "skeleton": ("skeletons", "labels"),
    "trails": ("long trails", "labels"),
    "plain": (),
}
"""What each style draws, the lowest first; options can leave out its trails, boxes and labels, or add skeletons."""


class Renderer:
    """Draws the frames of one video, in order; it remembers trails, marks and where labels stood.

    `style` is one of `STYLES`. Raises InputError where it is not.
    """

    def __init__(self, options: RenderOptions | None = None, style: str = "boxes") -> None:
        self._options = options or RenderOptions()
        require(self._options, RenderOptions, "the options of a renderer")
        if style not in STYLES:
            raise InputError(f"no style is called {style}; there are {', '.join(STYLES)}")
        self._marks = Marks(self._options.mark, self._options.doubt)
        self._layers = [LAYERS[name](self._options, self._marks) for name in _layers(style, self._options)]
        self.memory = max((layer.memory for layer in self._layers), default=0.0)
        """Seconds of video before a frame on which its drawing depends."""

    def draw(self, frame: Picture, tracks: FrameTracks) -> np.ndarray:
        """A new (H, W, 3) uint8 BGR image of the frame (or of its image alone) with its tracks; the frame's own image
        stays as it is.

        Raises InputError where the frame has no image.
        """
        require(tracks, FrameTracks, "the tracks of a frame")
        frame = as_frame(frame, tracks.frame, tracks.time)
        if frame.image is None:
            raise InputError(f"frame {frame.index} has no picture to draw on")
        image = frame.image.copy(order="C")
        unit = self._options.scale * math.sqrt(image.shape[0] * image.shape[1]) / _REFERENCE_SIDE
        self._marks.update(tracks)
        for layer in self._layers:
            layer.draw(image, tracks, unit)
        if self._options.note:
            draw_note(image, self._options.note, self._options.font, unit)
        return image


def _layers(style: str, options: RenderOptions) -> list[str]:
    """The names of the layers of a style, without those the options leave out."""
    unwanted = {"labels": not options.labels, "trails": not options.trail, "long trails": not options.trail}
    wanted = [name for name in STYLES[style] if not unwanted.get(name, False)]
    extra = options.skeleton and "skeletons" not in wanted
    return sorted([*wanted, "skeletons"], key=list(LAYERS).index) if extra else wanted
