"""The page of a run: whole in itself, true to the facts, and safe with any name."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracker.drawing.colours import colour_of, css
from tracker.results.clock import clock, span
from tracker.results.portraits import Portrait, Pose
from tracker.results.presence import Summary
from tracker.results.report import DoubtfulMoment, write_report
from tracker.types import Frame, FrameTracks, InputError, Recovery

SURE = Recovery(frame=50, time=5.0, id=2, away=2.5, similarity=0.81, margin=0.3)
NARROW = Recovery(frame=80, time=8.0, id=3, away=6.0, similarity=0.7, margin=0.01)
MIXED_UP = DoubtfulMoment(6.0, 7.5, (1, 2), "Ada & Zoé may be mixed up until 0:07.5.")


def evening() -> Summary:
    """10 s at 10 frames a second: 1 all along; 2 until 2.5 s and from 5 s; 3 until 2 s and from 8 s."""
    summary = Summary()
    for index in range(101):
        time = index / 10
        there = {1: True, 2: time <= 2.5 or time >= 5, 3: time <= 2 or time >= 8}
        ids = [identity for identity, here in there.items() if here]
        boxes, ones = np.tile([0.0, 0.0, 9.0, 9.0], (len(ids), 1)), np.ones(len(ids))
        recoveries = tuple(recovery for recovery in (SURE, NARROW) if recovery.frame == index)
        tracks = FrameTracks(index, time, ids, boxes, ones, np.zeros(len(ids), bool), recoveries=recoveries)
        summary.write(Frame(index, time, None), tracks)
    return summary


class Page(HTMLParser):
    """Every element's tag and attributes, all text, and whether each element that was opened was closed."""

    VOID = frozenset({"meta", "link", "br", "img", "input"})

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.elements if name in (attributes.get("class") or "").split()]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    write_report(tmp_path / "report.html", evening(), title="my dance", names={2: "Zoé"}, moments=[MIXED_UP])
    return Page(tmp_path / "report.html")


def test_every_element_is_closed(page: Page) -> None:
    assert page.open == []


def test_nothing_is_fetched_but_the_video_beside_it(page: Page) -> None:
    sources = [a[key] for _, a in page.elements for key in ("src", "href", "srcset", "data") if key in a]
    assert sources == ["video.mp4"]
    assert not re.search(r"https?:|//[a-z]|@import|url\(|fetch\(", page.source)


def test_each_person_has_a_row_with_bars_in_one_colour(page: Page) -> None:
    assert len(page.of_class("lane")) == 3
    assert [bar["style"] for bar in page.of_class("bar")] == [
        "left:0.000%;width:100.000%",
        "left:0.000%;width:25.000%",
        "left:50.000%;width:50.000%",
        "left:0.000%;width:20.000%",
        "left:80.000%;width:20.000%",
    ]
    assert [lane["style"] for lane in page.of_class("lane")] == [f"--colour:{css(colour_of(i))}" for i in (1, 2, 3)]
    assert page.of_class("name")[1]["data-stays"] == "[[0.0, 2.5], [5.0, 10.0]]"


def test_recoveries_are_marked_with_what_is_known_of_them(page: Page) -> None:
    back, later = page.of_class("mark")
    assert back["data-time"] == "5.000"
    assert back["data-tip"] == "Zoé back at 0:05.0 after 2.5 s away\nlikeness 0.81 of 1"
    assert later["data-tip"] == "3 back at 0:08.0 after 6.0 s away\nlikeness 0.70 of 1"


def test_a_recovery_by_motion_alone_shows_no_similarity(tmp_path: Path) -> None:
    summary = Summary()
    back = Recovery(frame=0, time=0.0, id=1, away=3.0)
    summary.write(Frame(0, 0.0, None), FrameTracks(0, 0.0, [1], [[0, 0, 1, 1]], [1], [True], recoveries=(back,)))
    write_report(tmp_path / "report.html", summary)
    (mark,) = Page(tmp_path / "report.html").of_class("mark")
    assert mark["data-tip"] == "1 back at 0:00.0 after 3.0 s away"


