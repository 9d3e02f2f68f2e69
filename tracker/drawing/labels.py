"""Labels: everyone's name or id on a tab beside them, and for a moment that they came back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..cast_memory import told_from_numbers
from ..types import FrameTracks
from .colours import colour_of
from .label_layout import HOLD, LabelLayout, head_regions
from .lettering import make_tab, unwritable
from .marks import Marks

MIN_TEXT = 12
"""Height of the smallest letters, pixels."""
_NOTE_GROUND = (60, 56, 52)
_NOTE_MARGIN = 10


class Labels:
    """A tab for every person, in their colour; it keeps its place for a while, so that it does not flicker.

    A name with letters that no font at hand has gives way to the id.
    """

    def __init__(self, marks: Marks, names: Mapping[int, str], font: Path | None) -> None:
        self._marks, self._font = marks, font
        self._names = {id: told_from_numbers(name) for id, name in names.items() if not unwritable(name, font)}
        self._layout = LabelLayout()
        self.memory = max(marks.seconds, HOLD)

    def draw(self, image: np.ndarray, tracks: FrameTracks, unit: float) -> None:
        """Draw into a (H, W, 3) uint8 BGR image, in place; a `unit` is so many pixels."""
        if not len(tracks):
            return
        size = max(MIN_TEXT, round(21 * unit))
        rows = np.argsort(tracks.ids)
        ids = tracks.ids[rows].tolist()
        tabs = [
            make_tab(self._names.get(each, str(each)), self._marks.words(each), colour_of(each), size, self._font)
            for each in ids
        ]
        heads = head_regions(tracks.xyxy, tracks.keypoints)
        picture = image.shape[1], image.shape[0]
        sizes = [tab.size for tab in tabs]
        places = self._layout.place(tracks.time, ids, tracks.xyxy[rows], heads, sizes, picture)
        for tab, (left, top) in zip(tabs, places.tolist(), strict=True):
            tab.paste(image, left, top)


def draw_note(image: np.ndarray, note: str, font: Path | None, unit: float) -> None:
    """Small text in the lower left corner of a (H, W, 3) uint8 BGR image, in place."""
    size = max(MIN_TEXT, round(15 * unit))
    tab = make_tab(note, "", _NOTE_GROUND, size, font)
    margin = round(_NOTE_MARGIN * unit)
    tab.paste(image, margin, image.shape[0] - tab.size[1] - margin)
