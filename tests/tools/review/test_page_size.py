"""5,000 crops stay light: the page asks for what is in sight only, and holds no more, also after scrolling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PEOPLE, CROPS = 10, 500
IN_SIGHT = 400
"""Thumbnails of a window 1400 x 900: rows in sight and some beyond, 20 and some beyond in each."""

SCROLL = """async () => {
    const people = document.querySelector("#people");
    const frame = () => new Promise(done => requestAnimationFrame(done));
    for (let step = 0; step < 20; step++) { people.scrollTop += 90; await frame(); }
    const strip = document.querySelector(".strip");
    people.scrollTop = 0;
    for (let step = 0; step < 30; step++) { strip.scrollLeft += 500; await frame(); }
    await frame();
}"""


@pytest.mark.slow
def test_of_five_thousand_crops_those_in_sight_are_loaded(
    tmp_path: Path, make_data: Callable[..., Path], make_server: Any, chromium: Any
):
    server = make_server(make_data(tmp_path / "large", PEOPLE, CROPS))
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(120_000)  # a busy machine takes its time
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.url)
    page.wait_for_selector("html[data-ready]")
    page.wait_for_selector(".crop img")
    page.select_option("#every", "1")
    page.wait_for_timeout(300)
    assert sum("/thumbnails/" in url for url in asked) < IN_SIGHT
    assert page.locator(".crop").count() < IN_SIGHT
    page.evaluate(SCROLL)
    assert page.locator(".crop").count() < IN_SIGHT
    page.locator("#people").focus()
    page.keyboard.press("End")
    page.keyboard.press("x")
    page.wait_for_function("() => document.querySelector('#message').textContent.includes('thrown out')")
    page.close()
