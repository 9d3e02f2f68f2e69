"""The formation from above on the page: where the dots are at the video's time, driven in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracker.ground_plane import GroundPlane
from tracker.results.formation import Formation, Shot, Walk
from tracker.results.presence import Summary
from tracker.results.report import write_report
from tracker.results.report_formation import formation_panel
from tracker.types import Frame, FrameTracks

FLOOR = GroundPlane(0.5, 100, 200, 500, 1000)
EVIL = '"><script>alert(1)</script>'


def stage() -> Formation:
    """Person 1 stands at (0, 10), 2 walks from (-2, 10) to (2, 14) in 4 s and is away after, 3 stands at (2, 14) from
    second 2 on; at second 6 another camera shows 1 alone at (5, 30), at second 8 a third one nothing."""
    one = Walk(1, 0, np.tile([0.0, 10.0], (30, 1)))
    two = Walk(2, 0, np.linspace([-2, 10], [2, 14], 21))
    three = Walk(3, 10, np.tile([2.0, 14.0], (20, 1)))
    far = Walk(1, 30, np.tile([5.0, 30.0], (10, 1)))
    other = GroundPlane(0.0, -np.inf, 200, 500, 1000)
    return Formation(0.2, (Shot(0.0, FLOOR, (one, two, three)), Shot(6.0, other, (far,)), Shot(8.0, None)))


def ten_seconds() -> Summary:
    summary = Summary()
    for index in range(101):
        ones = np.ones(3)
        boxes = np.tile([0.0, 0.0, 9.0, 9.0], (3, 1))
        summary.write(Frame(index, index / 10, None), FrameTracks(index, index / 10, [1, 2, 3], boxes, ones, ones < 1))
    return summary


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Any]:
    """One page for all tests; at the end it has met no error and asked for nothing."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(path, ten_seconds(), names={2: "Zoé", 3: EVIL}, formation=stage(), video=None)
    opened = chromium.new_page(viewport={"width": 1000, "height": 900})
    opened.set_default_timeout(120_000)  # a busy machine takes its time
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(path.as_uri())
    yield opened
    assert wrong == []
    assert asked == [path.as_uri()]
    opened.close()


MOVE = """time => {
    const scrubber = document.querySelector(".scrubber");
    scrubber.value = time;
    scrubber.dispatchEvent(new Event("input"));
}"""
DOTS = """() => {
    const floor = document.querySelector(".floor"), { x: left, y: top, width, height } = floor.getBoundingClientRect();
    const square = width / Number(floor.style.getPropertyValue("--wide"));
    return [...document.querySelectorAll(".dot")].filter(dot => dot.checkVisibility()).map(dot => {
        const { x, y } = dot.getBoundingClientRect();
        return [Number(dot.dataset.id), (x - left - width / 2) / square, (top + height / 2 - y) / square];
    });
}"""


def at(page: Any, time: float) -> dict[int, tuple[float, float]]:
    """Where the dots are after the scrubber was moved: body heights from the middle, to the right and away."""
    page.evaluate(MOVE, time)
    return {id: (x, y) for id, x, y in page.evaluate(DOTS)}


def close(places: dict[int, tuple[float, float]], expected: dict[int, tuple[float, float]]) -> bool:
    return places.keys() == expected.keys() and all(np.allclose(places[id], expected[id], atol=0.05) for id in places)


def test_dots_stand_where_people_stood(page: Any):
    """The middle of the first shot is (0, 12)."""
    assert close(at(page, 0.0), {1: (0, -2), 2: (-2, -2)})
    assert close(at(page, 2.0), {1: (0, -2), 2: (0, 0), 3: (2, 2)})
    assert close(at(page, 2.1), {1: (0, -2), 2: (0.1, 0.1), 3: (2, 2)})  # halfway between two samples
    assert close(at(page, 5.0), {1: (0, -2), 3: (2, 2)})


def test_another_camera_shows_its_own_floor_and_one_without_says_so(page: Any):
    assert close(at(page, 7.0), {1: (0, 0)})
    assert "all stood at one depth" in page.inner_text(".unknown")
    assert at(page, 9.0) == {}
    assert "no floor could be found" in page.inner_text(".unknown")
    at(page, 1.0)
    assert page.is_hidden(".unknown")


def test_a_trail_shows_the_last_two_seconds(page: Any):
    at(page, 4.0)
    trail = page.locator(".floor polyline").nth(1).get_attribute("points").split()
    assert len(trail) == 12  # ten samples, the first of them two seconds old, the one now, and the dot itself
    assert trail[-2] == trail[-1]


def test_with_reduced_motion_there_are_no_trails(page: Any):
    page.emulate_media(reduced_motion="reduce")
    assert page.is_hidden(".floor svg")
    page.emulate_media(reduced_motion="no-preference")
    assert page.is_visible(".floor svg")


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_the_floor_fits_the_window_and_its_squares_are_squares(page: Any, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    box = page.locator(".floor").bounding_box()
    style = page.locator(".floor").get_attribute("style")
    wide, deep = (float(part.split(":")[1]) for part in style.split(";"))
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["width"] / wide == pytest.approx(box["height"] / deep, rel=0.02)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_names_are_shown_and_cannot_break_the_page(page: Any):
    assert page.locator('.dot[data-id="2"]').text_content() == "2Zoé"
    assert page.locator('.dot[data-id="3"]').text_content() == f"3{EVIL}"


def test_without_a_floor_the_page_shows_nothing(tmp_path: Path):
    assert formation_panel(None, {}) == ""
    write_report(tmp_path / "report.html", ten_seconds())
    assert "from above" not in (tmp_path / "report.html").read_text()


def test_twenty_dancers_and_ten_minutes_stay_small():
    random = np.random.default_rng(0)
    steps = random.normal(0, 0.1, (20, 3000, 2))
    walks = tuple(Walk(id + 1, 0, np.cumsum(steps[id], axis=0)) for id in range(20))
    panel = formation_panel(Formation(0.2, (Shot(0.0, FLOOR, walks),)), {})
    assert len(panel) < 600_000
    crowd = tuple(Walk(id, 0, np.zeros((2, 2))) for id in range(1, 90))
    most = formation_panel(Formation(0.2, (Shot(0.0, FLOOR, crowd),)), {})
    assert most.count('class="dot"') == 60
    assert "60 people seen longest" in most
