"""The page of a run in windows of a tablet and of a phone."""

from __future__ import annotations

from typing import Any

SHOWN = "() => [...document.querySelectorAll('.someone:first-child .face')].filter((face) => face.clientWidth).length"


def lines(page: Any, selector: str) -> float:
    """How many lines of the page's text an element is high."""
    return page.evaluate("(one) => document.querySelector(one).clientHeight / 20", selector)


def test_there_are_as_many_pictures_of_a_person_as_stand_beside_each_other(run: Any):
    """Twelve of 60 pixels; from 700 pixels on every second one, on a phone every fourth."""
    for width, shown in ((1440, 12), (720, 12), (600, 6), (390, 3)):
        run.set_viewport_size({"width": width, "height": 800})
        assert run.evaluate(SHOWN) == shown


def test_the_buttons_of_doubtful_moments_have_a_line_each(run: Any):
    for width in (720, 600, 390):
        run.set_viewport_size({"width": width, "height": 800})
        assert all(lines(run, f"#moments [data-do={deed}]") < 2 for deed in ("next", "mend", "looked"))


def test_the_keys_are_closed_without_scrolling_to_their_end(run: Any):
    run.set_viewport_size({"width": 390, "height": 700})
    run.press_keys("?")
    run.wait_for("#help[open]")
    assert run.evaluate(
        "() => { const help = document.querySelector('#help'); return help.scrollHeight > 1.5 * help.clientHeight; }"
    )
    box = run.query_selector("#help form button").bounding_box()
    assert box["y"] + box["height"] < 700
    run.click("#help form button")
    run.wait_for("#help:not([open])")
