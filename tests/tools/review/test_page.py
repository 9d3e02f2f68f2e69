"""The review's page in a browser: every action by keyboard or pointer ends up in edits.json and survives a reload."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def crop(person: int, frame: int) -> str:
    return f"{person:04d}_{frame:06d}.jpg"


def test_doubtful_people_stand_first_and_each_row_names_its_person(page):
    assert page.people() == [3, 2, 1, 0]
    facts = page.inner_text('.person[data-number="3"] .facts')
    assert "dance" in facts
    assert "30 crops" in facts
    assert "0.0 s \N{EN DASH} 1.0 s" in facts
    assert "doubt 0.60" in facts
    page.select_option("#order", "number")
    assert page.people() == [0, 1, 2, 3]


def test_two_people_are_merged_into_the_marked_one_and_undo_parts_them(page, served):
    page.go_to(2)
    page.press_keys("k")
    page.go_to(1)
    page.press_keys("m")
    page.wait_for_words("Person 1 is now part of 2.")
    assert page.people() == [3, 2, 0]
    assert page.count(2) == 60
    assert "60 share a frame" in page.inner_text('.person[data-number="2"] .facts')
    assert served.edits() == [{"do": "merge", "people": [2, 1]}]
    page.press_keys("u")
    page.wait_for_words("Undone: person 1 made part of person 2.")
    assert sorted(page.people()) == [0, 1, 2, 3]
    assert served.edits() == []
    page.press_keys("r")
    page.wait_for_words("Done again: person 1 made part of person 2.")
    assert served.edits() == [{"do": "merge", "people": [2, 1]}]


def test_merging_without_a_mark_says_what_to_do(page, served):
    page.press_keys("m")
    page.wait_for_words("Mark the person to merge with first")
    assert served.edits() == []


def test_a_row_is_split_at_the_crop_and_the_new_person_stands_below(page, served):
    page.go_to(1)
    page.press_keys(*["ArrowRight"] * 12, "s")
    page.wait_for_words(f"From {crop(1, 12)} on it is person 4.")
    assert page.people() == [3, 2, 1, 4, 0]
    assert (page.count(1), page.count(4)) == (12, 18)
    assert served.edits() == [{"do": "split", "person": 1, "from": crop(1, 12)}]


def test_a_range_is_chosen_with_shift_and_thrown_out(page, served):
    page.go_to(3)
    page.press_keys("ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "x")
    page.wait_for_words("3 crops thrown out.")
    assert page.count(3) == 27
    assert served.edits() == [{"do": "drop", "images": [crop(3, 1), crop(3, 2), crop(3, 3)]}]


def test_the_last_crops_of_a_row_can_be_thrown_out_and_the_row_goes(page, served):
    page.go_to(3)
    page.press_keys("a", "Delete")
    page.wait_for_words("30 crops thrown out.")
    assert page.people() == [2, 1, 0]
    page.wait_for_selector('.person.here[data-number="2"]')


def test_chosen_crops_move_to_a_typed_number_or_to_a_new_person(page, served):
    page.go_to(0)
    page.press_keys(" ", "ArrowRight")
    page.press_keys("Escape", "t")
    page.keyboard.press("2")
    page.wait_for("#prompt[open]")
    page.press_keys("Enter")
    page.wait_for_words("15 crops moved to person 2.")
    assert (page.count(0), page.count(2)) == (15, 45)
    page.press_keys("Home", "n")
    page.wait_for_words("1 crop moved to person 4.")
    assert page.count(4) == 1
    assert [edit["person"] for edit in served.edits()] == [2, "new"]


def test_a_number_of_no_person_is_refused_in_a_sentence_and_nothing_is_saved(page, served):
    page.press_keys("9")
    page.wait_for("#prompt[open]")
    page.press_keys("Enter")
    page.wait_for_words("There is no person 9.", "#prompt-wrong")
    page.press_keys("1")
    assert page.input_value("#prompt-number") == "1", "the question stays, and the next digit begins anew"
    page.press_keys("Escape")
    assert served.edits() == []


def test_the_pointer_does_what_the_keyboard_does(page, served):
    row = '.person[data-number="2"] .crop'
    page.click(f'{row}[data-column="1"]')
    page.click(f'{row}[data-column="3"]', modifiers=["Shift"])
    page.click(f'{row}[data-column="5"]', modifiers=["Control"])
    page.click('[data-do="drop"]')
    page.wait_for_words("4 crops thrown out.")
    assert served.edits()[0]["images"] == [crop(2, frame) for frame in (1, 2, 3, 5)]
    page.click('[data-do="undo"]')
    page.wait_for_words("Undone: 4 crops thrown out.")
    page.click('.person[data-number="1"] .facts')
    page.click('.person[data-number="1"] .facts')
    page.click('.person[data-number="0"] .facts')
    page.click('[data-do="merge"]')
    page.wait_for_words("Person 0 is now part of 1.")


def test_a_reload_keeps_everything_and_so_does_another_server(page, served):
    page.go_to(1)
    page.press_keys("ArrowRight", "s")
    page.wait_for_words("person 4")
    page.reload()
    page.wait_for("html[data-ready]")
    assert sorted(page.people()) == [0, 1, 2, 3, 4]
    assert "1 edit " in page.inner_text("#where")


def test_edits_written_by_hand_are_taken_in_and_a_stale_page_does_not_write_over_them(page, served):
    (served.folder / "edits.json").write_text(json.dumps({"version": 1, "edits": [{"do": "merge", "people": [0, 1]}]}))
    page.go_to(3)
    page.press_keys("x")
    page.wait_for_words("The edits were changed elsewhere")
    assert page.people() == [3, 2, 0]
    assert served.edits() == [{"do": "merge", "people": [0, 1]}]
    page.press_keys("x")
    page.wait_for_words("1 crop thrown out.")
    assert len(served.edits()) == 2


def test_export_writes_a_new_folder_beside_the_data_and_leaves_the_original(page, served):
    before = {path: path.read_bytes() for path in served.folder.rglob("*") if path.is_file()}
    page.go_to(3)
    page.press_keys("x")
    page.wait_for_words("1 crop thrown out.")
    page.click('[data-do="export"]')
    page.wait_for_words("Written to ")
    out = Path(page.inner_text("#message").removeprefix("Written to ").split(",")[0])
    assert out.parent == served.folder.parent.resolve()
    assert len(list((out / "images").iterdir())) == 119
    assert (out / "mot" / "dance" / "gt" / "gt.txt").read_text().count("\n") == 119
    assert all(path.read_bytes() == content for path, content in before.items())


def test_only_the_video_chosen_is_shown_and_thumbnails_can_stand_for_several_crops(page, served):
    page.select_option("#filter", "0")
    assert len(page.people()) == 4
    page.select_option("#every", "10")
    page.go_to(1)
    # pieces of 15 crops make groups of 10 and 5
    columns = page.locator('.person[data-number="1"] .crop')
    assert columns.count() == 4
    page.press_keys("ArrowRight", "x")
    page.wait_for_words("5 crops thrown out.")
    assert served.edits()[0]["images"] == [crop(1, frame) for frame in range(10, 15)]


def test_the_whole_way_works_by_keyboard_with_the_focus_seen_and_spoken(page, served):
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") == "people"
    page.press_keys("ArrowDown", "ArrowRight")
    active = page.get_attribute("#people", "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-label").startswith("person 2, frame 1, 0.03 s")
    outline = page.evaluate("id => getComputedStyle(document.getElementById(id)).outlineStyle", active)
    assert outline == "solid"
    page.press_keys("?")
    page.wait_for_selector("#help[open]")
    assert "merge another row into the marked one" in page.inner_text("#help")
    page.press_keys("Escape")
    page.wait_for_selector("#help", state="hidden")
    page.press_keys("x")
    page.wait_for_words("1 crop thrown out.")
    page.press_keys("f")
    page.wait_for_selector("#frame[open]")
    page.press_keys("Escape")
    assert page.evaluate("document.activeElement.id") == "people"
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, select, input, [role=grid]')]"
        ".filter(e => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).length"
    )
    assert unnamed == 0


def test_the_nearest_crop_is_one_of_the_same_video(page):
    """A person merged across two videos; 4 s into the second, and into a third where they are not."""
    nearest = """async () => { const { Cursor } = await import("/page/cursor.js");
        const groups = [0, 1, 2, 3].map((crop) => ({ crops: [crop] }));
        const data = { time: [0, 4, 1, 9], video: [0, 0, 1, 1] };
        const cursor = new Cursor({ data }, { rows: new Map([[7, { strip: { groups } }]]) });
        cursor.number = 7;
        return [cursor.nearest(1, 4), cursor.nearest(2, 4)]; }"""
    assert page.evaluate(nearest) == [2, 1]


def test_strips_are_reached_by_tab_and_keep_the_keys_of_all_rows(page, served):
    assert page.people() == [3, 2, 1, 0]
    page.press_keys("ArrowRight", "Tab", "Tab")
    strip = '.person[data-number="2"] .strip'
    assert page.evaluate("strip => document.activeElement === document.querySelector(strip)", strip)
    page.wait_for_selector('.person.here[data-number="2"]')
    active = page.get_attribute(strip, "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-label").startswith("person 2, frame 1,")
    assert page.get_attribute(strip, "aria-label") == "person 2, 30 crops, dance"
    page.press_keys("ArrowDown", "x")
    page.wait_for_words("1 crop thrown out.")
    assert served.edits() == [{"do": "drop", "images": [crop(1, 1)]}]


def test_a_row_without_cells_as_it_is_out_of_sight_says_so(page):
    page.set_viewport_size({"width": 1200, "height": 200})
    last = '.person[data-number="0"] .strip'
    page.wait_for_selector(f'{last}[aria-busy="true"]:not(:has(.crop))', state="attached")
    page.press_keys("Tab", "Tab", "Tab", "Tab")
    page.wait_for_selector(f'{last}:focus[aria-busy="false"] .crop')


def test_the_rows_are_a_grid_in_the_one_main_part_of_the_page(page):
    roles = page.evaluate(
        "[...document.querySelectorAll('main, main > *, .person, .person > *')].map(e => e.localName + (e.role ?? ''))"
    )
    assert roles == ["main", "divgrid", *(["divrowgroup", "divrow", "divrow"] * 4)]
    assert page.locator(".crop").count() == page.locator(".strip[role=row] .crop[role=gridcell]").count() > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_in_light_and_dark(page, scheme):
    page.emulate_media(color_scheme=scheme)
    ink, ground = page.evaluate(
        "['color', 'backgroundColor'].map(name => getComputedStyle(document.body)[name].match(/\\d+/g).map(Number))"
    )

    def luminance(rgb: list[int]) -> float:
        linear = [value / 3294.6 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in rgb]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted([luminance(ink), luminance(ground)], reverse=True)
    assert (bright + 0.05) / (dim + 0.05) > 7


def test_the_toolbar_is_one_line_on_a_common_screen_and_wraps_as_a_whole(page):
    page.evaluate("""() => { document.querySelector("#folder").textContent = "an-evening-of-dance";
        document.querySelector("#filter").append(new Option("a_video_with_a_long_name")); }""")
    for width, lines in ((1280, 1), (1000, 2)):
        page.set_viewport_size({"width": width, "height": 700})
        tops = page.evaluate("[...document.querySelectorAll('header .tools button')].map((one) => one.offsetTop)")
        assert len(set(tops)) == 1
        assert page.evaluate("document.querySelector('header.bar').offsetHeight") <= 45 * lines


def test_one_edit_is_an_edit_and_one_crop_a_crop(page):
    page.go_to(3)
    page.press_keys("n")
    page.wait_for_words("moved to person 4")
    page.wait_for_words("1 edit ", where="#where")
    assert page.text_content('.person[data-number="4"] .facts p:nth-of-type(2)') == "1 crop"


def test_keys_are_the_rows_after_a_list_above_was_used(page):
    page.click("#order")
    page.press_keys("ArrowDown", "Enter")
    assert page.people() == [0, 1, 2, 3]
    page.go_to(1)
    page.press_keys("ArrowDown")
    page.wait_for_selector('.person.here[data-number="2"]')
    page.focus('[data-do="help"]')
    page.press_keys("ArrowDown")
    page.wait_for_selector('.person.here[data-number="3"]')


def test_where_nobody_is_left_keys_say_so(page, served):
    for _ in range(4):
        page.press_keys("a", "x")
    page.wait_for_selector(".empty")
    for key in ("x", "n", "s", "k", "5", "f"):
        page.press_keys("Escape")
        page.press_keys(key)
        page.wait_for_words("Nobody is left in these rows.")
    assert len(served.edits()) == 4


def test_a_phone_shows_what_is_said_below_the_counts_and_whole(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.go_to(1)
    page.press_keys("t", "2", "Enter")
    page.wait_for_words("15 crops moved to person 2.")
    page.click('[data-do="export"]')
    page.wait_for_words("15 crops are left out, as the person has a better one in the same frame: ")
    assert page.inner_text("#message").endswith(".jpg, ...")
    where, said = (page.query_selector(one).bounding_box() for one in ("#where", "#message"))
    assert said["y"] >= where["y"] + where["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_all_crops_of_a_person_need_no_new_person(page, served):
    page.go_to(1)
    page.press_keys("a", "n")
    page.wait_for_words("These are all crops of person 1; they would only get another number.")
    assert served.edits() == []
