"""What the page of a run says: refusals, moments that there are not, marks of the cast, and long names on a phone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ONE_TAKEN = {1: [(0, 0, 9), (1, 11, 18), (0, 19, 29)], 2: [(1, 0, 9), (1, 20, 29)]}
"""Person 1's box is around the second dancer from 11 to 18, while person 2 is not seen: one doubtful moment."""
SURE = {1: [(0, 0, 29)], 2: [(1, 0, 29)]}


def message(page: Any) -> tuple[str, bool]:
    """What is said below, and whether in red."""
    said = page.query_selector("#message")
    return said.text_content(), "wrong" in (said.get_attribute("class") or "")


@pytest.mark.parametrize("name", ["Bartholomewlongfellowthird", "👩\u200d👩\u200d👧\u200d👦 Ana", "W" * 60])
def test_a_question_with_a_long_name_wraps_on_a_phone(run, name: str):
    run.set_viewport_size({"width": 390, "height": 844})
    run.choose(1)
    run.press_keys("n")
    run.keyboard.insert_text(name)
    run.press_keys("Enter")
    run.wait_for_words("Person 1 is called")
    run.press_keys("1")
    run.wait_for("#prompt[open]")
    assert run.inner_text("#prompt-question") == f"Person 1 {name} is really person"
    for part in ("#prompt", "#prompt-question", "#prompt label"):
        element = run.query_selector(part)
        assert element.evaluate("one => one.scrollWidth") <= element.evaluate("one => one.clientWidth")
    dialog = run.query_selector("#prompt").bounding_box()
    assert dialog["x"] >= 0
    assert dialog["x"] + dialog["width"] <= 390
    run.press_keys("Escape")


def test_a_name_that_is_another_persons_number_is_in_quotes(run):
    run.choose(4)
    run.press_keys("n", "7", "Enter")
    run.wait_for_words("Person 4 is called “7”.")
    run.press_keys("m")
    run.wait_for("#prompt[open]")
    assert run.inner_text("#prompt-question") == "Person 4 “7” is really person"
    run.press_keys("Escape")
    run.wait_for_selector("text=4 “7”")  # on the video
    run.press_keys("u")
    run.wait_for_words("Undone: person 4 called “7”.")


def test_before_the_first_moment_there_is_none_and_it_stays_chosen(
    tmp_path: Path, make_run: Callable[..., Path], make_server: Any, open_page: Any
):
    server = make_server(make_run(tmp_path / "run", ONE_TAKEN))
    chosen = '#moment-list button[aria-current="true"]'
    with open_page(server) as page:
        page.press_keys("Shift+D")
        page.wait_for_words("No doubtful moment before this frame.")
        page.press_keys("d")
        page.wait_for('#picture[data-frame="11"]')
        page.press_keys("Shift+D")
        page.wait_for_words("No doubtful moment before this one.")
        page.press_keys("d")
        page.wait_for_words("No other doubtful moment is open.")
        assert page.locator(chosen).count() == 1
        page.press_keys("l")
        page.wait_for_words("Every doubtful moment was looked at.")
        page.press_keys("l")
        page.wait_for_words("Not looked at.")
        assert [edit["do"] for edit in server.edits()] == ["look", "unlook"]
        page.press_keys("Delete")
        page.wait_for_words("is gone.")
        page.press_keys("Delete")
        page.wait_for_words("None left: the people of all of them are gone.", "#moment-list")
        page.press_keys("d")
        page.wait_for_words("No doubtful moments are left.")


def test_a_run_without_doubtful_moments_says_so(
    tmp_path: Path, make_run: Callable[..., Path], make_server: Any, open_page: Any
):
    with open_page(make_server(make_run(tmp_path / "run", SURE))) as page:
        page.wait_for_words("None: the tracker was sure of everybody.", "#moment-list")
        page.press_keys("d")
        page.wait_for_words("There are no doubtful moments in this run.")
        page.press_keys("Delete", "Delete")
        page.wait_for_words("None: there are no people.", "#moment-list")
        page.wait_for_words("A box that is drawn on the video is somebody new.", "#people")
        page.press_keys("s")
        page.wait_for_words("Nobody is here; draw a box on the video first.")
        left, top = (page.query_selector("#overlay").bounding_box()[side] + 40 for side in ("x", "y"))
        page.mouse.move(left, top)
        page.mouse.down()
        page.mouse.move(left + 60, top + 90)
        page.mouse.up()
        page.wait_for_words("Box of person 3 set.")
        page.wait_for_selector('.someone.here[data-number="3"]')


