"""`followspot track` from the outside: what stands in the folder, and how mistakes end."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from places import ROOT

from models.bundled import COLOUR_HISTOGRAM
from tools.cli import main
from tools.render import RenderCommand
from tools.run.interruption import IncompleteError
from tools.run.parts import make_embedder
from tools.track import TrackCommand
from tracker.drawing.render import RenderOptions
from tracker.gap_filling import GapOptions
from tracker.results.mot_files import read_tracks
from tracker.tracker import TrackerOptions
from tracker.types import InputError
from tracker.video.video_reader import VideoReader
from tracker.video.video_writer import VideoWriter

FPS = 25
PEOPLE = ((40, 1.0), (220, -1.0))  # left edge in the first frame, pixels per frame


def box(person: int, index: int) -> tuple[float, float, float, float]:
    """Left, top, width, height."""
    start, step = PEOPLE[person]
    return start + step * index, 40 + 20 * person, 40, 120


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of two grey people walking past each other, and their boxes as a MOT file."""
    folder, lines = tmp_path_factory.mktemp("shot"), []
    with VideoWriter(folder / "film.mp4", width=320, height=240, fps=FPS) as writer:
        for index in range(2 * FPS):
            image = np.zeros((240, 320, 3), np.uint8)
            for person in range(len(PEOPLE)):
                left, top, width, height = (round(side) for side in box(person, index))
                image[top : top + height, left : left + width] = 120 + 80 * person
                lines.append(f"{index + 1},-1,{left},{top},{width},{height},0.9")
            writer.write(image, index / FPS)
    (folder / "boxes.txt").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def film(shot: Path, tmp_path: Path) -> Path:
    """A copy for each test."""
    return shutil.copytree(shot, tmp_path, dirs_exist_ok=True) / "film.mp4"


def follow(film: Path, **options) -> Path:
    out = film.parent / "out"
    TrackCommand(
        **{"sources": (str(film),), "out": out, "reid": "none", "detections": film.parent / "boxes.txt", **options}
    ).run()
    return out


def test_a_run_leaves_everything_in_one_folder(film: Path, capsys: pytest.CaptureFixture[str]):
    out = follow(film)
    assert {file.name for file in out.iterdir()} == {
        "video.mp4", "tracks.txt", "tracks.csv", "tracks.json", "report.html", "config.json", "unused.txt",
    }  # fmt: skip
    tracks = read_tracks(out / "tracks.txt", fps=FPS)
    assert all(rows.ids.tolist() == [1, 2] for rows in tracks)
    assert len(tracks) == 2 * FPS
    assert len((out / "tracks.csv").read_text().splitlines()) == 1 + 2 * len(tracks)
    facts = json.loads((out / "tracks.json").read_text())
    assert (facts["complete"], facts["notes"]) == (True, [])
    assert [person["id"] for person in facts["people"]] == [1, 2]
    config = json.loads((out / "config.json").read_text())
    assert config["options"]["reid"] == "none"
    assert config["versions"]["numpy"] == np.__version__
    with VideoReader(out / "video.mp4") as video:
        assert [round(frame.time * FPS) for frame in video] == list(range(2 * FPS))
    assert "2 people in 50 frames" in capsys.readouterr().out


