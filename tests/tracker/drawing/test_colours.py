"""Colours of identities: apart to the eye, the same every time, with text one can read on them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tracker.drawing.colours import PALETTE_SIZE, colour_of, css, luminance, oklab_to_linear_rgb, palette, text_colour


def lab(colours: np.ndarray) -> np.ndarray:
    """(K, 3) CIE Lab of (K, 3) uint8 BGR."""
    return cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[0]


@pytest.mark.parametrize(("people", "least"), [(6, 35), (20, 18), (PALETTE_SIZE, 8)])
def test_colours_are_far_apart(people: int, least: float) -> None:
    colours = lab(np.array([colour_of(identity) for identity in range(1, people + 1)], np.uint8))
    distance = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
    assert distance[~np.eye(people, dtype=bool)].min() > least


def test_an_id_keeps_its_colour() -> None:
    before = [colour_of(identity) for identity in range(60)]
    palette.cache_clear()
    assert [colour_of(identity) for identity in range(60)] == before
    assert colour_of(1) == colour_of(1 + PALETTE_SIZE)


def test_oklab_white_is_white() -> None:
    assert oklab_to_linear_rgb(np.array([1.0, 0, 0])) == pytest.approx([1, 1, 1], abs=1e-3)


def test_luminance_weighs_blue_least() -> None:
    assert [luminance(c) for c in [(255, 0, 0), (0, 255, 0), (0, 0, 255)]] == pytest.approx([0.0722, 0.7152, 0.2126])


def test_text_is_readable_on_every_colour() -> None:
    for background in [*map(tuple, palette().tolist()), (0, 0, 0), (255, 255, 255), (128, 0, 0)]:
        light, dark = sorted([luminance(background), luminance(text_colour(background))], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.1, level AA


def test_css_gives_red_first() -> None:
    assert css((1, 2, 255)) == "#ff0201"
