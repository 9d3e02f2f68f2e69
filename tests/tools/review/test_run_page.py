"""The page of a run in a browser: every edit, its undo, what is saved, and what a reload shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.review.corrections import corrected
from tools.run.tracked_run import read_run

WIDTH = 320


def rows(page: Any) -> list[int]:
    return [int(row.get_attribute("data-number")) for row in page.query_selector_all(".someone")]


def dancers(served: Any, person: int) -> list[int]:
    """Which dancer the corrected tracks have under a number, from frame to frame; see `box_of`."""
    tracks = corrected(read_run(served.folder), fill_gaps=0.0).tracks
    boxes = [(rows.frame, rows.xyxy[rows.ids == person]) for rows in tracks]
    return [round((float(xyxy[0, 0]) - 10 - 2 * frame) / 70) for frame, xyxy in boxes if len(xyxy)]


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    box = page.query_selector("#overlay").bounding_box()
    scale = box["width"] / WIDTH
    page.mouse.move(box["x"] + start[0] * scale, box["y"] + start[1] * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + end[0] * scale - 3, box["y"] + end[1] * scale - 3)
    page.mouse.move(box["x"] + end[0] * scale, box["y"] + end[1] * scale)
    page.mouse.up()


def test_a_row_a_person_with_pictures_and_a_timeline_that_says_when(run):
    assert rows(run) == [1, 2, 3, 4, 7]
    words = run.get_attribute('.someone[data-number="4"] .timeline', "aria-label")
    assert words == "There from 0.0 to 0.3 s, 0.7 to 1.0 s."
    run.wait_for_function("() => document.querySelector('.face').naturalWidth == 84")
    # at 30 frames/s from frame 0 to 29, as report.html counts it: the 0.4 s between are no absence
    assert run.text_content('.someone[data-number="4"] small') == "1.0 s"
    assert run.locator('.someone[data-number="1"] .face').count() == 12


def test_two_are_swapped_from_a_frame_on_and_undo_redo_and_a_reload_keep_up(run, served_run):
    run.choose(2)
    run.go_to_frame(10)
    run.press_keys("w", "3", "Enter")
    run.wait_for_words("2 and 3 swapped from frame 10 on.")
    swapped = [{"do": "swap", "video": "dance", "people": [2, 3], "from_frame": 10}]
    assert served_run.edits() == swapped
    assert (dancers(served_run, 2), dancers(served_run, 3)) == ([1] * 30, [2] * 30)
    run.press_keys("u")
    run.wait_for_words("Undone: person 2 and person 3 swapped from frame 10 on.")
    assert served_run.edits() == []
    run.press_keys("Control+y")
    run.wait_for_words("Done again: person 2 and person 3 swapped")
    run.reload()
    run.wait_for("html[data-ready]")
    run.wait_for_words("1 edit ", "#where")
    assert served_run.edits() == swapped


def test_a_question_stays_though_the_browser_tells_late_that_the_one_before_is_closed(run, served_run):
    run.choose(2)
    run.press_keys("g", "1", "0", "Enter", "w")
    run.wait_for("#prompt[open]")
    run.evaluate("() => document.querySelector('#prompt').dispatchEvent(new Event('close'))")
    run.press_keys("3", "Enter")
    run.wait_for_words("2 and 3 swapped from frame 10 on.")
    run.press_keys("w", "Escape", "w", "4", "Enter")  # given up, and asked again at once
    run.wait_for_words("2 and 4 swapped from frame 10 on.")
    assert [edit["people"] for edit in served_run.edits()] == [[2, 3], [2, 4]]


def test_a_time_leads_to_its_frame(run):
    run.press_keys("g", *"0:00.5", "Enter")
    run.at_frame(15)
    run.press_keys("g", *"1.5", "Enter")
    run.wait_for_words("Give a frame's number, or a time as m:ss.", "#prompt-wrong")
    run.press_keys("Control+a", *"9:00", "Enter")
    run.at_frame(29)


def test_who_is_given_to_somebody_in_sight_takes_that_place_and_it_is_told(run, served_run):
    """From frame 20 on 2 and 3 are there together, for ten frames."""
    run.choose(2)
    run.go_to_frame(20)
    run.press_keys("3", "Enter")
    run.wait_for_words("2 is 3 from here on. Both were there in 10 frames, where one box of 3 is gone")
    assert dancers(served_run, 3) == [2] * 10 + [1] * 10 + [2] * 10
    run.press_keys("u")
    run.wait_for_words("Undone")
    assert run.get_attribute(".someone.here", "data-number") == "2"


def test_a_person_is_merged_into_another_all_along(run, served_run):
    run.choose(7)
    run.press_keys("m", "4", "Enter")
    run.wait_for_words("Person 7 is now part of 4.")
    assert rows(run) == [1, 2, 3, 4]
    assert dancers(served_run, 4) == [3] * 22


def test_a_split_makes_a_new_person_and_a_marked_stretch_goes_to_somebody(run, served_run):
    run.choose(2)
    run.go_to_frame(10)
    run.press_keys("s")
    run.wait_for_words("From here on it is person 8.")
    assert dancers(served_run, 8) == [2] * 20
    run.go_to_frame(14)
    run.press_keys("k")
    run.go_to_frame(17)
    run.press_keys("7", "m")
    run.wait_for_words("8 is 7 from 14 to 17.")
    assert dancers(served_run, 7) == [3, 3, 2, 2, 2, 2]
    run.press_keys("1", "n")
    run.wait_for_words("7 is 9 from here on.")
    assert dancers(served_run, 9) == [2]


def test_what_is_so_already_is_said_and_leaves_nothing_to_undo(run, served_run):
    run.choose(2)
    run.press_keys("n")
    run.keyboard.insert_text("Bea")
    run.press_keys("Enter")
    run.wait_for_words("Person 2 is called Bea.")
    run.press_keys("n", "Enter")  # the name is there already
    run.wait_for_words("That is so already; nothing was changed")
    run.go_to_frame(5)
    run.press_keys("k")
    run.wait_for_words("Frame 5 is marked.")
    run.press_keys("2", "Enter")
    run.wait_for_words("That is so already; nothing was changed")
    run.press_keys("k")
    run.wait_for_words("No frame is marked.")
    assert [edit["do"] for edit in served_run.edits()] == ["rename"]
    run.press_keys("1", "Enter")
    run.wait_for_words("2 Bea is 1 from here on.")
    run.press_keys("u")
    run.wait_for_words("Undone: Bea given to person 1 from frame 5 on.")


def test_a_long_name_is_cut_on_the_video_and_whole_in_its_title(run):
    run.choose(1)
    run.press_keys("n")
    run.keyboard.insert_text("Bartholomew Longfellow the Third")
    run.press_keys("Enter")
    run.wait_for_words("Person 1 is called")
    run.wait_for_function(
        "() => [...document.querySelectorAll('.tag')].some(one => /^1 Barthol.*…$/.test(one.textContent))"
    )
    assert run.evaluate("document.querySelector('#overlay title').textContent") == "1 Bartholomew Longfellow the Third"


def test_labels_of_boxes_at_the_edge_lie_within_the_picture(run, served_run):
    run.choose(7)
    run.press_keys("n")
    run.keyboard.insert_text("Bartholomew")
    run.press_keys("Enter")
    run.wait_for_words("Person 7 is called Bartholomew.")
    for start in ((300, 2), (2, 2)):
        drag(run, start, (start[0] + 14, 60))
        run.wait_for_words("Box of person 7 Bartholomew set.")
        run.wait_for_selector('#overlay .tag:has-text("7 Barth")')
        frame = run.query_selector("#overlay").bounding_box()
        label = run.query_selector('#overlay .tag:has-text("7 Barth")').bounding_box()
        for side, length in (("x", "width"), ("y", "height")):
            assert frame[side] <= label[side]
            assert label[side] + label[length] <= frame[side] + frame[length]
        run.press_keys("u")
        run.wait_for_words("Undone: the box of Bartholomew in frame 0 set.")


def test_the_cast_is_marked_with_a_key_each_and_the_others_dropped_with_one(run, served_run):
    run.choose(1)
    run.press_keys("c", "c", "c")
    run.wait_for_words("3 is one of the cast.")
    run.wait_for_words("cast of 3", "#where")
    run.reload()
    run.wait_for_words("cast of 3", "#where")
    run.press_keys("Shift+C")
    run.wait_for_words("2 others dropped; the cast of 3 stays.")
    assert rows(run) == [1, 2, 3]
    assert served_run.edits() == [{"do": "keep", "people": [1, 2, 3]}]
    run.press_keys("Delete")
    run.wait_for_words("is gone.")
    assert len(rows(run)) == 2


@pytest.mark.parametrize("name", ["W" * 60, "illi" * 15, "👩‍👩‍👧" * 9])
def test_a_label_is_as_wide_as_its_words(run, name: str):
    run.choose(1)
    run.press_keys("n")
    run.keyboard.insert_text(name)
    run.press_keys("Enter")
    run.wait_for_selector('#overlay .tag:has-text("…")')
    tag = run.query_selector('#overlay .tag:has-text("…")')
    words, label = tag.bounding_box(), tag.evaluate_handle("tag => tag.previousSibling").bounding_box()
    assert label["x"] <= words["x"]
    assert words["x"] + words["width"] <= label["x"] + label["width"] <= words["x"] + words["width"] + 24


@pytest.mark.parametrize("name", ['"Ada" & <b>', "小明 🕺", "ليلى", "O'Hara"])
def test_names_appear_as_typed_and_reach_the_files(run, served_run, name: str):
    run.choose(1)
    run.press_keys("n")
    run.keyboard.insert_text(name)
    run.press_keys("Enter")
    run.wait_for_words(f"Person 1 is called {name}.")
    assert run.inner_text('.someone[data-number="1"] .name') == name
    run.wait_for_function("name => [...document.querySelectorAll('.tag')].some(one => one.textContent.endsWith(name))",
                          arg=name)  # fmt: skip
    run.press_keys("e")
    run.wait_for_words("Written to ")
    overview = json.loads((served_run.folder / "corrected" / "tracks.json").read_text(encoding="utf-8"))
    assert overview["people"][0]["name"] == name


def test_the_detectors_boxes_are_offered_in_a_gap_and_taken_with_one_key(run, served_run):
    run.choose(4)
    run.go_to_frame(17)
    run.press_keys("a")
    run.wait_for_words("6 boxes of the detector taken.")
    (edit,) = served_run.edits()
    assert (edit["do"], edit["frames"]) == ("boxes", [14, 15, 16, 17, 18, 19])
    assert dancers(served_run, 4) == [3] * 26
    run.press_keys("u")
    run.wait_for_words("Undone: 6 boxes of the detector given to person 4.")


def test_a_spare_box_that_is_clicked_becomes_somebody_new_where_the_chosen_one_is_there(run, served_run):
    run.choose(1)
    run.go_to_frame(16)
    run.click(".take")
    run.wait_for_words("The detector's boxes are person 8's.")
    assert dancers(served_run, 8) == [3] * 6


def test_a_gap_is_filled_by_lines_that_leave_boxes_drawn_by_hand_where_they_are(run, served_run):
    run.choose(4)
    run.go_to_frame(15)
    drag(run, (200, 20), (240, 120))
    run.wait_for_words("Box of person 4 set.")
    run.go_to_frame(12)
    run.press_keys("i")
    run.wait_for_words("Boxes between 9 and 15 lie on straight lines.")
    run.go_to_frame(16)
    run.press_keys("i")
    run.wait_for_words("Boxes between 15 and 20 lie on straight lines.")
    run.go_to_frame(8)
    run.press_keys("k")
    run.go_to_frame(20)
    run.press_keys("i")
    run.wait_for_words("Boxes between 8 and 20 lie on straight lines.")
    tracks = corrected(read_run(served_run.folder), fill_gaps=0.0).tracks
    left = {rows.frame: float(rows.xyxy[rows.ids == 4][0, 0]) for rows in tracks}
    assert left[15] == pytest.approx(200, abs=1)
    assert left[12] == pytest.approx(236 - 36 * 4 / 7, abs=1)  # from 10 + 3 * 70 + 2 * 8 to 200 in 7 frames


def test_a_box_drawn_within_another_is_a_new_one_and_alt_moves_instead(run, served_run):
    run.choose(4)
    run.go_to_frame(12)
    drag(run, (15, 60), (35, 120))  # across the box of person 1
    run.wait_for_words("Box of person 4 set.")
    assert [edit["person"] for edit in served_run.edits()] == [4]
    run.choose(1)
    run.go_to_frame(13)
    run.keyboard.down("Alt")
    drag(run, (50, 90), (60, 90))
    run.keyboard.up("Alt")
    run.wait_for_words("Box of person 1 set.")
    assert served_run.edits()[1]["xyxy"] == pytest.approx([46, 40, 76, 140], abs=1)


def test_what_is_drawn_ends_at_the_edge_of_the_picture(run, served_run):
    run.choose(7)
    drag(run, (280, 100), (345, 240))
    run.wait_for_words("Box of person 7 set.")
    assert served_run.edits()[0]["xyxy"] == pytest.approx([280, 100, 320, 180], abs=1)
    assert max(served_run.edits()[0]["xyxy"]) == 320
    run.wait_for_selector(".handle[data-edge=nw]")
    drag(run, (280, 100), (-20, -40))
    run.wait_for_words("2 edits", where="#where")
    assert served_run.edits()[1]["xyxy"] == [0, 0, 320, 180]


def test_space_plays_and_stops_and_arrows_step(run):
    run.press_keys("ArrowRight", "ArrowRight", "ArrowLeft")
    run.at_frame(1)
    run.press_keys(" ")
    run.wait_for_function("() => Number(document.querySelector('#picture').dataset.frame) > 3")
    run.press_keys(" ")
    run.wait_for_function("() => document.querySelector('#play').textContent == 'Play'")
    run.press_keys("End")
    run.at_frame(29)
    run.press_keys("Shift+ArrowLeft")
    run.at_frame(19)


def test_while_it_plays_the_box_that_is_pressed_is_the_one_in_the_picture_that_is_seen(run, served_run):
    """The pictures from 20 on do not come."""
    run.evaluate("""() => { const { decode } = HTMLImageElement.prototype;
        HTMLImageElement.prototype.decode = function () {
            return /frame=2\\d/.test(this.src) ? new Promise(() => {}) : decode.call(this); }; }""")
    run.press_keys(" ")
    run.wait_for_function("() => Number(/frame (\\d+)/.exec(document.querySelector('#clock').textContent)[1]) >= 20")
    shown = int(run.get_attribute("#picture", "data-frame"))
    assert shown < 20
    run.keyboard.down("Alt")
    left = 10 + 2 * shown
    drag(run, (left + 5, 90), (left + 25, 90))
    run.keyboard.up("Alt")
    run.wait_for_words("Box of person 1 set.")
    (edit,) = served_run.edits()
    assert (edit["person"], edit["frame"], edit["xyxy"][0]) == (1, shown, pytest.approx(left + 20, abs=1))
    assert run.inner_text("#play") == "Play"
    assert run.get_attribute("#picture", "data-frame") == str(shown)


def test_a_question_stops_the_video_at_the_frame_that_the_edit_is_about(run, served_run):
    run.press_keys(" ")
    run.wait_for_function("() => Number(document.querySelector('#picture').dataset.frame) > 3")
    run.press_keys("2")
    run.wait_for("#prompt[open]")
    assert run.inner_text("#play") == "Play"
    shown = int(run.get_attribute("#picture", "data-frame"))
    run.press_keys("Enter")
    run.wait_for_words("1 is 2 from here on.")
    assert served_run.edits()[0]["from_frame"] == shown
    assert f"frame {shown} of" in run.inner_text("#clock")


def test_boxes_go_and_a_person_can_be_absent(run, served_run):
    run.choose(1)
    run.go_to_frame(5)
    run.press_keys("x")
    run.wait_for_words("The box of 1 is gone; a straight line fills its place.")
    assert len(dancers(served_run, 1)) == 29
    run.press_keys("x")
    run.wait_for_words("No box of 1 in this frame.")
    run.press_keys("k")
    run.go_to_frame(7)
    run.press_keys("Shift+X")
    run.wait_for_words("1 is absent from 5 to 7.")
    assert len(dancers(served_run, 1)) == 27


def test_where_there_is_a_box_there_is_no_gap_for_a_line(run, served_run):
    run.choose(1)
    run.go_to_frame(5)
    run.press_keys("i")
    run.wait_for_words("There is no gap here.")
    assert served_run.edits() == []


def test_where_there_is_no_box_there_is_none_to_take_away(run, served_run):
    run.choose(7)
    run.go_to_frame(5)
    run.press_keys("x")
    run.wait_for_words("7 has no box in this frame.")
    assert served_run.edits() == []


def test_save_writes_files_that_are_truth_and_leaves_the_runs_own(run, served_run):
    before = (served_run.folder / "tracks.txt").read_bytes()
    run.choose(7)
    run.press_keys("Delete")
    run.wait_for_words("is gone")
    run.click('[data-do="save"]')
    run.wait_for_words("Written to ")
    folder = served_run.folder / "corrected"
    assert {path.name for path in folder.iterdir()} == {"tracks.txt", "tracks.csv", "tracks.json", "gt", "seqinfo.ini"}
    assert (folder / "gt" / "gt.txt").read_text().splitlines()[0] == "1,1,10.00,40.00,30.00,100.00,1,1,1"
    assert (served_run.folder / "tracks.txt").read_bytes() == before


def test_learn_from_this_cuts_the_people_out_of_the_video(run, served_run):
    run.click('[data-do="learn"]')
    run.wait_for_words(" crops written to ")
    people = json.loads((served_run.folder / "people" / "meta.json").read_text())["identities"]
    assert len(people) == 4  # the fifth is there too briefly
    assert all(len(own) >= 4 for own in people)


def test_a_finger_draws_a_box_and_presses_what_the_keys_do(served_run, chromium):
    (served_run.folder / "edits.json").unlink(missing_ok=True)
    phone = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = phone.new_page()
    page.set_default_timeout(120_000)
    page.goto(served_run.url)
    page.wait_for_selector("#picture[data-frame]")
    page.tap('.someone[data-number="4"] .who')
    page.tap('[data-do="on"]')
    page.wait_for_selector('#picture[data-frame="1"]')
    page.tap('[data-do="unbox"]')
    page.wait_for_function("() => document.querySelector('#message').textContent.startsWith('The box of 4 is gone')")
    box = page.query_selector("#overlay").bounding_box()
    scale = box["width"] / WIDTH
    touch = phone.new_cdp_session(page)
    for kind, x, y in (("Start", 230, 90), ("Move", 250, 100), ("Move", 270, 150)):
        point = {"x": box["x"] + x * scale, "y": box["y"] + y * scale}
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("() => document.querySelector('#message').textContent == 'Box of person 4 set.'")
    xyxy = served_run.edits()[-1]["xyxy"]
    assert all(abs(side - end) <= 1 for side, end in zip(xyxy, (230, 90, 270, 150), strict=True)), "drawn, not moved"
    page.dispatch_event('[data-do="undo"]', "click")  # a tap so soon after another touch may be taken for one gesture
    page.wait_for_function("() => document.querySelector('#message').textContent.startsWith('Undone: the box of')")
    phone.close()
    (edit,) = served_run.edits()
    assert (edit["do"], edit["frame"], edit["person"]) == ("unbox", 1, 4)


def test_a_phone_shows_it_all_and_nothing_sticks_out(run):
    run.set_viewport_size({"width": 390, "height": 844})
    assert run.evaluate("document.documentElement.scrollWidth") <= 390
    assert len(run.query_selector_all(".someone")) == 5


def test_a_phone_has_buttons_for_what_keys_do(run, served_run):
    run.set_viewport_size({"width": 390, "height": 844})
    places = [button.bounding_box() for button in run.query_selector_all("[data-do]")]
    assert all(place["x"] >= 0 and place["x"] + place["width"] <= 390 for place in places)
    run.choose(4)
    run.click('[data-do="acceptAll"]')
    run.wait_for_words("6 boxes of the detector taken.")
    run.click('[data-do="mark"]')
    run.click("#clock")
    run.wait_for("#prompt[open]")
    run.press_keys("3", "Enter")
    run.at_frame(3)
    run.click('[data-do="absent"]')
    run.wait_for_words("4 is absent from 0 to 3.")
    assert [edit["do"] for edit in served_run.edits()] == ["boxes", "unbox"]
    run.click('[data-do="previous"]')
    run.wait_for_words("There are no doubtful moments in this run.")


def test_a_shorter_part_of_the_video_can_be_had_by_a_button(tmp_path, make_run, make_server, open_page):
    folder = make_run(tmp_path / "run", {1: [(0, 0, 29)]})
    overview = folder / "tracks.json"
    overview.write_text(overview.read_text().replace('"frames": 30', '"frames": 120'))
    with open_page(make_server(folder)) as page:
        page.go_to_frame(24)
        now = "percent => document.querySelector('#people').style.getPropertyValue('--now') === percent"
        page.wait_for_function(now, arg="20%")
        page.click('[data-do="shorter"]')
        page.wait_for_function(now, arg="40%")
        page.click('[data-do="longer"]')
        page.wait_for_function(now, arg="20%")


def test_all_buttons_stand_in_one_line_on_a_laptop(run):
    tops = run.evaluate("[...document.querySelectorAll('.tools button')].map((one) => one.offsetTop)")
    assert len(set(tops)) == 1


def test_undo_and_redo_have_the_keys_that_other_programs_have(run, served_run):
    run.choose(1)
    run.press_keys("Delete")
    run.wait_for_words("Person 1 is gone.")
    for again in ("Control+Shift+Z", "Control+y"):
        run.press_keys("Control+z")
        run.wait_for_words("Undone: person 1 deleted.")
        run.press_keys(again)
        run.wait_for_words("Done again: person 1 deleted.")
    run.press_keys("Control+Z")  # as with Caps Lock
    run.wait_for_words("Undone: person 1 deleted.")
    assert served_run.edits() == []
