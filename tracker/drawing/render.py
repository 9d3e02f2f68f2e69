"""Draws tracks: boxes with labels, trails, marks for people found again, and skeletons if wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..types import FrameTracks, InputError, Picture, Recovery, as_frame, require
from . import strokes
from .colours import colour_of
from .label_layout import MIN_CONFIDENCE, LabelLayout, head_regions
from .lettering import load_font, make_tab
from .trails import Trails

LIMBS = ((5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16))
"""Pairs of COCO-17 joints that the skeleton connects; the face is left free."""

_REFERENCE_SIDE = math.sqrt(1280 * 720)
_MIN_TEXT = 12
_CORNER = 8
_DASH = 20
_NOTE_GROUND = (60, 56, 52)
_NOTE_MARGIN = 10


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
    """Font file for the labels, for names in a script the built-in font lacks."""
    scale: float = 1.0
    """Factor of the size of lines and letters."""
    note: str = ""
    """Small text in the lower left corner."""

    def __post_init__(self) -> None:
        for name in ("trail", "mark"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name} must be 0 or more seconds, not {getattr(self, name)}")
        if not 0 < self.scale < math.inf:
            raise InputError(f"scale must be more than 0, not {self.scale}")
        load_font(_MIN_TEXT, self.font)


class Renderer:
    """Draws the frames of one video, in order; it remembers trails, marks and where labels stood."""

    def __init__(self, options: RenderOptions | None = None) -> None:
        self._options = options or RenderOptions()
        require(self._options, RenderOptions, "the options of a renderer")
        self._trails = Trails(self._options.trail)
        self._layout = LabelLayout()
        self._marks: dict[int, Recovery] = {}
        self._last_seen: dict[int, float] = {}

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
        self._remember(tracks)
        self._trails.draw(image, tracks.time, max(strokes.MIN_LINE, round(4 * unit)))
        for row in np.argsort(tracks.xyxy[:, 3], kind="stable").tolist():
            self._draw_person(image, tracks, row, unit)
        if self._options.labels and len(tracks):
            self._draw_labels(image, tracks, unit)
        if self._options.note:
            self._draw_note(image, unit)
        return image

    def _remember(self, tracks: FrameTracks) -> None:
        """Note who came back: at the first row after it, and more exactly by the event that may come frames later."""
        self._trails.update(tracks)
        for identity in tracks.ids[tracks.recovered].tolist():
            away = tracks.time - self._last_seen.get(identity, tracks.time)
            self._marks[identity] = Recovery(tracks.frame, tracks.time, identity, away)
        self._marks.update((recovery.id, recovery) for recovery in tracks.recoveries)
        self._last_seen.update(dict.fromkeys(tracks.ids.tolist(), tracks.time))
        self._marks = {
            identity: recovery
            for identity, recovery in self._marks.items()
            if 0 <= tracks.time - recovery.time < self._options.mark
        }

    def _draw_person(self, image: np.ndarray, tracks: FrameTracks, row: int, unit: float) -> None:
        identity, box = int(tracks.ids[row]), tracks.xyxy[row].astype(float)
        if self._options.skeleton and tracks.keypoints is not None:
            strokes.draw_edged(image, _limbs(tracks.keypoints[row]), colour_of(identity), 2, unit)
        mark = self._marks.get(identity)
        if self._options.boxes:
            outline = strokes.rounded_box(box, _CORNER * unit)
            paths = strokes.dashes(outline, _DASH * unit) if mark and self._doubted(mark) else [outline]
            strokes.draw_edged(image, paths, colour_of(identity), 3.5 if mark else 2.2, unit)
        if mark:
            remaining = 1 - (tracks.time - mark.time) / self._options.mark
            strokes.draw_edged(image, [_ring(box, remaining, unit)], (255, 255, 255), 2.5, unit)

    def _doubted(self, recovery: Recovery) -> bool:
        return recovery.margin is not None and recovery.margin < self._options.doubt

    def _draw_labels(self, image: np.ndarray, tracks: FrameTracks, unit: float) -> None:
        size = max(_MIN_TEXT, round(21 * unit))
        rows = np.argsort(tracks.ids)
        ids = tracks.ids[rows].tolist()
        tabs = [
            make_tab(
                self._options.names.get(identity, str(identity)),
                self._note(identity),
                colour_of(identity),
                size,
                self._options.font,
            )
            for identity in ids
        ]
        heads = head_regions(tracks.xyxy, tracks.keypoints)
        picture = image.shape[1], image.shape[0]
        sizes = [tab.size for tab in tabs]
        places = self._layout.place(tracks.time, ids, tracks.xyxy[rows], heads, sizes, picture)
        for tab, (left, top) in zip(tabs, places.tolist(), strict=True):
            tab.paste(image, left, top)

    def _draw_note(self, image: np.ndarray, unit: float) -> None:
        size = max(_MIN_TEXT, round(15 * unit))
        tab = make_tab(self._options.note, "", _NOTE_GROUND, size, self._options.font)
        margin = round(_NOTE_MARGIN * unit)
        tab.paste(image, margin, image.shape[0] - tab.size[1] - margin)

    def _note(self, identity: int) -> str:
        """What the label of a person just found again says besides the name."""
        mark = self._marks.get(identity)
        if mark is None:
            return ""
        away = "known" if mark.remembered else f"back after {mark.away:.1f} s" if mark.away else "back"
        return f"{away} ?" if self._doubted(mark) else away


def _ring(box: np.ndarray, remaining: float, unit: float) -> np.ndarray:
    """Outline (K, 2) around a box (4,), closing in on it while the `remaining` share of the mark goes from 1 to 0."""
    reach = 5 * unit + remaining * min(18 * unit, 0.08 * (box[3] - box[1]))
    return strokes.rounded_box(box + reach * np.array([-1, -1, 1, 1]), _CORNER * unit + reach)


def _limbs(joints: np.ndarray) -> list[np.ndarray]:
    """The limbs (2, 2) between joints (17, 3) whose confidence is high enough."""
    return [joints[list(pair), :2] for pair in LIMBS if (joints[list(pair), 2] > MIN_CONFIDENCE).all()]
