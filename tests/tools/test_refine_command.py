"""`followspot track --refine` from the outside: two passes, and a result that says so wherever it is read."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from tools.offline import second_pass
from tools.offline.second_look import SecondLook
from tools.render import RenderCommand
from tools.run.cast_files import CastFiles
from tools.run.interruption import Stopped
from tools.run.tracking import NOT_REFINED
from tools.track import TrackCommand
from tracker.offline.refinement import OFFLINE
from tracker.results.cast_file import read_cast
from tracker.results.mot_files import read_tracks
from tracker.tracker import TrackerOptions
from tracker.types import InputError
from tracker.video.video_reader import VideoReader
from tracker.video.video_writer import VideoWriter

FPS = 25
FRAMES = 150
RED, BLUE = (30, 30, 220), (220, 60, 30)
FORGETFUL = TrackerOptions(max_lost_time=0.5)
MISSED = range(30, 34)


def red_left(index: int) -> int | None:
    """The one in red leaves for two seconds and is back elsewhere."""
    return 48 if index < 50 else None if index < 100 else 256  # on x264's blocks, so the red is coded alike


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of blue, who stays, and red, who comes back; the detector misses blue for a moment."""
    folder, lines = tmp_path_factory.mktemp("shot"), []
    with VideoWriter(folder / "film.mp4", width=320, height=240, fps=FPS) as writer:
        for index in range(FRAMES):
            image = np.full((240, 320, 3), 90, np.uint8)
            for left, colour, seen in ((150, BLUE, index not in MISSED), (red_left(index), RED, True)):
                if left is not None:
                    image[60:180, left : left + 40] = colour
                    lines += [f"{index + 1},-1,{left},60,40,120,0.9"] if seen else []
            writer.write(image, index / FPS)
    (folder / "boxes.txt").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def film(shot: Path, tmp_path: Path) -> Path:
    """A copy for each test."""
    return shutil.copytree(shot, tmp_path, dirs_exist_ok=True) / "film.mp4"


def refined(film: Path, **options) -> Path:
    out = film.parent / "out"
    asked = {"sources": (str(film),), "out": out, "reid": "histogram", "detections": film.parent / "boxes.txt"}
    TrackCommand(**{**asked, "tracker": FORGETFUL, "refine": True, **options}).run()
    return out


def ids(path: Path) -> set[int]:
    return {identity for rows in read_tracks(path) for identity in rows.ids.tolist()}


def test_who_came_back_is_known_in_the_second_pass_and_every_file_says_it_is_offline(
    film: Path, capsys: pytest.CaptureFixture[str]
):
    out = refined(film)
    assert ids(out / "online" / "tracks.txt") == {1, 2, 3}
    assert ids(out / "tracks.txt") == {1, 2}
    assert sum(map(len, read_tracks(out / "tracks.txt"))) == FRAMES + 100, "the missed moment is filled"
    facts = json.loads((out / "tracks.json").read_text())
    assert facts["video"]["tracking"] == OFFLINE
    (reported,) = [recovery for person in facts["people"] for recovery in person["recoveries"]]
    assert (reported["time"], reported["margin"]) == (4.0, None), "blue is in sight: red can be no other person"
    assert reported["similarity"] > 0.9
    with (out / "tracks.csv").open() as file:
        offline = [row["offline"] for row in csv.DictReader(file)]
    assert (offline.count("filled"), offline.count("refined")) == (len(MISSED), FRAMES + 100 - len(MISSED))
    assert json.loads((out / "config.json").read_text())["tracking"] == OFFLINE
    assert OFFLINE in (out / "report.html").read_text()
    said = capsys.readouterr().out
    assert f"{OFFLINE} in two passes" in " ".join(said.split())
    assert "2 people in 150 frames" in said
    online = json.loads((out / "online" / "tracks.json").read_text())
    assert online["video"]["tracking"] == "online"
    assert (online["complete"], facts["complete"]) == (True, True)
    with VideoReader(out / "online" / "video.mp4") as video:
        assert sum(1 for _ in video) == FRAMES
    assert OFFLINE not in (out / "online" / "report.html").read_text()


def corner(video: Path) -> float:
    """How far the lower left corner of the first frame, where no person stands, is from the plain grey."""
    with VideoReader(video) as frames:
        return float(np.abs(next(iter(frames)).image[205:, :110].astype(int) - 90).max())


