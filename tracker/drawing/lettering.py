"""Label tabs as small pictures: antialiased text on a rounded plate, made once per text and pasted often."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from ..types import InputError
from .colours import text_colour

_SYSTEM_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc", "Arial Unicode.ttf", "msyh.ttc")
_NO_GLYPH = "\uffff"
_NOTE_COLOUR = (255, 255, 255)
_OVERSAMPLING = 4
_CACHED_TABS = 512


@dataclass(frozen=True, slots=True)
class Tab:
    """A label ready to paste: ink (h, w, 3) uint16 BGR times alpha, and paper (h, w, 1) uint16, 255 minus alpha."""

    ink: np.ndarray
    paper: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.ink.shape[1], self.ink.shape[0]

    def paste(self, image: np.ndarray, left: int, top: int) -> None:
        """Blend the tab into a (H, W, 3) uint8 BGR image, in place; parts outside the picture are cut off."""
        width, height = self.size
        rows = slice(max(0, -top), min(height, image.shape[0] - top))
        columns = slice(max(0, -left), min(width, image.shape[1] - left))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        target = image[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
        target[:] = (target * self.paper[rows, columns] + self.ink[rows, columns]) // 255


@lru_cache(maxsize=32)
def load_font(size: int, path: Path | None = None) -> FreeTypeFont:
    """The font file at `path`, or the one built into Pillow (Aileron), `size` pixels high.

    Raises InputError where the file is no font, or Pillow was built without FreeType.
    """
    try:
        font = ImageFont.load_default(size) if path is None else ImageFont.truetype(path, size)
    except OSError as error:
        raise InputError(f"{path} cannot be read as a font: give a .ttf, .otf or .ttc file") from error
    if not isinstance(font, FreeTypeFont):
        raise InputError("Pillow was built without FreeType and cannot write labels: install pillow from its wheel")
    return font


def _can_write(font: FreeTypeFont, text: str) -> bool:
    missing = bytes(font.getmask(_NO_GLYPH))
    return all(character.isspace() or bytes(font.getmask(character)) != missing for character in text)


@lru_cache(maxsize=_CACHED_TABS)
def writable(text: str, size: int, path: Path | None = None) -> tuple[str, FreeTypeFont]:
    """The text and a font that has all its letters.

    A name the font lacks letters for is written in a common system font, or, where none has them either, without its
    accents.
    """
    font = load_font(size, path)
    if _can_write(font, text):
        return text, font
    for name in _SYSTEM_FONTS:
        try:
            system_font = ImageFont.truetype(name, size)
        except OSError:
            continue
        if _can_write(system_font, text):
            return text, system_font
    plain = unicodedata.normalize("NFKD", text)
    return "".join(character for character in plain if not unicodedata.combining(character)), font


def _plate(width: int, height: int, radius: float) -> np.ndarray:
    """(h, w) uint8 coverage of a rounded rectangle."""
    scale = _OVERSAMPLING
    mask = Image.new("L", (width * scale, height * scale))
    box = (0, 0, width * scale - 1, height * scale - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, radius * scale, fill=255)
    return np.asarray(mask.reduce(scale))


@lru_cache(maxsize=_CACHED_TABS)
def make_tab(text: str, note: str, colour: tuple[int, int, int], size: int, font_path: Path | None = None) -> Tab:
    """A tab `text` on `colour` (BGR), followed by `note` on white where there is one; letters `size` pixels high."""
    parts = [(text, colour), (note, _NOTE_COLOUR)] if note else [(text, colour)]
    ascent, descent = load_font(size, font_path).getmetrics()
    padding = max(2, round(size * 0.32))
    height = ascent + descent + 2 * max(1, round(size * 0.08))
    pieces = [_piece(words, background, size, height, padding, font_path) for words, background in parts]
    bgr = np.concatenate(pieces, axis=1).astype(np.uint16)
    alpha = _plate(bgr.shape[1], height, size * 0.25).astype(np.uint16)[..., None]
    return Tab(ink=bgr * alpha, paper=255 - alpha)


def _piece(
    words: str, background: tuple[int, int, int], size: int, height: int, padding: int, font_path: Path | None
) -> np.ndarray:
    """(height, w, 3) uint8 BGR of some words on their background, centred, at least as wide as high."""
    written, font = writable(words, size, font_path)
    width = max(height, round(font.getlength(written)) + 2 * padding)
    baseline = (height - font.getbbox("H", anchor="ls")[1]) / 2
    piece = Image.new("RGB", (width, height), background)
    ImageDraw.Draw(piece).text((width / 2, baseline), written, font=font, fill=text_colour(background), anchor="ms")
    return np.asarray(piece)
