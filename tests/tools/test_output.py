"""What commands print: whole lines that can be copied, and words that agree with their numbers."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.table import Table

from tools.run.output import count, note, number_table, say, sentence, show, write_json
from tools.run.progress import counted_calls, progress
from tracker.types import InputError

LONG = "/very/long path/" + "x" * 300 + "/[red]/:smile:/video.mp4"


@pytest.mark.parametrize("columns", ["40", "400"])
def test_a_line_is_printed_as_it_is_however_narrow_the_terminal(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", columns)
    say(f"results in {LONG}/")
    note(f"{LONG} has no sound")
    assert capsys.readouterr().out == f"results in {LONG}/\nnote: {LONG} has no sound\n"


def test_a_table_in_a_pipe_is_as_wide_as_it_needs_to_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "40")
    table = Table("id", "seen in", box=None)
    table.add_row("1", "monday " * 60)
    show(table)
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("name", ["dance [final]", "dance [dQw4w9WgXcQ]", "x[/b]", "dance :fire:"])
def test_names_with_brackets_stand_whole_in_tables_and_on_the_bar(name: str, capsys: pytest.CaptureFixture[str]):
    """Rich reads them as markup: a video's name would lose them, and its path in the table would be none."""
    table = number_table("source", ("frames",), title=name)
    table.add_row(f"videos/{name}.mp4", "60")
    show(table)
    for _ in progress([1], 1, name):
        pass
    out, err = capsys.readouterr()
    assert f"videos/{name}.mp4" in out
    assert out.startswith(name)
    assert f"{name} " in err


def test_a_long_name_leaves_room_for_the_bar_and_its_numbers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """As titles of downloaded videos are; the bar was pushed out of a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    for _ in progress([1], 1, "Dance Practice " * 6):
        pass
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Dance Practice Dance Practice")
    assert " ━━━━━" in line
    assert " 1/1 " in line


def test_of_nothing_done_no_bar_stays(capsys: pytest.CaptureFixture[str]):
    """One that was left before its first item was counted stood as 0/? among the lines."""
    for _ in progress([1], None, "who is who"):
        break
    with counted_calls(len, 2, "encoded", "crops"):
        pass
    assert not capsys.readouterr().err.strip()


def test_words_agree_with_their_numbers():
    assert [count(number, "person", "people") for number in (0, 1, 2)] == ["0 people", "1 person", "2 people"]
    assert [count(number, "crop") for number in (0, 1, 2)] == ["0 crops", "1 crop", "2 crops"]


def test_passwords_of_addresses_are_not_printed(capsys: pytest.CaptureFixture[str]):
    """Neither in a note nor in the sentence of an error; the rest of the words stays, another @ in them, too."""
    told = "rtsp://ada:secret@stage:554/1 went away; http://stage/x?token=secret is not: mail bea@stage"
    shown = "rtsp://ada:***@stage:554/1 went away; http://stage/x?token=*** is not: mail bea@stage"
    note(told)
    assert capsys.readouterr().out == f"note: {shown}\n"
    assert sentence(InputError(told)) == shown
    told = "rtsp://stage:554 is not there: mail bea@stage"
    assert sentence(InputError(told)) == told


def test_json_goes_into_a_pipe_or_device_and_takes_no_place_of_one(tmp_path: Path):
    pipe, device = tmp_path / "pipe", tmp_path / "nothing"
    device.symlink_to(os.devnull)
    write_json({"hota": 86.8}, device)
    assert device.is_char_device()
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as reader:
        found = reader.submit(pipe.read_text)
        write_json({"hota": 86.8}, pipe)
        assert pipe.is_fifo()
        assert json.loads(found.result()) == {"hota": 86.8}
