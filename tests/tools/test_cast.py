"""Cast memory from the outside: `track --save-cast`, `track --cast-file` and `cast`."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from stage_play import ColourEmbedder

from tools.cast import CastCommand
from tools.run import parts, tracking
from tools.run.cast_files import CastFiles
from tools.track import TrackCommand
from tracker.drawing.render import RenderOptions
from tracker.results.cast_file import read_cast, write_cast
from tracker.types import InputError
from tracker.video.video_writer import VideoWriter

FPS, SECONDS = 10, 3
RED, BLUE, GREEN = (40, 40, 230), (230, 60, 40), (50, 220, 60)
LEFT, RIGHT = 60, 220
WITHOUT_NAMES = RenderOptions()


def shoot(folder: Path, name: str, *people: tuple[int, tuple[int, int, int]]) -> Path:
    """Three seconds of people standing in their colours, (left edge, colour), with their boxes beside the video."""
    image = np.zeros((240, 320, 3), np.uint8)
    for left, colour in people:
        image[60:180, left : left + 40] = colour
    rows = [f"{index + 1},-1,{left},60,40,120,0.9" for index in range(FPS * SECONDS) for left, _ in people]
    (folder / f"{name}.txt").write_text("\n".join(rows) + "\n")
    with VideoWriter(folder / f"{name}.mp4", width=320, height=240, fps=FPS) as writer:
        for index in range(FPS * SECONDS):
            writer.write(image, index / FPS)
    return folder / f"{name}.mp4"


@pytest.fixture(autouse=True, scope="module")
def by_colour() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "make_embedder", lambda weights, *_: weights and ColourEmbedder())
        yield


def encoder_in(folder: Path) -> Path:
    (folder / "colours.pt").write_text("stands for an encoder's weights")
    return folder / "colours.pt"


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return encoder_in(tmp_path)


def on_monday(folder: Path) -> Path:
    return shoot(folder, "monday", (LEFT, RED), (RIGHT, BLUE))


@pytest.fixture
def monday(tmp_path: Path) -> Path:
    return on_monday(tmp_path)


@pytest.fixture
def tuesday(tmp_path: Path) -> Path:
    """The one in red stands on the other side, and a person in green is where they were."""
    return shoot(tmp_path, "tuesday", (LEFT, GREEN), (RIGHT, RED))


def follow(video: Path, encoder: Path, draw: RenderOptions = WITHOUT_NAMES, **people) -> Path:
    out = video.with_suffix("")
    TrackCommand(
        sources=(str(video),),
        out=out,
        reid=str(encoder),
        detections=video.with_suffix(".txt"),
        video=False,
        people=CastFiles(**people),
        draw=draw,
    ).run()
    return out


@pytest.fixture(scope="module")
def after_monday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cast file after monday, which is read and never changed: 1 in red, 2 in blue."""
    folder = tmp_path_factory.mktemp("monday")
    follow(on_monday(folder), encoder_in(folder), save_cast=folder / "company.cast")
    return folder / "company.cast"


@pytest.fixture
def company(after_monday: Path, tmp_path: Path) -> Path:
    """A copy of it for each test."""
    return Path(shutil.copy(after_monday, tmp_path))


def people_in(out: Path) -> dict[int, str | None]:
    return {person["id"]: person["name"] for person in json.loads((out / "tracks.json").read_text())["people"]}


