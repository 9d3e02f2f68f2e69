"""Several videos in one command: all checked first, bad ones passed over, whole ones not done again; and the same video
tracked twice at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from film import cut, shoot
from places import ROOT

from tools.run.batch import Batch
from tools.run.folder import claimed_folder
from tools.run.interruption import IncompleteError
from tools.track import TrackCommand
from tracker.types import InputError

FRAMES = 12
BOXES = "".join(f"{frame},-1,10,20,30,60,0.9\n" for frame in range(1, FRAMES + 1))


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three videos of one person each in a folder, and their boxes beside it."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("one", "two", "ten"):
        shoot(folder / f"{name}.mp4", FRAMES)
    (tmp_path / "boxes.txt").write_text(BOXES)
    monkeypatch.chdir(tmp_path)
    return folder


def track(*sources: Path | str, **options) -> None:
    TrackCommand(
        sources=tuple(map(str, sources)), **{"reid": "none", "detections": Path("boxes.txt"), "video": False, **options}
    ).run()


def runs(parent: Path) -> dict[str, int]:
    """Name of each run and the frames it holds."""
    return {
        path.parent.name: json.loads(path.read_text())["summary"]["frames"] for path in parent.glob("*/tracks.json")
    }


def test_a_mistyped_name_is_found_before_anything_starts(videos: Path):
    with pytest.raises(InputError, match=r"there is no nowhere\.mp4 and no gone\.mp4; .*nothing was started"):
        track(videos / "one.mp4", "nowhere.mp4", videos / "two.mp4", "gone.mp4")
    with pytest.raises(InputError, match=r"--out boxes\.txt is a file"):
        track(videos, out=Path("boxes.txt"))
    assert not Path("runs").exists()


def test_long_names_leave_the_numbers_of_the_table_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Titles of downloaded videos pushed them out of 80 columns, and were cut themselves."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes the output for a terminal
    monkeypatch.setenv("COLUMNS", "80")
    name = f"videos/{'x' * 90}.mp4"
    Batch([name], {name: ("5", "3", "350", f"results/{'y' * 90}")}).show()
    said = capsys.readouterr().out
    assert {"5", "3", "350"} <= set(said.split())
    assert (said.count("x"), said.count("y")) == (90, 90)
    assert max(map(len, said.splitlines()[2:])) <= 80


def test_a_bad_video_is_passed_over_and_counted(videos: Path, capsys: pytest.CaptureFixture[str]):
    (videos / "bad.mp4").write_text("just words\n" * 50)
    with pytest.raises(InputError, match=r"^1 of 3 sources failed: videos/bad\.mp4$"):
        track("videos/one.mp4", "videos/bad.mp4", "videos/two.mp4", out=Path("all"))
    assert runs(Path("all")) == {"one": FRAMES, "two": FRAMES}
    said = capsys.readouterr().out
    rows = [line.split() for line in said.splitlines() if line.strip().startswith("videos/")]
    assert rows[-3:] == [
        ["videos/one.mp4", "1", "0", str(FRAMES), "all/one"],
        ["videos/bad.mp4", "-", "-", "-", "failed"],
        ["videos/two.mp4", "1", "0", str(FRAMES), "all/two"],
    ]
    assert said.index("note: videos/bad.mp4 cannot be read") < said.index(
        "detector  "
    )  # found before the first is tracked


def test_what_goes_wrong_half_way_is_counted_too_and_done_anew(videos: Path):
    for index, width in enumerate([128] * 50 + [64]):
        (videos / "pictures").mkdir(exist_ok=True)
        cv2.imwrite(str(videos / "pictures" / f"{index}.png"), np.zeros((96, width, 3), np.uint8))
    for _ in range(2):
        with pytest.raises(InputError, match=r"^1 of 2 sources failed: videos/pictures$"):
            track("videos/pictures", "videos/two.mp4", out=Path("all"))
    assert set(runs(Path("all"))) == {"pictures", "pictures-unfinished", "two"}


def test_boxes_that_are_gone_stop_a_batch_that_was_done(videos: Path):
    track("videos", out=Path("all"))
    Path("boxes.txt").unlink()
    with pytest.raises(InputError, match=r"there is no file boxes\.txt"):
        track("videos", out=Path("all"))


def test_a_folder_of_videos_and_a_glob_of_them_track_them_all(videos: Path):
    track("videos", out=Path("all"))
    assert runs(Path("all")) == {"one": FRAMES, "two": FRAMES, "ten": FRAMES}
    track("videos/t*.mp4")
    assert runs(Path("runs")) == {"two": FRAMES, "ten": FRAMES}


def test_a_folder_with_videos_and_images_is_refused(videos: Path):
    (videos / "cover.jpg").write_bytes(b"")
    found = r"videos holds videos \(\w+\.mp4\) and images \(cover\.jpg\): .*videos/\*\.mp4"
    with pytest.raises(InputError, match=found):
        track("videos")


def test_a_run_is_not_tracked_again_from_the_videos_that_were_drawn(videos: Path):
    """They have boxes and ids in the picture, and each gave a run of its own."""
    track("videos/one.mp4", video=True)
    with pytest.raises(InputError, match=r"^runs/one is the folder of a run, .* `followspot render runs/one`$"):
        track("videos/two.mp4", "runs/one")
    assert list(runs(Path("runs"))) == ["one"]


def test_a_pattern_of_images_that_the_shell_has_resolved_is_refused(videos: Path):
    """Each image would be tracked as a video of one frame, into a folder of its own."""
    names = tuple(f"frames/{number}.jpg" for number in range(3))
    with pytest.raises(InputError, match=r"^3 images of frames are named one by one, .* quote .*'frames/\*\.jpg'"):
        TrackCommand(("dance.mp4", *names), videos / "out").run()
    assert not (videos / "out").exists()


def test_two_videos_of_one_name_get_two_folders(videos: Path, tmp_path: Path):
    shoot(tmp_path / "one.mp4", 8)
    track("videos/one.mp4", "one.mp4")
    assert runs(Path("runs")) == {"one": FRAMES, "one-2": 8}


def test_started_again_it_does_only_what_is_not_whole(videos: Path, capsys: pytest.CaptureFixture[str]):
    track("videos", out=Path("all"))
    config = Path("all/two/config.json")
    config.write_text(json.dumps({**json.loads(config.read_text()), "ended": False}))  # as where Ctrl-C stopped it
    Path("all/ten/tracks.json").unlink()
    capsys.readouterr()
    track("videos", out=Path("all"))
    assert runs(Path("all")) == {"one": FRAMES, "two": FRAMES, "two-2": FRAMES, "ten-2": FRAMES}
    assert "videos/one.mp4 is done already: all/one/ is whole, of the same video and options" in capsys.readouterr().out
    track("videos", out=Path("all"))
    assert len(runs(Path("all"))) == 4


@pytest.mark.parametrize("lost", ["the last row", "half of the video"])
def test_a_run_whose_files_were_cut_is_done_again(videos: Path, lost: str):
    track(videos / "one.mp4", videos / "two.mp4", out=Path("all"), video=True)
    rows, video = Path("all/one/tracks.txt"), Path("all/one/video.mp4")
    if lost == "the last row":
        rows.write_text("".join(rows.read_text().splitlines(keepends=True)[:-1]))
    else:
        video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    track(videos / "one.mp4", videos / "two.mp4", out=Path("all"), video=True)
    assert runs(Path("all")) == {"one": FRAMES, "one-2": FRAMES, "two": FRAMES}


def test_a_name_that_is_not_utf_8_is_refused_and_the_others_are_tracked(videos: Path):
    os.rename(os.fsencode(videos / "ten.mp4"), os.fsencode(videos) + b"/\xe9t\xe9.mp4")
    with pytest.raises(InputError, match="1 of 3 sources failed"):
        track(videos, out=Path("all"))
    assert runs(Path("all")) == {"one": FRAMES, "two": FRAMES}
    with pytest.raises(InputError, match="\ufffdt\ufffd\\.mp4 has a name that is not UTF-8: rename it"):
        track(os.fsdecode(os.fsencode(videos) + b"/\xe9t\xe9.mp4"))


def test_of_a_folder_only_files_are_tracked(videos: Path):
    os.mkfifo(videos / "a pipe.mp4")
    (videos / "gone.mp4").symlink_to("nowhere.mp4")
    track(videos, out=Path("all"))
    assert runs(Path("all")) == {"one": FRAMES, "ten": FRAMES, "two": FRAMES}


def test_other_options_a_changed_video_or_other_boxes_are_another_run(videos: Path):
    track("videos", out=Path("all"))
    track("videos", out=Path("all"), vid_stride=2)
    assert runs(Path("all"))["one-2"] == FRAMES // 2
    later = (videos / "one.mp4").stat().st_mtime + 60
    os.utime(videos / "one.mp4", (later, later))
    track("videos", out=Path("all"))
    assert set(runs(Path("all"))) == {"one", "one-2", "one-3", "two", "two-2", "ten", "ten-2"}
    os.utime("boxes.txt", (later, later))
    track("videos", out=Path("all"))
    assert "two-3" in runs(Path("all"))


def table_rows(said: str) -> list[str]:
    return [" ".join(line.split()) for line in said.splitlines() if line.strip().startswith("videos/")][-3:]


def test_a_video_that_breaks_off_is_not_done_again_and_is_never_called_whole(
    videos: Path, capsys: pytest.CaptureFixture[str]
):
    cut(shoot(videos / "one.mp4", 60, options={"g": "5"}, faststart=True), 0.7, "two.mp4")
    with pytest.raises(IncompleteError):
        track("videos", out=Path("all"))
    frames = runs(Path("all"))["two"]
    assert 12 < frames < 60
    first = capsys.readouterr().out
    assert table_rows(first)[2] == f"videos/two.mp4 1 0 {frames} all/two (not whole)"
    with pytest.raises(IncompleteError):
        track("videos", out=Path("all"))
    again = capsys.readouterr().out
    assert set(runs(Path("all"))) == {"one", "two", "ten"}
    assert "videos/two.mp4 is done already: all/two/ holds what could be read, of the same video and" in again
    notes = [[line for line in said.splitlines() if "note: two.mp4 breaks off at" in line] for said in (first, again)]
    assert len(notes[0]) == 1
    assert notes[0] == notes[1]
    assert table_rows(again) == [
        "videos/one.mp4 1 0 60 all/one (from before)",
        f"videos/ten.mp4 1 0 {FRAMES} all/ten (from before)",
        f"videos/two.mp4 1 0 {frames} all/two (from before, not whole)",
    ]


def test_pictures_that_are_added_to_a_sequence_are_tracked(videos: Path):
    pictures = videos / "stage" / "img1"
    pictures.mkdir(parents=True)
    (videos / "stage" / "seqinfo.ini").write_text(
        f"[Sequence]\nname=stage\nimDir=img1\nframeRate=20\nseqLength={FRAMES}\nimWidth=128\nimHeight=96\n"
    )
    for index in range(FRAMES):
        cv2.imwrite(str(pictures / f"{index + 1:06d}.png"), np.zeros((96, 128, 3), np.uint8))
    track("videos/stage", "videos/one.mp4", out=Path("all"))
    later = (videos / "one.mp4").stat().st_mtime + 60
    os.utime(pictures, (later, later))  # as a copy that goes on leaves it; the folder around it stays as it was
    track("videos/stage", "videos/one.mp4", out=Path("all"))
    assert set(runs(Path("all"))) == {"stage", "stage-2", "one"}


def test_a_run_of_several_that_was_stopped_leaves_no_part_under_the_name_of_the_whole(
    videos: Path, capsys: pytest.CaptureFixture[str]
):
    track("videos", out=Path("all"))
    stopped = Path("all/one")
    overview = json.loads((stopped / "tracks.json").read_text())
    (stopped / "tracks.json").write_text(json.dumps({**overview, "complete": False}))
    config = json.loads((stopped / "config.json").read_text())
    (stopped / "config.json").write_text(json.dumps({**config, "ended": False}))
    other = Path("all/two")  # a part, too, but of another video of this name
    (other / "tracks.json").write_text(json.dumps({**overview, "complete": False}))
    (other / "config.json").write_text(json.dumps({**config, "ended": False, "opened": "/elsewhere/two.mp4"}))
    track("videos", out=Path("all"), dry_run=True)
    planned = capsys.readouterr().out
    assert all(f"  results   all/{name}\n" in planned for name in ("one", "two-2"))
    track("videos", out=Path("all"))
    said = capsys.readouterr().out
    assert "all/one held a run that was not finished; that is now all/one-unfinished" in said
    assert set(runs(Path("all"))) == {"one", "one-unfinished", "two", "two-2", "ten"}
    assert json.loads((stopped / "tracks.json").read_text())["complete"] is True


def test_a_dry_run_of_several_says_where_each_will_go(videos: Path, capsys: pytest.CaptureFixture[str]):
    track("videos", out=Path("all"), dry_run=True)
    said = capsys.readouterr().out
    assert all(f"  results   all/{name}\n" in said for name in ("one", "two", "ten"))
    assert not Path("all").exists()


def test_of_two_runs_of_one_video_at_once_each_gets_a_folder(videos: Path):
    options = ["--reid", "none", "--detections", "boxes.txt", "--no-video"]
    command = [sys.executable, "-m", "tools", "track", "videos/one.mp4", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in "ab"]
    said = sorted((process.communicate(timeout=120)[0] for process in both), key=len)
    assert [process.returncode for process in both] == [0, 0]
    assert runs(Path("runs")) == {"one": FRAMES, "one-2": FRAMES}
    assert "results in runs/one/\n" in said[0]
    assert "note: runs/one is taken: the results go to runs/one-2\n" in said[1]
    assert not list(Path("runs").glob("*/.*"))


def test_a_folder_is_claimed_by_one_run_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with claimed_folder(None, "dance") as (first, _), claimed_folder(None, "dance") as (second, made):
        assert (first, second) == (Path("runs/dance"), Path("runs/dance-2"))
        assert made == [second]
    (tmp_path / "out").mkdir()
    with (
        claimed_folder(Path("out"), "dance"),
        pytest.raises(InputError, match="another run has taken --out out"),
        claimed_folder(Path("out"), "dance"),
    ):
        raise AssertionError("two runs in one folder")
    (tmp_path / "out" / "tracks.json").write_text('{"complete": false}')
    with monkeypatch.context() as inside:
        inside.chdir("out")
        with claimed_folder(Path("."), "dance") as (folder, _):
            assert folder == tmp_path.resolve() / "out"
    assert (tmp_path / "out-unfinished" / "tracks.json").is_file()
    # the other run was faster, and is done, between the look at the folder and its claim
    monkeypatch.setattr("tools.run.folder.choose_folder", lambda out, *_: out)
    (tmp_path / "out" / "tracks.txt").touch()
    with pytest.raises(InputError, match="another run has filled --out out"), claimed_folder(Path("out"), "dance"):
        raise AssertionError("two runs in one folder")
