"""The frame view in a browser: stepping, and boxes that are dragged, nudged, drawn, renamed, removed and reckoned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

WIDTH = 320


@pytest.fixture
def frame(page: Any) -> Any:
    """Open at frame 10, person 1 chosen: the box is 100, 40, 130, 140."""
    page.go_to(1)
    page.press_keys(*["ArrowRight"] * 10, "f")
    at(page, 10)
    return page


def at(page: Any, number: int) -> None:
    page.wait_for_selector(f'#frame[open][data-frame="{number}"]')
    page.wait_for_function("still => still.complete && still.naturalWidth", arg=page.query_selector("#still"))


def says(page: Any, words: str) -> None:
    page.wait_for_words(words, "#frame-message")


def screen(page: Any, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the video lies on the page."""
    box = page.query_selector("#overlay").bounding_box()
    scale = box["width"] / WIDTH
    return box["x"] + x * scale, box["y"] + y * scale


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*screen(page, *start))
    page.mouse.down()
    page.mouse.move(*screen(page, *np.mean([start, end], axis=0)))
    page.mouse.move(*screen(page, *end))
    page.mouse.up()


def chips(page: Any) -> dict[int, str]:
    """People with a box in the frame, and how it is known."""
    titles = [chip.get_attribute("title").split(", ") for chip in page.query_selector_all("#frame-people button")]
    return {int(name.removeprefix("person ")): kind for name, kind in titles}


def test_the_frame_opens_at_the_crop_and_steps_by_one_and_by_ten(frame):
    assert chips(frame) == {0: "crop", 1: "crop", 2: "crop", 3: "crop"}
    frame.press_keys("ArrowRight")
    at(frame, 11)
    # the white bar in the picture is 7 pixels long for each frame
    bar = """() => { const canvas = new OffscreenCanvas(320, 180).getContext("2d");
        canvas.drawImage(document.querySelector("#still"), 0, 0);
        const row = canvas.getImageData(0, 5, 320, 1).data;
        return Array.from({length: 320}, (_, x) => row[4 * x]).filter(value => value > 150).length; }"""
    assert abs(frame.evaluate(bar) - 77) <= 2
    frame.press_keys("Shift+ArrowRight")
    at(frame, 21)
    assert abs(frame.evaluate(bar) - 147) <= 2
    frame.press_keys("End")
    at(frame, 29)
    frame.press_keys("Shift+ArrowLeft")
    at(frame, 19)
    frame.click("#frame-slider", position={"x": 1, "y": 5})
    at(frame, 0)
    frame.press_keys("ArrowRight")  # the slider's own
    at(frame, 1)
    frame.press_keys("?")  # all other keys are the frame's
    frame.wait_for_selector("#help[open]")
    frame.press_keys("Escape", "Escape")
    frame.wait_for_selector("#frame", state="hidden")
    assert "person 1 · frame 1" in frame.inner_text("#where")


def test_a_corner_is_dragged_and_the_crop_has_a_corrected_box(frame, served):
    drag(frame, (130, 140), (140, 150))
    says(frame, "Box of person 1 set.")
    (edit,) = served.edits()
    assert (edit["do"], edit["frame"], edit["person"]) == ("box", 10, 1)
    assert edit["xyxy"] == pytest.approx([100, 40, 140, 150], abs=0.6)
    assert chips(frame)[1] == "corrected"
    frame.press_keys("u")
    says(frame, "Undone: the box of person 1 in frame 10 set.")
    assert chips(frame)[1] == "crop"
    assert served.edits() == []


def test_a_box_is_nudged_by_keys_and_escape_leaves_it_as_it_was(frame, served):
    frame.press_keys("b", "ArrowRight", "Control+ArrowDown", "Shift+ArrowRight", "Enter")
    says(frame, "Box of person 1 set.")
    assert served.edits()[0]["xyxy"] == [101.0, 50.0, 132.0, 150.0]
    frame.press_keys("b", "ArrowRight", "Escape")
    frame.press_keys("ArrowRight")
    at(frame, 11)
    assert len(served.edits()) == 1


