"""A sheet of a cast: a row for each person with the name in its colour, and the pictures that the cast file holds."""

from __future__ import annotations

import cv2
import numpy as np

from ..cast_memory import MAX_NAME_LENGTH, CastMemory, Member
from ..picture_file import decoded
from .colours import colour_of
from .lettering import make_tab

_PAPER = 245
_PICTURE_HEIGHT = 160
_MAX_WIDTH = 200
_GAP = 12
_NAME_WIDTH = 260
_LETTERS = 24
_SMALL_LETTERS = 13
_MAX_VIDEOS = 4


def draw_sheet(memory: CastMemory) -> np.ndarray:
    """(H, W, 3) uint8 BGR. Pictures that cannot be read are left out, and a row without any says so."""
    rows = [_row(member) for member in memory.members]
    width = max((row.shape[1] for row in rows), default=_NAME_WIDTH)
    sheet = np.full((_GAP + len(rows) * (_PICTURE_HEIGHT + _GAP), width, 3), _PAPER, np.uint8)
    for number, row in enumerate(rows):
        top = _GAP + number * (_PICTURE_HEIGHT + _GAP)
        sheet[top : top + _PICTURE_HEIGHT, : row.shape[1]] = row
    return sheet


def _row(member: Member) -> np.ndarray:
    """(160, w, 3): the name and the videos, then the pictures."""
    pictures = [_fitted(picture) for picture in map(decoded, member.crops) if picture is not None]
    label = make_tab(member.label, str(member.id) if member.name else "", colour_of(member.id), _LETTERS)
    notes = [make_tab(line, "", (_PAPER,) * 3, _SMALL_LETTERS) for line in _told(member, bool(pictures))]
    name_width = max(_NAME_WIDTH, *(tab.size[0] + 2 * _GAP for tab in (label, *notes)))
    width = name_width + sum(picture.shape[1] + _GAP for picture in pictures)
    row = np.full((_PICTURE_HEIGHT, width, 3), _PAPER, np.uint8)
    label.paste(row, _GAP, 0)
    top = label.size[1] + 2 * _GAP
    for note in notes:
        note.paste(row, _GAP, top)
        top += note.size[1]
    left = name_width
    for picture in pictures:
        row[: picture.shape[0], left : left + picture.shape[1]] = picture
        left += picture.shape[1] + _GAP
    return row


def _told(member: Member, has_pictures: bool) -> list[str]:
    videos = [f"{_cut(showing.video)} {_cut(showing.date)}" for showing in member.showings[-_MAX_VIDEOS:]]
    return videos if has_pictures else [*videos, "no pictures in this file"]


def _cut(words: str) -> str:
    return words if len(words) <= MAX_NAME_LENGTH else f"{words[: MAX_NAME_LENGTH - 3]}..."


def _fitted(picture: np.ndarray) -> np.ndarray:
    """Scaled to the row's height, unless that would be too wide."""
    scale = min(_PICTURE_HEIGHT / picture.shape[0], _MAX_WIDTH / picture.shape[1])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