def test_an_undo_brings_the_mark_of_the_cast_back_as_a_reload_does(run):
    run.choose(2)
    run.press_keys("c")
    run.wait_for_words("2 is one of the cast.")
    run.choose(2)
    run.press_keys("Delete")
    run.wait_for_words("Person 2 is gone.")
    assert "cast" not in run.inner_text("#where")
    run.press_keys("u")
    run.wait_for_words("cast of 1", "#where")
    assert run.page.text_content('.someone[data-number="2"] .flag') == "cast"
    run.reload()
    run.wait_for_words("cast of 1", "#where")


def test_a_new_person_has_no_mark_of_one_whose_making_was_undone(run):
    run.choose(2)
    run.go_to_frame(10)
    run.press_keys("s")
    run.wait_for_words("From here on it is person 8.")
    run.press_keys("c")
    run.wait_for_words("8 is one of the cast.")
    run.press_keys("u")
    run.wait_for_words("Undone")
    run.choose(3)
    run.press_keys("s")
    run.wait_for_words("From here on it is person 8.")
    assert "cast" not in run.inner_text("#where")


@pytest.mark.parametrize("width", [820, 1000])
def test_title_and_buttons_take_two_lines_on_a_small_screen(run, width: int):
    run.set_viewport_size({"width": width, "height": 760})
    places = [button.bounding_box() for button in run.query_selector_all("header [data-do]")]
    assert len({place["y"] for place in places}) == 2
    assert run.query_selector("header").bounding_box()["height"] < 3 * places[0]["height"]
    assert run.inner_text("#folder") == "evening"


def test_a_refusal_is_a_sentence_and_goes_with_the_next_deed(run):
    run.choose(7)
    run.press_keys("m", "7", "Enter")
    run.wait_for_words("Person 7 cannot be merged with itself")
    run.press_keys("ArrowRight")
    run.wait_for('#picture[data-frame="1"]')
    assert message(run) == ("", False)
    run.press_keys("w", "7", "Enter")
    run.wait_for_words("Person 7 cannot be swapped with itself")
    assert message(run)[1]
    run.go_to_frame(5)
    assert message(run) == ("", False)
    run.press_keys("m", "9", "9", "Enter")
    run.wait_for_words("There is no person 99.", "#prompt-wrong")
    run.press_keys("7", "Enter")
    run.wait_for_words("Person 7 cannot be merged with itself")
    run.press_keys(" ")
    run.wait_for_function("() => document.querySelector('#play').textContent == 'Pause'")
    assert message(run) == ("", False)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("👩\u200d👩\u200d👧 " * 11, "A name may have 60 characters at most, and this one has 65"),
        ("A\u202eda", "This name holds invisible characters that turn the direction of writing: leave them out"),
    ],
)
def test_a_name_that_cannot_be_is_refused_without_escapes(run, served_run, name: str, said: str):
    run.choose(1)
    run.press_keys("n")
    run.keyboard.insert_text(name)
    run.press_keys("Enter")
    run.wait_for_words(said, "#prompt-wrong")
    run.wait_for_selector("#prompt[open]")
    assert served_run.edits() == []
    assert run.input_value("#prompt-number") == name, "it can be mended"
    run.press_keys("Control+a", *"Ada", "Enter")
    run.wait_for_words("Person 1 is called Ada.")
    run.press_keys("n")
    run.wait_for_selector("#prompt[open]")
    assert run.inner_text("#prompt-wrong") == ""
    run.press_keys("Enter")  # the name it has
    run.wait_for_selector("#prompt", state="hidden")
    assert not message(run)[1]


def test_a_frame_that_cannot_be_decoded_leaves_no_other_ones_picture_and_says_why_above_its_boxes(run):
    run.evaluate("""() => { const { decode } = HTMLImageElement.prototype;
        HTMLImageElement.prototype.decode = function () {
            const damaged = this.src.includes("frame=20&");
            return damaged ? Promise.reject(new Error("damaged there")) : decode.call(this); }; }""")
    seen = """() => { const still = document.querySelector("#still");
        const { data } = still.getContext("2d").getImageData(0, 0, still.width, still.height);
        return data.some((value) => value > 0); }"""
    run.go_to_frame(10)
    assert run.evaluate(seen)
    run.go_to_frame(20)
    assert run.inner_text("#frame-problem") == "damaged there"
    assert not run.evaluate(seen)
    assert run.locator("#overlay .body").count() == 4
    said = run.query_selector("#frame-problem").bounding_box()
    middle = [said["x"] + said["width"] / 2, said["y"] + said["height"] / 2]
    assert run.evaluate("([x, y]) => document.elementFromPoint(x, y).id", middle) == "frame-problem"
    run.go_to_frame(21)
    assert run.is_hidden("#frame-problem")