def test_ada_has_the_same_id_and_name_in_every_file_of_the_next_video(
    company: Path, tuesday: Path, encoder: Path, capsys: pytest.CaptureFixture[str]
):
    CastCommand(file=company, rename={1: "Ada", 2: "Bea"}).run()
    out = follow(tuesday, encoder, cast_file=company, save_cast=company)
    assert people_in(out) == {1: "Ada", 3: None}
    with (out / "tracks.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {(row["id"], row["name"], float(row["x1"])) for row in rows} == {("1", "Ada", RIGHT), ("3", "", LEFT)}
    page = (out / "report.html").read_text()
    assert "<b><bdi>Ada</bdi></b>" in page
    assert "from the cast file" in page
    assert "Bea" not in page
    facts = json.loads((out / "tracks.json").read_text())
    assert (facts["summary"]["remembered"], facts["summary"]["recoveries"]) == (1, 0)
    said = capsys.readouterr().out
    for line in ("known     1 Ada", "new       3", "not seen  2 Bea", "cast of 3 saved"):
        assert line in said
    members = {member.id: [showing.video for showing in member.showings] for member in read_cast(company).members}
    assert members == {1: ["monday", "tuesday"], 2: ["monday"], 3: ["tuesday"]}


def test_names_given_while_tracking_are_remembered(company: Path, tuesday: Path, encoder: Path):
    out = follow(tuesday, encoder, RenderOptions(names={1: "Ada", 3: "Cleo"}), cast_file=company, save_cast=company)
    assert people_in(out) == {1: "Ada", 3: "Cleo"}
    assert read_cast(company).names == {1: "Ada", 3: "Cleo"}


def test_a_cast_that_is_only_read_stays_as_it_is(company: Path, tuesday: Path, encoder: Path):
    before = company.read_bytes()
    follow(tuesday, encoder, cast_file=company)
    assert company.read_bytes() == before


def test_several_videos_in_one_command_share_the_cast_that_is_saved(
    tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    people = ((LEFT, RED), (RIGHT, BLUE))
    names = [str(shoot(tmp_path, name, *people)) for name in ("one", "two")]
    settings = {"reid": str(encoder), "detections": tmp_path / "one.txt", "video": False}
    TrackCommand(sources=tuple(names), people=CastFiles(save_cast=Path("company.cast")), **settings).run()
    assert list(people_in(Path("runs/two"))) == [1, 2]
    assert [len(member.showings) for member in read_cast(Path("company.cast")).members] == [2, 2]


def test_ctrl_c_twice_saves_the_people_so_far(monday: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch):
    whole = tracking.track

    def stopped(*arguments, **options) -> Iterator:
        for frame, tracks in whole(*arguments, **options):
            if frame.index == 20:
                raise KeyboardInterrupt
            yield frame, tracks

    monkeypatch.setattr(tracking, "track", stopped)
    with pytest.raises(KeyboardInterrupt):
        follow(monday, encoder, save_cast=monday.parent / "company.cast")
    assert [member.id for member in read_cast(monday.parent / "company.cast").members] == [1, 2]


def test_no_person_to_save_leaves_no_file(tmp_path: Path, encoder: Path, capsys: pytest.CaptureFixture[str]):
    video = shoot(tmp_path, "empty", (LEFT, RED))
    (tmp_path / "empty.txt").write_text("1,-1,60,60,40,120,0.2\n")
    follow(video, encoder, save_cast=tmp_path / "company.cast")
    assert not (tmp_path / "company.cast").exists()
    assert "no person was seen clearly enough" in capsys.readouterr().out


def test_no_crops_leaves_no_picture_anywhere(monday: Path, encoder: Path):
    company = monday.parent / "company.cast"
    follow(monday, encoder, save_cast=company, crops=False)
    assert not any(member.crops for member in read_cast(company).members)
    assert b"\xff\xd8\xff" not in company.read_bytes()


MISTAKES = {
    "no encoder": ({"cast_file": "company.cast"}, "none", "cannot go with --reid none"),
    "no encoder to save": ({"save_cast": "new.cast"}, "none", "cannot go with --reid none"),
    "another encoder": ({"cast_file": "company.cast"}, "other.pt", "made with another re-ID encoder (colours.pt"),
    "no cast file": ({"cast_file": "nowhere.cast"}, "colours.pt", "nowhere.cast"),
    "no cast": ({"cast_file": "tuesday.txt"}, "colours.pt", "tuesday.txt is not a whole cast file"),
    "overwritten": ({"save_cast": "company.cast"}, "colours.pt", "exists: add to it with --cast-file"),
    "in a file": ({"save_cast": "colours.pt/new.cast"}, "colours.pt", "cannot be written: Not a directory"),
    "too long a name": ({"save_cast": "n" * 250}, "colours.pt", "cannot be written: File name too long"),
    "in no real folder": ({"save_cast": "/proc/casts/new.cast"}, "colours.pt", "cannot be written"),
    "a folder": ({"save_cast": "."}, "colours.pt", "is a folder"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_before_anything_is_tracked(
    mistake: str, company: Path, tuesday: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = company.parent
    monkeypatch.chdir(folder)
    (folder / "other.pt").write_text("another encoder")
    files, reid, sentence = MISTAKES[mistake]
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError) as raised:
        follow(tuesday, Path(reid), **{option: Path(file) for option, file in files.items()})
    assert sentence in str(raised.value)
    assert sorted(folder.rglob("*")) == before


def test_one_name_for_two_people_is_refused_before_tracking(company: Path, tuesday: Path, encoder: Path):
    CastCommand(file=company, rename={1: "Ada"}).run()
    with pytest.raises(InputError, match="'Ada' would be the name of both 1 and 3"):
        follow(tuesday, encoder, RenderOptions(names={3: "Ada"}), cast_file=company, save_cast=company)
    assert not tuesday.with_suffix("").exists()


def test_a_dry_run_names_the_files(company: Path, tuesday: Path, encoder: Path, capsys: pytest.CaptureFixture[str]):
    people = CastFiles(cast_file=company)
    TrackCommand(sources=(str(tuesday),), reid=str(encoder), people=people, dry_run=True).run()
    assert f"cast      from {company}, saved to none\n" in capsys.readouterr().out


def test_the_command_lists_merges_removes_and_renames(company: Path, capsys: pytest.CaptureFixture[str]):
    before = company.read_bytes()
    CastCommand(file=company).run()
    listed = capsys.readouterr().out
    assert listed.count("monday (") == 2
    assert company.read_bytes() == before
    CastCommand(file=company, rename={2: "Bea"}).run()
    assert "Bea" in capsys.readouterr().out
    CastCommand(file=company, merge=(1, 2), out=company.parent / "one.cast").run()
    (both,) = read_cast(company.parent / "one.cast").members
    assert (both.id, both.name, len(both.embeddings)) == (1, "Bea", 16)
    CastCommand(file=company, remove=(1,)).run()
    assert [(member.id, member.name) for member in read_cast(company).members] == [(2, "Bea")]
    CastCommand(file=company, remove=(2,)).run()
    assert "no people are left" in capsys.readouterr().out


@pytest.mark.parametrize("change", [{"rename": {9: "Ada"}}, {"merge": (1,)}, {"remove": (1, 9)}])
def test_a_wrong_id_changes_nothing(change: dict, company: Path):
    before = company.read_bytes()
    with pytest.raises(InputError):
        CastCommand(file=company, **change).run()
    assert company.read_bytes() == before


def test_the_sheet_shows_each_person_in_their_clothes(company: Path):
    sheet = company.parent / "sheets" / "company.png"
    CastCommand(file=company, sheet=sheet).run()
    image = cv2.imread(str(sheet)).astype(int)
    top, bottom = np.array_split(image[:, 260:], 2)
    for half, colour in ((top, RED), (bottom, BLUE)):
        assert (np.abs(half - colour).max(axis=2) < 25).mean() > 0.3


@pytest.mark.parametrize("name", ["sheet.jpg", "sheet.html", "sheet"])
def test_a_sheet_is_not_written_under_another_kind_of_name(company: Path, name: str):
    before = company.read_bytes()
    with pytest.raises(InputError, match=rf"--sheet .*{name} is written as a PNG picture: let its name end in \.png"):
        CastCommand(file=company, rename={1: "Ada"}, sheet=company.parent / name).run()
    assert not (company.parent / name).exists()
    assert company.read_bytes() == before


def test_without_pictures_the_sheet_says_so_and_broken_ones_are_passed_over(company: Path):
    CastCommand(file=company, crops=False, sheet=company.parent / "plain.png").run()
    assert not any(member.crops for member in read_cast(company).members)
    memory = read_cast(company)
    broken = tuple(replace(member, crops=(b"no picture", b"")) for member in memory.members)
    write_cast(company, replace(memory, members=broken))
    CastCommand(file=company, sheet=company.parent / "broken.png").run()
    plain, passed = (cv2.imread(str(company.parent / name)) for name in ("plain.png", "broken.png"))
    assert np.array_equal(plain, passed)
    assert (plain < 128).any()


def test_a_name_that_no_font_has_is_told_with_the_sheet(
    company: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tools.cast.unwritable", lambda text: "\u674e" if "\u674e" in text else "")
    CastCommand(file=company, rename={1: "Ada"}, sheet=company.parent / "plain.png").run()
    assert "note:" not in capsys.readouterr().out
    CastCommand(file=company, rename={1: "\u674e"}, sheet=company.parent / "chinese.png").run()
    assert "note: no font here has \u674e, which are boxes on the sheet" in capsys.readouterr().out