def test_a_second_run_gets_a_folder_of_its_own(film: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(film.parent)
    for _ in range(2):
        follow(film, out=None, video=False)
    assert sorted(folder.name for folder in Path("runs").iterdir()) == ["film", "film-2"]
    with pytest.raises(InputError, match="already holds files"):
        follow(film, out=Path("runs/film"))


def test_a_dry_run_does_nothing_and_finds_what_is_missing(film: Path, capsys: pytest.CaptureFixture[str]):
    out = follow(film, dry_run=True)
    assert not out.exists()
    assert "320x240" in capsys.readouterr().out
    for missing in ({"reid": "gone.pt"}, {"detections": None, "detector": "gone.pt"}):
        with pytest.raises(InputError, match=r"there is no file gone\.pt"):
            follow(film, dry_run=True, **missing)


def test_a_cast_of_one_gives_one_id(film: Path):
    out = follow(film, tracker=TrackerOptions(cast=1), video=False)
    assert {int(line.split(",")[1]) for line in (out / "tracks.txt").read_text().splitlines()} == {1}


def test_a_stride_keeps_frame_numbers_of_the_source(film: Path):
    out = follow(film, vid_stride=5, video=False)
    frames = {int(line.split(",")[0]) for line in (out / "tracks.txt").read_text().splitlines()}
    assert frames == set(range(1, 51, 5))


def test_results_can_be_drawn_again_without_a_model(film: Path):
    out = follow(film, video=False)
    again = film.parent / "again.mp4"
    RenderCommand(source=str(film), tracks=out / "tracks.txt", out=again).run()
    with VideoReader(again) as drawn, VideoReader(film) as plain:
        pairs = list(zip(drawn, plain, strict=True))
    assert len(pairs) == 2 * FPS
    assert all(np.abs(a.image.astype(int) - b.image).max() > 60 for a, b in pairs)
    with pytest.raises(InputError, match="exists"):
        RenderCommand(source=str(film), tracks=out / "tracks.txt", out=again).run()


def test_a_truncated_video_is_tracked_as_far_as_it_goes(film: Path, capsys: pytest.CaptureFixture[str]):
    whole = film.read_bytes()
    film.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(IncompleteError):
        follow(film, video=False)
    out = film.parent / "out"
    assert 5 < len(read_tracks(out / "tracks.txt", fps=FPS)) < 2 * FPS
    assert "note:" in capsys.readouterr().out
    facts = json.loads((out / "tracks.json").read_text())
    assert facts["complete"] is False
    (note,) = facts["notes"]
    assert "breaks off" in note or "damaged" in note
    assert f'<p class="note" role="note">{note}</p>' in (out / "report.html").read_text()


@dataclass(frozen=True)
class Ended:
    """How a command ended: what a shell would see of it."""

    code: int
    out: str
    err: str


@pytest.fixture
def followspot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Runs `followspot WORDS` from tmp_path, in this process: a new one would import everything again."""

    def run(*words: str) -> Ended:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["followspot", *words])
        capsys.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        said = capsys.readouterr()
        return Ended(1, said.out, f"{said.err}{code}\n") if isinstance(code, str) else Ended(code, said.out, said.err)

    return run


MISTAKES = {
    "missing file": (["track", "nowhere.mp4"], "nowhere.mp4"),
    "no video": (["track", "words.mp4"], "words.mp4"),
    "no weights": (["track", "film.mp4", "--detector", "words.pt"], "words.pt"),
    "missing weights": (["track", "film.mp4", "--detector", "yolo99x.pt"], "yolo99x.pt"),
    "no encoder": (["track", "film.mp4", "--detections", "boxes.txt", "--reid", "words.pt"], "words.pt"),
    "cast of no person": (["track", "film.mp4", "--cast", "0"], "cast"),
    "confidence beyond 1": (["track", "film.mp4", "--conf", "3"], "conf"),
    "no boxes": (["track", "film.mp4", "--detections", "words.mp4"], "words.mp4"),
    "out is a file": (["track", "film.mp4", "--detections", "boxes.txt", "--out", "boxes.txt"], "boxes.txt"),
    "no name": (["track", ""], "the name of a source is empty"),
    "out without a name": (["track", "film.mp4", "--out", ""], "--out is empty"),
    "boxes without a name": (["track", "film.mp4", "--detections="], "--detections is empty"),
    "detector without a name": (["track", "film.mp4", "--detector", ""], "--detector is empty"),
    "encoder without a name": (["track", "film.mp4", "--reid="], "--reid is empty"),
    "no workers": (["track", "film.mp4", "--workers", "0"], "--workers must be at least 1, not 0"),
    "an id twice": (["track", "film.mp4", "--draw.names", "1", "Ada", "1", "Bob"], "--draw.names names 1 twice"),
    "a name twice": (["track", "film.mp4", "--draw.names", "1", "Ada", "2", "Ada"], "the name of both 1 and 2"),
    "letters of no size": (["track", "film.mp4", "--draw.scale", "0"], "--draw.scale must be more than 0, not 0"),
    "a cast without views": (["track", "film.mp4", "--memory.views", "0"], "--memory.views must be above 0, not 0"),
    "a time that is none": (
        ["track", "film.mp4", "--memory.min-seconds", "nan"],
        "--memory.min-seconds must be a number, not nan",
    ),
    "no steps": (["train", "st-reid", "--data", ".", "--optimisation.steps", "-1"], "--optimisation.steps must be"),
    "no crops": (["evaluate", "reid", "--data", ".", "--batch", "0"], "batch of an embedder must be at least 1, not 0"),
    "no truth": (["evaluate", "tracks", "--gt", "nowhere", "--results", "boxes.txt"], "nowhere"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_ends_in_one_sentence_and_leaves_nothing(mistake: str, film: Path, followspot: Callable[..., Ended]):
    folder = film.parent
    for name in ("words.mp4", "words.pt"):
        (folder / name).write_text("just words\n" * 50)
    before = sorted(folder.rglob("*"))
    arguments, named = MISTAKES[mistake]
    ended = followspot(*arguments)
    assert ended.code == 1, ended.err
    sentence = ended.err.strip().splitlines()
    assert len(sentence) == 1, ended.err
    assert sentence[0].startswith("followspot: ")
    assert named in sentence[0]
    assert sorted(folder.rglob("*")) == before


UNREADABLE = {
    "no such command": (["trak", "film.mp4"], "there is no `followspot trak`; there are track, cast,"),
    "no such part of one": (["evaluate", "trak"], "there is no `followspot evaluate trak`; there are tracks, follow,"),
    "no such recipe": (["train", "--data", "."], "there is no `followspot train --data`; there are softmax,"),
    "no such option of all": (["--versio"], "there is no `followspot --versio`; there are track, cast,"),
    "no source": (["track"], "nothing to track: name a video file"),
    "no scene": (["calibrate", "encoder.pt"], "nothing to calibrate on: name at least one"),
    "no tracks": (["evaluate", "tracks", "--gt", "boxes.txt"], "name the tracks to score, once"),
    "no data": (["benchmark", "encoders", "--data"], "name at least one --data folder"),
    "no video": (["benchmark", "speed"], "name at least one video"),
}
"""What argparse would refuse as well, were it told to it."""


@pytest.mark.parametrize("words", UNREADABLE)
def test_words_that_cannot_be_read_end_as_an_unknown_option_does(words: str, followspot: Callable[..., Ended]):
    arguments, named = UNREADABLE[words]
    ended = followspot(*arguments)
    assert ended.code == followspot("track", "--nonsense").code == 2
    (sentence,) = ended.err.splitlines()
    assert sentence.startswith(f"followspot: {named}")


def test_an_unknown_option_value_is_explained(film: Path, followspot: Callable[..., Ended]):
    ended = followspot("track", "film.mp4", "--imgsz", "big")
    assert ended.code == 2
    assert ended.err.count("imgsz") == 2, "it is told once, with the option's help"
    assert "Traceback" not in ended.err


def test_without_arguments_it_says_what_it_can_do(followspot: Callable[..., Ended]):
    ended = followspot()
    assert ended.code == 0
    for verb in ("track", "render", "evaluate", "stage", "demo"):
        assert re.search(rf"\b{verb}\b", ended.out)


@pytest.mark.parametrize("words", [("track", "--help"), ("track", "film.mp4", "--dry-run")])
def test_a_reader_who_has_seen_enough_is_no_mistake(words: tuple[str, ...], film: Path):
    read, write = os.pipe()
    os.close(read)  # as `followspot track --help | head -1` does, sooner or later
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tools", *words]
    done = subprocess.run(command, cwd=film.parent, env=environment, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.parametrize("columns", ["40", "200"])
def test_paths_are_printed_whole_on_a_narrow_terminal(
    columns: str, film: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("COLUMNS", columns)
    folder = film.parent / ("long " * 40) / "[bold]"
    boxes = film.parent / "boxes.txt"
    follow(film, out=folder, dry_run=True)
    plan = capsys.readouterr().out.splitlines()
    assert plan == [
        f"{film}: 320x240, 25.00 frames/s, about 50 frames",
        f"  results   {folder}",
        f"  detector  {boxes}",
        "  re-ID     none",
    ]
    follow(film, out=folder, video=False)
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "longest" not in line] == [
        f"detector  {boxes}",
        "re-ID     none: motion, position and size alone",
        f"results in {folder}/",
    ]
    again = film.parent / ("long " * 40) / "again.mp4"
    RenderCommand(source=str(film), tracks=folder / "tracks.txt", out=again).run()
    assert capsys.readouterr().out == f"tracks: {folder}/tracks.txt\ndrawn: {again}\n"


def test_a_name_for_nobody_is_told(film: Path, capsys: pytest.CaptureFixture[str]):
    """Two people walk, 1 and 2; 99 is nobody."""
    sentence = "note: --draw.names names 99, and nobody has that id here\n"
    names = RenderOptions(names={1: "Ada", 99: "Bob"})
    out = follow(film, video=False, draw=names)
    assert sentence in capsys.readouterr().out
    RenderCommand(source=str(out), out=film.parent / "again.mp4", draw=names).run()
    assert sentence in capsys.readouterr().out
    with pytest.raises(InputError, match="'Ada' would be the name of both 1 and 2"):
        RenderCommand(source=str(out), draw=RenderOptions(names={1: "Ada", 2: "Ada"})).run()


def test_one_of_a_thing_is_reported_as_one(film: Path, capsys: pytest.CaptureFixture[str]):
    follow(film, tracker=TrackerOptions(cast=1), video=False)
    assert "1 person in 50 frames, 0 recoveries, longest absence 0.0 s" in capsys.readouterr().out


def test_an_encoder_without_a_calibration_is_used_with_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "colours.json"
    path.write_text(json.dumps({**json.loads(COLOUR_HISTOGRAM.read_text()), "metadata": {}}))
    embedder = make_embedder(path)
    assert embedder is not None
    assert np.abs(embedder.calibration.log_odds(np.linspace(-1, 1, 9), np.zeros(9))).max() <= 1
    expected = f"note: {path} is not calibrated, so it decides little: run `followspot calibrate {path} SCENE` first"
    assert capsys.readouterr().out.splitlines() == [expected]
    make_embedder(COLOUR_HISTOGRAM)
    assert capsys.readouterr().out == ""


def test_an_encoder_calibrated_by_an_earlier_release_is_used_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path, content = tmp_path / "colours.json", json.loads(COLOUR_HISTOGRAM.read_text())
    del content["metadata"]["calibration_centred"]
    path.write_text(json.dumps(content))
    embedder = make_embedder(path)
    assert embedder is not None
    assert embedder.calibrated
    assert embedder.calibration_centred is None
    (told,) = capsys.readouterr().out.splitlines()
    assert told.startswith(f"note: {path} was calibrated by release 0.1, ")
    assert told.endswith(f"run `followspot calibrate {path} SCENE` again")


@pytest.mark.parametrize(("frames", "told"), [(1, True), (6, True), (7, False)])
def test_a_video_too_short_to_confirm_a_person_says_so(
    frames: int, told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "pictures").mkdir()
    for index in range(frames):
        cv2.imwrite(str(tmp_path / "pictures" / f"{index}.png"), np.zeros((240, 320, 3), np.uint8))
    (tmp_path / "boxes.txt").write_text("".join(f"{index + 1},-1,10,20,50,150,0.9\n" for index in range(frames)))
    out = follow(tmp_path / "pictures", video=False)
    sentence = (
        f"no person in {frames} frame{'s' * (frames > 1)}: it takes 7 in a row to tell a person from a false alarm"
    )
    assert (sentence in capsys.readouterr().out) == told
    assert (sentence in (out / "report.html").read_text()) == told


@pytest.mark.parametrize(("options", "lag", "first"), [({}, 1.2, 1), ({"lag": 0.0, "gaps": GapOptions(0.0)}, 0.0, 6)])
def test_results_say_how_late_they_are(options: dict, lag: float, first: int, film: Path):
    """At once a person is known from the sixth frame on, 0.2 s; rows before come within the second held back."""
    out = follow(film, video=False, **options)
    assert json.loads((out / "tracks.json").read_text())["video"]["lag_seconds"] == lag
    assert json.loads((out / "config.json").read_text())["lag_seconds"] == lag
    assert f"online, {lag:g} s late" in (out / "report.html").read_text()
    assert min(int(row.split(",")[0]) for row in (out / "tracks.txt").read_text().splitlines()) == first


def test_a_negative_lag_is_refused(film: Path):
    with pytest.raises(InputError, match="--lag must be at least 0, not -1"):
        follow(film, lag=-1.0)


@pytest.mark.parametrize(("boxes", "advice"), [(True, "no box came in enough frames"), (False, "try --imgsz 1280")])
def test_a_video_without_people_says_what_to_try(
    boxes: bool, advice: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Twelve black frames, by the network, or by boxes of people whose scores are low."""
    (tmp_path / "pictures").mkdir()
    for index in range(12):
        cv2.imwrite(str(tmp_path / "pictures" / f"{index}.png"), np.zeros((240, 320, 3), np.uint8))
    (tmp_path / "boxes.txt").write_text("".join(f"{index + 1},-1,10,20,50,150,0.2\n" for index in range(12)))
    options = {"detections": tmp_path / "boxes.txt"} if boxes else {}
    TrackCommand((str(tmp_path / "pictures"),), reid="none", video=False, out=tmp_path / "out", **options).run()
    (told,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: no person")]
    assert told.startswith("note: no person in 12 frames: ")
    assert advice in told
    assert told.removeprefix("note: ") in (tmp_path / "out" / "report.html").read_text()