def test_playing_stops_where_the_server_no_longer_answers_and_says_so(
    tmp_path: Path, make_run: Callable[..., Path], make_server: Any, open_page: Any
):
    server = make_server(make_run(tmp_path / "run", SURE))
    with open_page(server) as page:
        page.wait_for("#picture[data-frame]")
        server.stop()
        page.press_keys(" ")
        page.wait_for_words("The review's server does not answer; was it stopped?", "#frame-problem")
        page.wait_for_selector("#play:text('Play')")
        shown = page.get_attribute("#picture", "data-frame")
        assert int(shown) < 29
        assert f"frame {shown} of" in page.inner_text("#clock")


def test_a_tab_of_a_review_that_has_ended_leaves_the_next_one_on_its_port_alone(
    tmp_path: Path, make_run: Callable[..., Path], make_server: Any, open_page: Any
):
    before = make_server(make_run(tmp_path / "before", SURE))
    with open_page(before) as page:
        page.wait_for("#picture[data-frame]")
        before.stop()
        after = make_server(make_run(tmp_path / "after", ONE_TAKEN), before.port)
        page.press_keys("Delete")
        page.wait_for_words("The edits were changed elsewhere; the page was brought up to date")
        assert page.inner_text("#folder") == "after"
        assert after.edits() == []
        page.press_keys("Delete")
        page.wait_for_words("Person 1 is gone.")
        assert len(after.edits()) == 1


def test_the_header_is_one_line_on_a_common_screen_and_no_button_is_cut_off_on_another(run):
    run.press_keys("End", "k")
    run.wait_for_words("marked: 29", "#frame-mark")
    last = "document.querySelector('[data-do=shorter]').getBoundingClientRect().right"
    pane = "document.querySelector('.player').getBoundingClientRect().right"
    for width in (1280, 830, 760, 701, 390):
        run.set_viewport_size({"width": width, "height": 720})
        assert run.evaluate(last) <= run.evaluate(pane)
        assert run.evaluate("document.documentElement.scrollWidth") == width
        assert width < 1280 or run.evaluate("document.querySelector('header.bar').offsetHeight") <= 45


def test_all_of_a_person_is_not_split_off(run, served_run):
    run.choose(7)
    run.go_to_frame(12)
    run.press_keys("s")
    run.wait_for_words("7 is nowhere else, so there is nothing to split off.")
    run.press_keys("ArrowRight")
    run.at_frame(13)
    run.press_keys("s")
    run.wait_for_words("From here on it is person 8.")
    assert len(served_run.edits()) == 1


def test_a_tab_one_comes_back_to_shows_what_another_did_and_a_name_typed_meanwhile_is_kept(run, served_run):
    def elsewhere(*edits: dict[str, Any]) -> None:
        (served_run.folder / "edits.json").write_text(json.dumps({"version": 1, "edits": edits}))

    called = {"do": "rename", "person": 2, "name": "Otto"}
    elsewhere(called)
    run.evaluate("() => window.dispatchEvent(new Event('focus'))")
    run.wait_for_selector('.someone[data-number="2"] .name:text("Otto")')
    run.choose(1)
    run.press_keys("n", *"Zed")
    elsewhere(called, {"do": "delete", "people": [7]})
    run.press_keys("Enter")
    run.wait_for_words("The edits were changed elsewhere", "#prompt-wrong")
    run.wait_for_selector("#prompt[open]")
    run.press_keys("Enter")
    run.wait_for_words("Person 1 is called Zed.")
    assert len(served_run.edits()) == 3


def test_the_help_says_what_the_signs_in_the_rows_are_and_long_names_have_two_lines(run):
    run.press_keys("?")
    run.wait_for_words("boxes that the detector has for this gap", "#help")
    run.press_keys("Escape", "n")
    run.keyboard.insert_text("Maria-Magdalena von Hohenstein")
    run.press_keys("Enter")
    run.wait_for_words("Person 1 is called")
    name = run.query_selector('.someone[data-number="1"] .name')
    assert name.evaluate("one => one.clientHeight / parseFloat(getComputedStyle(one).lineHeight)") == pytest.approx(
        2, 0.1
    )