def test_a_box_that_was_not_moved_is_no_edit(frame, served):
    frame.press_keys("b", "Enter", "b", "b", "ArrowRight")
    at(frame, 11)
    assert served.edits() == []


def test_adjusting_ends_where_another_box_is_chosen_or_the_frame_is_closed(frame, served):
    own = "document.querySelector('#frame-people [aria-pressed=true]')?.title.split(',')[0]"
    frame.press_keys("b", "ArrowDown")
    frame.page.click('#frame-people button[title^="person 3,"]')
    frame.press_keys("Enter", "b", "ArrowUp", "Enter")
    says(frame, "Box of person 3 set.")
    assert [(edit["person"], edit["xyxy"][1]) for edit in served.edits()] == [(3, 39.0)]
    frame.press_keys("b")
    says(frame, "Arrows move the box")
    frame.mouse.click(*screen(frame, 20, 170))  # beside all boxes
    frame.wait_for_function(f"() => !{own}")
    frame.press_keys("ArrowRight")
    at(frame, 11)
    frame.press_keys("ArrowUp", "b")
    says(frame, "Arrows move the box")
    frame.page.click('[data-frame="close"]')
    frame.press_keys("f", "ArrowRight")
    at(frame, 12)


def test_a_phone_without_keys_has_a_button_for_each_deed(frame, served):
    frame.set_viewport_size({"width": 390, "height": 844})

    def press(*names: str) -> None:
        for name in names:
            frame.page.click(f'[data-frame="{name}"]')

    assert frame.is_disabled('[data-frame="undo"]')
    press("on", "mark")
    at(frame, 11)
    frame.wait_for_words("marked: 11", "#frame-mark")
    press("on", "on")
    at(frame, 13)
    press("between")
    says(frame, "between 11 and 13 lie on a line")
    press("absent")
    says(frame, "Person 1 is absent from 11 to 13.")
    press("undo")
    says(frame, "Undone")
    press("redo")
    says(frame, "Done again")
    press("add")
    frame.press_keys("1", "Enter")
    says(frame, "Box of person 1 set.")
    press("assign")
    frame.page.click("#prompt-choices button:has-text('New person, this frame')")
    says(frame, "1 is 4 in this frame.")
    frame.press_keys("b", "ArrowDown")
    press("remove")
    says(frame, "Person 4 has no box here any more.")
    assert [edit["do"] for edit in served.edits()] == ["between", "unbox", "box", "give", "unbox"]
    assert frame.evaluate("document.documentElement.scrollWidth") == 390
    press("close")
    frame.wait_for_selector("#frame", state="hidden")


def test_what_was_edited_elsewhere_meanwhile_is_shown(frame, served):
    merge = {"do": "merge", "people": [0, 3]}
    (served.folder / "edits.json").write_text(json.dumps({"version": 1, "edits": [merge]}))
    frame.evaluate("() => window.dispatchEvent(new Event('focus'))")
    frame.wait_for_selector('#frame-people button[title^="person 3,"]', state="detached")


def test_a_question_that_is_given_up_leaves_the_frame_open(frame):
    frame.press_keys("g", "2", "Escape", "ArrowRight", "Escape")
    frame.wait_for_selector("#frame", state="hidden")
    assert "person 1 · frame 11" in frame.inner_text("#where")


def test_a_drawn_box_asks_whose_it_is(frame, served):
    drag(frame, (20, 150), (60, 175))
    frame.wait_for("#prompt[open]")
    frame.press_keys("n")
    says(frame, "Box of person 4 set.")
    assert served.edits()[0]["person"] == "new"
    assert served.edits()[0]["xyxy"] == pytest.approx([20, 150, 60, 175], abs=0.6)
    assert chips(frame)[4] == "drawn"


def test_a_box_gets_another_number_in_this_frame_or_two_are_swapped_from_here_on(frame, served):
    frame.press_keys("3")
    frame.wait_for("#prompt[open]")
    frame.press_keys("Enter")
    says(frame, "1 is 3 in this frame.")
    frame.press_keys("u")
    says(frame, "Undone: frame 10 of person 1 given to person 3.")
    frame.page.click('#frame-people button[title^="person 1,"]')
    frame.press_keys("2")
    frame.wait_for("#prompt[open]")
    frame.press_keys("s")
    says(frame, "1 and 2 swapped from frame 10 on.")
    assert served.edits() == [{"do": "swap", "video": "dance", "people": [1, 2], "from_frame": 10, "to_frame": None}]