def test_a_person_known_from_a_cast_file_was_not_away(tmp_path: Path) -> None:
    summary = Summary()
    known = Recovery(frame=0, time=0.0, id=1, away=0.0, similarity=0.9, margin=0.01, remembered=True)
    summary.write(Frame(0, 0.0, None), FrameTracks(0, 0.0, [1], [[0, 0, 1, 1]], [1], [False], recoveries=(known,)))
    write_report(tmp_path / "report.html", summary, names={1: "Ada"})
    page = Page(tmp_path / "report.html")
    (mark,) = page.of_class("mark")
    assert (mark["data-tip"] or "").startswith("Ada known from the cast file at 0:00.0\nlikeness 0.90")
    assert "From the cast file1Recoveries0" in page.text


def test_names_and_titles_cannot_break_the_page(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>'
    path = tmp_path / "report.html"
    write_report(path, evening(), title=evil, video=evil, facts={evil: evil}, names={1: evil, 2: evil, 3: "$title"})
    page = Page(path)
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert page.of_class("mark")[0]["data-tip"].startswith(evil)  # type: ignore[union-attr]
    assert "$title" in page.text


def test_a_name_that_is_a_number_is_no_id(tmp_path: Path) -> None:
    """The second is called 3 and was back at 5 s, the third has no name and was back at 8 s."""
    path = tmp_path / "report.html"
    write_report(path, evening(), names={2: "3"})
    source = Page(path).source
    assert source.count("<bdi>“3”</bdi>") == source.count("<bdi>3</bdi>") > 0
    assert source.count('data-tip="“3” back at 0:05.0') == source.count('data-tip="3 back at 0:08.0') == 1


def test_without_a_video_the_page_has_no_player(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", evening(), video=None)
    page = Page(tmp_path / "report.html")
    assert "video" not in [tag for tag, _ in page.elements]
    assert "in the video" not in page.text


@pytest.mark.parametrize("frames", [0, 1])
def test_an_empty_run_has_a_page_too(tmp_path: Path, frames: int) -> None:
    summary = Summary()
    for index in range(frames):
        summary.write(Frame(index, 0.0, None), FrameTracks.empty(index, 0.0))
    write_report(tmp_path / "report.html", summary)
    assert "No person was seen." in Page(tmp_path / "report.html").text


def test_a_page_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("in the way")
    with pytest.raises(InputError, match=r"report\.html cannot be written"):
        write_report(tmp_path / "report.html" / "report.html", evening())


def test_times_read_like_a_clock() -> None:
    assert [clock(t) for t in (0, 59.96, 61.25, 3600)] == ["0:00.0", "1:00.0", "1:01.2", "1:00:00.0"]
    assert [span(t) for t in (2.54, 61)] == ["2.5 s", "1:01.0"]


def test_people_have_faces_and_poses_that_seek(tmp_path: Path) -> None:
    early, late = Pose(0.5, 1.0, False, b"early", (30, 60)), Pose(9.5, 2.0, True, b"late", (40, 60))
    portraits = {2: Portrait(late, (early, late))}
    write_report(tmp_path / "report.html", evening(), names={2: "Zoé"}, portraits=portraits, poster=b"poster")
    page = Page(tmp_path / "report.html")
    (card,) = page.of_class("card")
    assert card["style"] == f"--colour:{css(colour_of(2))}"
    assert "id 2 · 7.5 s on stage · 2 stays" in page.text
    (face,) = page.of_class("face")
    assert face["src"] == "data:image/jpeg;base64,bGF0ZQ=="  # late
    poses = [a for tag, a in page.elements if tag == "button" and "Zoé at" in (a.get("aria-label") or "")]
    assert [pose["data-time"] for pose in poses] == ["0.500", "9.500"]
    room = [(a["width"], a["height"]) for tag, a in page.elements if tag == "img" and a.get("loading") == "lazy"]
    assert room == [("30", "60"), ("40", "60")], "known before the picture is loaded"
    assert next(a for tag, a in page.elements if tag == "video")["poster"] == "data:image/jpeg;base64,cG9zdGVy"


def test_the_page_says_what_is_missing_and_how_it_was_made(tmp_path: Path) -> None:
    notes = ["stopped on request; the results hold what was tracked until then"]
    write_report(tmp_path / "report.html", evening(), notes=notes, facts={"Detector": "person.pt"})
    page = Page(tmp_path / "report.html")
    assert notes[0] in page.text
    assert "How this was madeDetectorperson.pt" in page.text


def test_doubtful_moments_are_listed_and_lie_in_the_rows_of_their_people(page: Page) -> None:
    look = page.source[page.source.index("Worth a look") : page.source.index("Found again")]
    assert 'data-time="6.000">0:06.0<' in look
    assert "Ada &amp; Zoé may be mixed up until 0:07.5." in look
    assert "0:08.0" not in look
    # of 10 s; in two of the three rows
    assert [doubt["style"] for doubt in page.of_class("doubt")] == ["left:60.000%;width:15.000%"] * 2


def test_a_run_without_doubt_says_nothing_of_it(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", evening())
    page = Page(tmp_path / "report.html")
    assert "Worth a look" not in page.text
    assert "amber" not in page.text


def test_names_and_moments_stay_legible_on_a_phone(tmp_path: Path, chromium: Any) -> None:
    long = "Bartholomew-Alexander of the Third Row and the longest name there is"
    pose = Pose(0.5, 1.0, False, b"picture", (30, 60))
    write_report(
        tmp_path / "report.html",
        evening(),
        video=None,
        names={2: "Maria Lopez", 3: long},
        portraits={person: Portrait(pose, (pose,)) for person in (1, 2, 3)},
        moments=[DoubtfulMoment(6.0, 7.5, (2, 3), f"Maria Lopez and {long} may be mixed up until 0:07.5.")],
    )
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto((tmp_path / "report.html").as_uri())
    names = page.eval_on_selector_all(
        ".card h3 b", "all => all.map(e => [e.innerText, e.scrollWidth <= e.clientWidth])"
    )
    heads = page.eval_on_selector_all(".card h3", "all => all.map(e => e.scrollWidth <= e.clientWidth)")
    places = "e => [e.firstChild, e.lastChild].map(part => part.getBoundingClientRect().toJSON())"
    time, words = page.eval_on_selector(".moments li", places)
    page.close()
    assert names == [["1", True], ["Maria Lopez", True], [long, True]], "nothing of a name is cut off"
    assert heads == [True] * 3
    assert words["left"] > time["right"]
    assert abs(words["top"] - time["top"]) < 3, "a long sentence stands beside its time, not below it"


def test_the_video_stays_in_sight_and_rows_have_room_for_two_lines_of_a_name(tmp_path: Path, chromium: Any) -> None:
    moments = [DoubtfulMoment(float(at), at + 0.5, (2, 3), "Maria may be Ada.") for at in range(10)] * 9
    names = {1: "Maria Lopez", 2: "ليلى الأحمدي " * 5}
    write_report(tmp_path / "report.html", evening(), names=names, moments=moments)
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_selector("video", state="hidden")  # there is none beside this page
    page.eval_on_selector("video", "video => { video.hidden = false; }")
    page.eval_on_selector(".moments li:last-child button", "button => button.click()")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    top = page.eval_on_selector("video", "video => video.getBoundingClientRect().top")
    names_shown = (
        "all => all.slice(0, 2).map(e => [e.scrollHeight <= e.clientHeight + 1, getComputedStyle(e).direction])"
    )
    shown = page.eval_on_selector_all(".timeline bdi", names_shown)
    page.close()
    assert 0 <= top < 10
    assert shown == [[True, "ltr"], [False, "rtl"]]