def test_on_a_phone_moments_stay_in_sight_and_the_help_begins_at_its_top(
    tmp_path: Path, make_run: Callable[..., Path], make_server: Any, open_page: Any
):
    many = {id: [(id % 4, 0, 29)] for id in range(3, 9)}
    with open_page(make_server(make_run(tmp_path / "run", {**many, 9: ONE_TAKEN[1], 10: ONE_TAKEN[2]}))) as page:
        page.set_viewport_size({"width": 390, "height": 844})
        page.click('[data-do="next"]')
        page.wait_for_selector('.someone.here[data-number="9"]')
        page.wait_for_selector('#picture[data-frame="11"]')
        assert page.evaluate("window.scrollY") == 0
        page.press_keys("?")
        page.wait_for_selector("#help[open]")
        assert page.evaluate("document.querySelector('#help').scrollTop") == 0
        page.press_keys("Escape", "ArrowDown")
        page.wait_for_function("() => window.scrollY > 0")


def test_the_buttons_of_the_moments_stay_above_a_long_list(run):
    top = """() => { const list = document.querySelector("#moment-list");
        list.append(...Array.from({ length: 60 }, () => list.children[0].cloneNode(true)));
        list.children[30].scrollIntoView({ block: "nearest" });
        list.children[20].scrollIntoView({ block: "nearest" });
        const next = document.querySelector('[data-do="next"]').getBoundingClientRect();
        const seen = document.elementFromPoint(next.x + 5, next.y + 5).dataset.do;
        return [seen, next.bottom < list.children[20].getBoundingClientRect().top]; }"""
    assert run.evaluate(top) == ["next", True]


def test_people_are_named_by_a_click_on_them(run, served_run):
    run.set_viewport_size({"width": 390, "height": 844})
    run.choose(2)
    run.press_keys("n")
    run.keyboard.insert_text("W" * 60)
    run.press_keys("Enter")
    run.wait_for_words("Person 2 is called")
    run.choose(7)
    run.press_keys("m")
    run.wait_for_selector("#prompt[open]")
    chips = run.query_selector_all("#prompt-people button")
    assert [chip.inner_text() for chip in chips] == ["1", f"2 {'W' * 60}", "3", "4", "7"]
    dialog, long = run.query_selector("#prompt").bounding_box(), chips[1].bounding_box()
    assert long["x"] + long["width"] < dialog["x"] + dialog["width"]
    chips[3].click()
    run.wait_for_words("Person 7 is now part of 4.")
    run.press_keys("1")
    run.click("#prompt-people button:text-is('3')")  # there are several answers, so it is but the number
    run.press_keys("s")
    run.wait_for_words("4 and 3 swapped from frame 0 on.")
    run.press_keys("n")
    run.wait_for_selector("#prompt[open]")
    assert run.query_selector_all("#prompt-people button") == [], "a name is no person's"
    run.press_keys("Escape")
    assert served_run.edits()[1]["people"] == [4, 7]


@pytest.mark.parametrize("write", ["export", "learn"])
def test_a_tab_of_another_review_writes_nothing(run, served_run, write: str):
    before = sorted(served_run.folder.iterdir())
    status = """write => fetch(`/api/${write}`, { method: "POST", headers: { "content-type": "application/json" },
        body: JSON.stringify({ key: "that of another", revision: 0 }) }).then(({ status }) => status)"""
    assert run.evaluate(status, write) == 409
    assert sorted(served_run.folder.iterdir()) == before


def test_a_video_that_is_gone_is_told_once_and_no_picture_is_asked_for(
    tmp_path: Path, make_run: Callable[..., Path], dance_video: Path, make_server: Any, chromium: Any
):
    video = Path(shutil.copy(dance_video, tmp_path / "gone.mp4"))
    folder = make_run(tmp_path / "run", SURE)
    config = folder / "config.json"
    config.write_text(config.read_text().replace(str(dance_video), str(video)))
    video.unlink()
    server = make_server(folder)
    page = chromium.new_page(viewport={"width": 1200, "height": 820})
    page.set_default_timeout(120_000)  # a busy machine takes its time
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(server.url)
    page.wait_for_selector('#picture[data-frame="0"]')
    assert (
        page.inner_text("#frame-problem") == f"The video is no longer at {video}; put it back, or name it with --video"
    )
    page.keyboard.press("End")
    page.wait_for_selector('#picture[data-frame="29"]')
    assert page.locator("#overlay .body").count() == 2, "the boxes are there all the same"
    page.keyboard.press(" ")
    page.wait_for_selector("#play:text('Pause')")
    page.wait_for_selector("#play:text('Play')")
    page.close()
    assert [url for url in asked if "/frame" in url or "/likeness" in url] == []
    assert wrong == []