def test_a_new_person_is_told_by_number(frame, served):
    frame.press_keys("n")
    frame.wait_for_selector("#prompt[open]")
    frame.press_keys("n")
    says(frame, "1 is 4 in this frame.")
    assert served.edits()[0]["to"] == "new"


def test_a_box_gets_another_number_between_the_mark_and_here(frame, served):
    frame.press_keys("k", *["ArrowRight"] * 3)
    at(frame, 13)
    frame.press_keys("3")
    frame.wait_for("#prompt[open]")
    frame.press_keys("m")
    says(frame, "1 is 3 from 10 to 13.")
    assert served.edits() == [{"do": "give", "video": "dance", "person": 1, "to": 3, "from_frame": 10, "to_frame": 13}]
    frame.press_keys("ArrowRight")
    at(frame, 14)
    assert chips(frame) == {0: "crop", 1: "crop", 2: "crop", 3: "crop"}


def test_a_box_removed_once_is_reckoned_and_removed_twice_the_person_is_absent(frame, served):
    frame.press_keys("x")
    says(frame, "Person 1 has no box here any more.")
    assert chips(frame)[1] == "filled"
    assert frame.query_selector(".body.filled").get_attribute("x") == "100"
    frame.press_keys("x")
    says(frame, "Person 1 is absent here.")
    assert 1 not in chips(frame)
    assert [edit["do"] for edit in served.edits()] == ["unbox", "unbox"]


def test_boxes_between_the_mark_and_here_lie_on_a_line_or_go(frame, served):
    frame.press_keys("k", "Shift+ArrowRight")
    at(frame, 20)
    frame.press_keys("i")
    says(frame, "between 10 and 20 lie on a line")
    frame.press_keys("ArrowLeft")
    at(frame, 19)
    assert chips(frame)[1] == "filled"
    frame.press_keys("Shift+X")
    says(frame, "Person 1 is absent from 10 to 19.")
    assert 1 not in chips(frame)
    assert served.edits()[-1] == {"do": "unbox", "video": "dance", "person": 1, "frame": 10, "to_frame": 19}


def test_a_box_is_added_by_keyboard_where_the_person_was_seen_last(frame, served):
    frame.press_keys("k", "x", "x")
    says(frame, "Person 1 is absent here.")
    frame.press_keys("a", "1", "Enter")
    says(frame, "Box of person 1 set.")
    assert served.edits()[-1]["xyxy"] == [100.0, 40.0, 130.0, 140.0]
    assert chips(frame)[1] == "drawn"


def test_why_a_frame_cannot_be_shown_is_told_at_that_frame_only(frame):
    """Why the last one cannot be is answered when another is shown already."""
    frame.evaluate("""() => { const { fetch } = window;
        window.fetch = (address, ...more) => String(address).includes("/frame?")
            ? new Promise((done) => { window.answer = () => done(Response.json({ error: "damaged there" })); })
            : fetch(address, ...more); }""")
    frame.press_keys("End")
    at(frame, 29)
    frame.evaluate("() => { document.querySelector('#still').dispatchEvent(new Event('error')); }")
    frame.press_keys("Home")
    at(frame, 0)
    frame.evaluate("() => { window.answer(); return fetch('/api/people').then(() => null); }")
    assert frame.is_hidden("#frame-problem")


def test_a_video_that_is_gone_is_reported_in_the_picture(tmp_path, dance_video, make_data, make_server, open_page):
    video = Path(shutil.copy(dance_video, tmp_path / "gone.mp4"))
    server = make_server(make_data(tmp_path / "data", 4, 30, video=video))
    video.unlink()
    with open_page(server) as page:
        page.press_keys("f")
        page.wait_for_words("gone.mp4", "#frame-problem")
