"""Label tabs as small pictures: antialiased text on a rounded plate, made once per text and pasted often."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from ..types import InputError
from .colours import text_colour

_STYLES = re.compile("bold|italic|oblique|light|thin|black|heavy|condensed|narrow|mono|serif", re.IGNORECASE)
_PLACEHOLDERS = re.compile("lastresort", re.IGNORECASE)
"""A font of boxes for every letter there is."""
_RIGHT_TO_LEFT = {"R", "AL"}
"""Unicode's classes of Hebrew and of Arabic letters."""
_INVISIBLE = "\ufe0e\ufe0f\u200d"
"""What makes emoji of letters, or one of several."""
_SIZE_ASKED = 12
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


@lru_cache(maxsize=4096)
def _has(font: FreeTypeFont, character: str) -> bool:
    return character.isspace() or bytes(font.getmask(character)) != bytes(font.getmask(_NO_GLYPH))


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[str, ...]:
    """The font files of this machine, plain styles first."""
    from matplotlib.font_manager import findSystemFonts  # takes a second: only for letters the chosen font lacks

    files = [file for file in findSystemFonts() if not _PLACEHOLDERS.search(file)]
    return tuple(sorted(files, key=lambda file: (bool(_STYLES.search(Path(file).stem)), len(file), file)))


@lru_cache(maxsize=256)
def _system_font(characters: str, size: int) -> FreeTypeFont | None:
    """The first system font that has all of them, None where none has."""
    for file in _system_fonts():
        try:
            font = ImageFont.truetype(file, size)
            if all(_has(font, character) for character in characters):
                return font
        except OSError:  # no font, or one of pictures in another size
            continue
    return None


@lru_cache(maxsize=_CACHED_TABS)
def writable(text: str, size: int, path: Path | None = None) -> tuple[tuple[str, FreeTypeFont], ...]:
    """The text in pieces, each with a font that has its letters.

    Letters that the font at `path` lacks are written in the built-in font or one of the system's, the same for all of
    them where there is one, or, where none has them, without their accents. What then is left is `unwritable`.
    """
    pieces: list[tuple[str, FreeTypeFont]] = []
    for character, font in _fonts(text, size, path):
        if pieces and pieces[-1][1] is font:
            pieces[-1] = (pieces[-1][0] + character, font)
        else:
            pieces.append((character, font))
    return tuple(pieces)


def _directions(text: str) -> set[str]:
    return set(map(unicodedata.bidirectional, text))


def unwritable(text: str, path: Path | None = None) -> str:
    """The letters of a text that no font at hand has, each once."""
    pieces = writable(text, _SIZE_ASKED, path)
    return "".join(dict.fromkeys(letter for letters, font in pieces for letter in letters if not _has(font, letter)))


def _fonts(text: str, size: int, path: Path | None) -> Iterator[tuple[str, FreeTypeFont]]:
    """Each character with its font; of those that no font has only what is left without accents."""
    chosen = [load_font(size, path)] if path is None else [load_font(size, path), load_font(size)]
    text = "".join(character for character in text if character not in _INVISIBLE)
    lacking = "".join(dict.fromkeys(letter for letter in text if not any(_has(font, letter) for font in chosen)))
    # Words written from right to left stand in their order only in one piece, so in one font, spaces and all.
    whole = _system_font("".join(dict.fromkeys(text)), size) if lacking and _RIGHT_TO_LEFT & _directions(text) else None
    common = whole or (_system_font(lacking, size) if lacking else None)
    for character in text:
        font = whole or next((font for font in chosen if _has(font, character)), common)
        if font is None:
            font = _system_font(character, size)
        if font is not None:
            yield character, font
        else:
            plain = [letter for letter in unicodedata.normalize("NFKD", character) if not unicodedata.combining(letter)]
            known = all(_has(chosen[0], letter) for letter in plain)
            yield from ((letter, chosen[0]) for letter in (plain if known else character))


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
    written = writable(words, size, font_path)
    length = sum(font.getlength(letters) for letters, font in written)
    width = max(height, round(length) + 2 * padding)
    baseline = (height - load_font(size, font_path).getbbox("H", anchor="ls")[1]) / 2
    piece = Image.new("RGB", (width, height), background)
    draw, left = ImageDraw.Draw(piece), (width - length) / 2
    for letters, font in written:
        draw.text((left, baseline), letters, font=font, fill=text_colour(background), anchor="ls")
        left += font.getlength(letters)
    return np.asarray(piece)
