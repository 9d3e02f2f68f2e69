"""The sheet of a cast: names, videos and pictures side by side."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tracker.cast_memory import CastMemory, Member, Showing
from tracker.drawing.cast_sheet import draw_sheet

PAPER = 245
BLUE = (255, 0, 0)


def sheet_of(video: str, pictures: int = 1) -> np.ndarray:
    """Of one person, whose pictures are 80 pixels wide."""
    crop = cv2.imencode(".png", np.full((160, 80, 3), BLUE, np.uint8))[1].tobytes()
    ada = Member(1, "Ada", np.eye(2)[:1], (crop,) * pictures, (Showing(video, "2024-05-06"),))
    return draw_sheet(CastMemory("0" * 64, "", (ada,), 2))


def blue(sheet: np.ndarray) -> np.ndarray:
    """(W,) bool: columns that show a picture."""
    return (sheet == BLUE).all(axis=2).any(axis=0)


def words(sheet: np.ndarray, first: int, last: int) -> bool:
    """Whether anything is written in the columns, below the person's name."""
    return bool((sheet[60:, first:last] < 200).any())


@pytest.mark.parametrize("letters", [10, 60, 500])
def test_no_picture_covers_the_name_of_a_video(letters: int):
    """The space of 12 pixels before the first picture is free: what is written ends before it."""
    sheet = sheet_of("m" * letters)
    left = int(np.flatnonzero(blue(sheet))[0])
    assert blue(sheet).sum() == 80
    assert words(sheet, 0, left - 12)
    assert not words(sheet, left - 12, left)
    assert sheet.shape[1] < 1200  # of a very long name the first 57 letters