def test_the_drawn_video_says_it_in_its_corner_also_when_drawn_again(film: Path):
    out = refined(film)
    assert corner(film) < 20 < corner(out / "video.mp4")
    for tracks, written in ((out / "tracks.txt", True), (out / "online" / "tracks.txt", False)):
        again = film.parent / f"again-{written}.mp4"
        RenderCommand(source=str(film), tracks=tracks, out=again).run()
        assert (corner(again) > 20) == written


def test_a_stop_in_the_second_pass_leaves_the_online_result_with_its_video_and_says_so(
    film: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def stopped(self: SecondLook, *arguments, **options):
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("it stops at once, not when it is done")

    monkeypatch.setattr(SecondLook, "refined", stopped)
    with pytest.raises(Stopped) as stop:
        refined(film)
    assert stop.value.exit_code == 130
    out = film.parent / "out"
    assert {file.name for file in out.iterdir()} == {
        "video.mp4", "tracks.txt", "tracks.csv", "tracks.json", "report.html", "config.json", "unused.txt",
    }  # fmt: skip
    assert ids(out / "tracks.txt") == {1, 2, 3}
    with VideoReader(out / "video.mp4") as video:
        assert sum(1 for _ in video) == FRAMES
    facts = json.loads((out / "tracks.json").read_text())
    assert (facts["complete"], facts["notes"]) == (False, [NOT_REFINED])
    assert NOT_REFINED in (out / "report.html").read_text()
    said = " ".join(capsys.readouterr().out.split())
    assert NOT_REFINED in said
    assert OFFLINE not in said


def test_a_stop_while_it_is_drawn_leaves_the_online_result_too(film: Path, monkeypatch: pytest.MonkeyPatch):
    plain = second_pass.with_frames

    def stopped(*arguments):
        for number, pair in enumerate(plain(*arguments)):
            if number == 20:
                signal.raise_signal(signal.SIGTERM)
            yield pair

    monkeypatch.setattr(second_pass, "with_frames", stopped)
    with pytest.raises(Stopped) as stop:
        refined(film)
    assert stop.value.exit_code == 143
    out = film.parent / "out"
    assert ids(out / "tracks.txt") == {1, 2, 3}
    assert not (out / "refined.part").exists()
    assert not (out / "online").exists()
    with VideoReader(out / "video.mp4") as video:
        assert sum(1 for _ in video) == FRAMES


def test_what_a_kill_in_the_second_pass_leaves_gives_way_to_a_new_run(film: Path):
    out = refined(film, video=False)
    (out / "refined.part").mkdir()
    refined(film, video=False)
    assert (film.parent / "out-unfinished" / "refined.part").is_dir()
    assert not (out / "refined.part").exists()


def test_an_impatient_stop_leaves_it_too(film: Path, monkeypatch: pytest.MonkeyPatch):
    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.run.result_files.ResultFiles.write_page", _once(stopped))
    with pytest.raises(KeyboardInterrupt):
        refined(film, video=False)
    out = film.parent / "out"
    assert ids(out / "tracks.txt") == {1, 2, 3}
    assert not (out / "online").exists()
    assert not (out / "refined.part").exists()


def _once(then):
    """Passes the first call by, which is the online pass's, and does `then` at the second."""
    calls = []

    def called(*arguments, **options):
        calls.append(None)
        return then() if len(calls) > 1 else None

    return called


def test_a_cast_is_an_upper_bound_and_is_saved_by_its_refined_looks(film: Path):
    saved = film.parent / "company.cast"
    out = refined(
        film, tracker=TrackerOptions(cast=3, max_lost_time=0.5), video=False, people=CastFiles(save_cast=saved)
    )
    assert ids(out / "tracks.txt") == {1, 2}
    cast = read_cast(saved)
    assert [member.id for member in cast.members] == [1, 2]
    assert all(member.crops for member in cast.members)
    again = film.parent / "again"
    refined(film, out=again, video=False, people=CastFiles(cast_file=saved))
    assert ids(again / "tracks.txt") == {1, 2}


def test_without_an_encoder_ids_stay_and_gaps_are_filled(film: Path):
    out = refined(film, reid="none", video=False)
    assert ids(out / "tracks.txt") == ids(out / "online" / "tracks.txt")
    assert sum(map(len, read_tracks(out / "tracks.txt"))) == FRAMES + 100


@pytest.mark.parametrize("source", ["0", "rtsp://stage.example/1", "/dev/null"])
def test_a_live_source_cannot_be_looked_at_twice(source: str):
    with pytest.raises(InputError, match="is live"):
        TrackCommand(sources=(source,), refine=True).run()
