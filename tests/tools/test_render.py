"""A run drawn again: which tracks, in which style, which part, how large, and one person followed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from film import cut, number, shoot

from tools.cli import main
from tools.evaluate_follow import EvaluateFollowCommand
from tools.render import RenderCommand
from tools.run.clock_times import seconds, shape
from tools.run.interruption import IncompleteError
from tools.run.run_events import tracks_with_events
from tools.run.tracked_run import read_run
from tracker.drawing.render import RenderOptions
from tracker.types import InputError
from tracker.video.video_reader import VideoReader

FPS = 25
FRAMES = 75
WIDTH, HEIGHT = 320, 240


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shoot(
        tmp_path_factory.mktemp("film") / "film.mp4", FRAMES, width=WIDTH, height=HEIGHT, rate=FPS, sound="aac"
    )


@pytest.fixture
def folder(film: Path, tmp_path: Path) -> Path:
    """Three seconds with a tone, in which Ada stands on the right and 2 walks in from the left; 2 was away for 0.8 s,
    blinked once, and a camera cut at 2 s hid Ada for a frame."""
    video = shutil.copy(film, tmp_path)
    run = tmp_path / "run"
    run.mkdir()
    rows = []
    for frame in range(FRAMES):
        rows.append(f"{frame + 1},1,220,60,50,150,0.9,-1,-1,-1\n")
        if not 10 <= frame < 30:
            rows.append(f"{frame + 1},2,{20 + frame},60,50,150,0.9,-1,-1,-1\n")
    (run / "tracks.txt").write_text("".join(rows))
    events = [
        {"frame": 30, "time": 1.2, "away": 0.84, "similarity": 0.8, "margin": 0.01},
        {"frame": 40, "time": 1.6, "away": 0.08, "similarity": 0.9, "margin": 0.3},
    ]
    hidden = {"frame": 50, "time": 2.0, "away": 0.04, "similarity": None, "margin": None}
    common = {"exchanged": False, "remembered": False}
    overview = {
        "video": {"source": "film", "fps": FPS, "width": WIDTH, "height": HEIGHT, "tracking": "online"},
        "summary": {"frames": FRAMES},
        "camera_cuts": [2.0],
        "people": [
            {"id": 1, "name": "Ada", "recoveries": [hidden | common]},
            {"id": 2, "name": None, "recoveries": [event | common for event in events]},
        ],
    }
    (run / "tracks.json").write_text(json.dumps(overview))
    (run / "config.json").write_text(json.dumps({"opened": str(video), "options": {}}))
    return run


def pictures(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as frames:
        return [frame.image for frame in frames if frame.image is not None]


def changed(drawn: Path, folder: Path, frame: int) -> np.ndarray:
    """(H, W) bool: what differs from the plain video by more than its compression."""
    plain = pictures(folder.parent / "film.mp4")[frame].astype(int)
    return np.abs(pictures(drawn)[frame].astype(int) - plain).max(axis=2) > 60


def test_a_run_is_drawn_by_its_folder_alone_and_says_which_tracks(folder: Path, capsys: pytest.CaptureFixture[str]):
    RenderCommand(str(folder)).run()
    drawn = folder / "boxes.mp4"
    assert capsys.readouterr().out == f"tracks: {folder}/tracks.txt (online)\ndrawn: {drawn}\n"
    assert len(pictures(drawn)) == FRAMES
    assert changed(drawn, folder, 5)[60:210, 218:223].any()
    with pytest.raises(InputError, match=r"boxes\.mp4 exists: choose another --out, or --overwrite it"):
        RenderCommand(str(folder)).run()
    RenderCommand(str(folder), overwrite=True).run()


def test_what_is_drawn_of_a_video_that_breaks_off_ends_incomplete(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Two of three seconds of it are left: all that is drawn; of a part that is there, nothing is missing."""
    whole = shoot(folder / "whole.mp4", FRAMES, width=WIDTH, height=HEIGHT, rate=FPS, faststart=True)
    short = cut(whole, 0.7, "short.mp4")
    with pytest.raises(IncompleteError):
        RenderCommand(str(folder), video=short).run()
    said = capsys.readouterr().out
    assert "note: short.mp4 breaks off at " in said
    assert f"drawn: {folder}/boxes.mp4" in said
    assert 10 < len(pictures(folder / "boxes.mp4")) < FRAMES
    RenderCommand(str(folder), video=short, end="0.2").run()


def test_what_is_drawn_of_a_run_that_is_not_whole_ends_incomplete(folder: Path, capsys: pytest.CaptureFixture[str]):
    overview = json.loads((folder / "tracks.json").read_text())
    told = {"complete": False, "notes": ["stopped on request"]}
    (folder / "tracks.json").write_text(json.dumps(overview | told))
    with pytest.raises(IncompleteError):
        RenderCommand(str(folder)).run()
    assert "note: of the tracks: stopped on request\n" in capsys.readouterr().out
    RenderCommand(str(folder), out=folder / "still.jpg").run()
    RenderCommand(str(folder), end="1").run()


def test_the_recoveries_of_the_run_are_marked_and_its_cut_is_known(folder: Path):
    tracks = tracks_with_events(read_run(folder), away=0.5)
    told = [(rows.frame, event.id, event.margin) for rows in tracks for event in rows.recoveries if event.is_told]
    assert told == [(30, 2, 0.01)]  # neither the blink of 0.08 s nor the cut
    assert [rows.frame for rows in tracks if rows.cut] == [50]
    assert [event.across_cut for event in tracks[50].recoveries] == [True]


def test_corrected_tracks_are_drawn_where_there_are_any_unless_told_otherwise(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    (folder / "edits.json").write_text('{"version": 1, "edits": []}')
    os.utime(folder / "edits.json", (0, 0))
    corrected = folder / "corrected"
    corrected.mkdir()
    (corrected / "tracks.txt").write_text("1,3,220,60,50,150,1\n75,3,220,60,50,150,1\n")
    (corrected / "tracks.json").write_text('{"people": [{"id": 3, "name": "Bea", "recoveries": []}]}')
    RenderCommand(str(folder), only=("Bea",)).run()
    assert f"tracks: {corrected}/tracks.txt (corrected)\n" in capsys.readouterr().out
    assert (corrected / "boxes-Bea.mp4").exists()
    RenderCommand(str(folder), uncorrected=True, only=("Ada",)).run()
    assert f"tracks: {folder}/tracks.txt (online)\n" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"no person Ada in .*corrected.*; there are 3 \(Bea\)"):
        RenderCommand(str(folder), only=("Ada",)).run()


def test_edits_that_are_deleted_count_no_more_and_what_was_drawn_beside_the_corrected_tracks_stays(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    edits = folder / "edits.json"
    edits.write_text(json.dumps({"version": 1, "edits": [{"do": "rename", "person": 2, "name": "Bea"}]}))
    RenderCommand(str(folder), only=("Bea",)).run()
    drawn = folder / "corrected" / "boxes-Bea.mp4"
    edits.write_text(json.dumps({"version": 1, "edits": [{"do": "rename", "person": 2, "name": "Cleo"}]}))
    RenderCommand(str(folder), only=("Cleo",)).run()
    assert drawn.exists()
    edits.unlink()
    capsys.readouterr()
    RenderCommand(str(folder), only=("Ada",)).run()
    assert f"tracks: {folder}/tracks.txt (online)\n" in capsys.readouterr().out


def test_what_is_read_is_never_written_over(folder: Path):
    film = folder.parent / "film.mp4"
    shutil.copy(film, folder / "video.mp4")
    before = film.read_bytes()
    for out, what in ((film, "the video that is drawn"), (folder / "video.mp4", "the run's own video")):
        with pytest.raises(InputError, match=f"is {what}, which stays as it is: choose another --out"):
            RenderCommand(str(folder), out=out, overwrite=True).run()
    with pytest.raises(InputError, match="is the video that is drawn"):
        RenderCommand(str(film), folder / "tracks.txt", out=film, overwrite=True).run()
    assert film.read_bytes() == before == (folder / "video.mp4").read_bytes()


def test_a_picture_shows_the_trails_of_the_seconds_before_it(folder: Path):
    """2 walks a pixel a frame; at 2.6 s the feet of two seconds before, at the left, are behind."""
    RenderCommand(str(folder), style="trails", start="2.6", out=folder / "still.png").run()
    RenderCommand(str(folder), style="trails", out=folder / "film.mp4").run()
    still, drawn = cv2.imread(str(folder / "still.png")).astype(int), pictures(folder / "film.mp4")[65].astype(int)
    plain = pictures(folder.parent / "film.mp4")[65].astype(int)
    trail = np.s_[206:214, 85:105]  # the feet were there at frames 40 to 60
    assert np.abs(still - plain)[trail].max() > 60
    assert np.abs(still - plain)[trail].mean() > 3 * np.abs(still - drawn)[trail].mean()


def test_a_corrected_run_has_a_report_of_its_own_by_the_corrected_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    edits = [{"do": "rename", "person": 2, "name": "Bea"}, {"do": "look", "moments": []}]
    (folder / "edits.json").write_text(json.dumps({"version": 1, "edits": edits}))
    RenderCommand(str(folder)).run()
    report = folder / "corrected" / "report.html"
    assert f"report: {report}\n" in capsys.readouterr().out
    page = report.read_text(encoding="utf-8")
    assert page.count("<bdi>Bea</bdi>") >= 2  # in the timeline and on the card
    assert 'src="boxes.mp4"' in page
    assert "corrected by hand, 2 edits" in page
    report.unlink()
    RenderCommand(str(folder), style="names").run()
    RenderCommand(str(folder), end="1", out=folder / "part.mp4").run()
    assert not report.exists(), "of a part, or of another style"


def test_a_list_that_is_given_twice_is_refused_as_only_the_last_would_count(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    names = ["--draw.names", "1", "Ada", "--draw.names", "2", "Bea"]
    monkeypatch.setattr("sys.argv", ["followspot", "render", str(folder), *names])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "--draw.names is given twice, and only the last would count: give all its values" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["followspot", "render", str(folder), "--crf", "30", "--crf", "40", *names[:3]])
    main()
    assert (folder / "boxes.mp4").exists()


def test_a_list_without_a_value_is_refused_as_everybody_would_be_drawn(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for words in (["--only"], ["--only", "--crf", "30"]):
        monkeypatch.setattr("sys.argv", ["followspot", "render", str(folder), *words])
        with pytest.raises(SystemExit, match="2"):
            main()
        assert "--only is given without a value: give one or more, or leave it out" in capsys.readouterr().err
    assert not list(folder.glob("boxes*.mp4"))


def test_a_run_beside_its_video_tells_what_to_type(folder: Path, film: Path):
    for words in ((str(film), folder), (str(folder), film)):
        with pytest.raises(InputError, match=r"run is a run's folder, .*: `followspot render .+run.?` draws it"):
            RenderCommand(*words).run()


def test_a_part_begins_and_ends_in_time_with_its_sound(folder: Path):
    """From 1 s to 2 s: frames 25 to 49 of 75, shown from 0 s on, and one second of the tone."""
    RenderCommand(str(folder), style="plain", start="0:01", end="2", out=folder / "part.mp4").run()
    with VideoReader(folder / "part.mp4") as frames:
        shown = [(number(frame.image), round(frame.time * FPS)) for frame in frames if frame.image is not None]
    assert shown == [(25 + index, index) for index in range(25)]
    with av.open(str(folder / "part.mp4")) as container:
        (sound,) = container.streams.audio
        packets = [float(packet.pts * packet.time_base) for packet in container.demux(sound) if packet.pts is not None]
    assert packets[0] == pytest.approx(0, abs=0.11)
    assert packets[-1] == pytest.approx(1.0, abs=0.05)


def test_a_moment_is_drawn_as_a_picture(folder: Path):
    RenderCommand(str(folder), style="plain", start="1.2", out=folder / "stills" / "ada.png").run()
    image = cv2.imread(str(folder / "stills" / "ada.png"))
    assert image is not None
    assert number(image) == 30


def test_the_spotlight_leaves_one_person_bright_and_all_else_dark(folder: Path):
    RenderCommand(str(folder), style="spotlight", only=("Ada",)).run()
    drawn = pictures(folder / "spotlight-Ada.mp4")[35].astype(float)
    plain = pictures(folder.parent / "film.mp4")[35].astype(float)
    assert drawn[120:150, 235:255].mean() == pytest.approx(plain[120:150, 235:255].mean(), abs=4)
    assert drawn[180:230, 20:150].mean() == pytest.approx(0.16 * plain[180:230, 20:150].mean(), abs=4)


def test_blur_leaves_one_person_sharp_and_nothing_else(folder: Path):
    RenderCommand(str(folder), style="blur", only=("1",)).run()
    drawn = pictures(folder / "blur-1.mp4")[35].astype(int)
    plain = pictures(folder.parent / "film.mp4")[35].astype(int)  # its bars of black and white are 40 pixels wide

    def steepest(image: np.ndarray, columns: slice) -> int:
        return int(np.abs(np.diff(image[110, columns, 0])).max())

    assert steepest(plain, slice(60, 140)) > 100
    assert steepest(drawn, slice(60, 140)) < 30
    assert np.abs(drawn[110, 230:260] - plain[110, 230:260]).max() < 30


def test_names_trails_and_plain_draw_what_they_say(folder: Path):
    """In frame 55 the box of 2 goes from 75 to 125; the feet have gone from 75 to 100 since the return in frame 30."""
    for style in ("names", "trails", "plain"):
        RenderCommand(str(folder), style=style, only=("2",), draw=RenderOptions(labels=style == "names")).run()
    names, trails, plain = (changed(folder / f"{style}-2.mp4", folder, 55) for style in ("names", "trails", "plain"))
    assert not plain.any()
    assert names.any()
    assert not names[80:190, 70:130].any()  # no box
    assert trails[207:214, 80:98].any()
    assert not trails[:200].any()


def test_frames_after_the_end_of_the_run_are_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    longer = shoot(tmp_path / "longer.mp4", FRAMES + 5, width=WIDTH, height=HEIGHT, rate=FPS)
    RenderCommand(str(folder), video=longer, style="plain").run()
    assert "5 frames come after the last one of the run: perhaps longer is not its video" in capsys.readouterr().out
    RenderCommand(str(folder), style="names").run()
    assert "come after" not in capsys.readouterr().out


def test_a_smaller_copy_is_drawn_at_its_own_size(folder: Path):
    RenderCommand(str(folder), height=120, crf=10).run()
    assert pictures(folder / "boxes.mp4")[0].shape == (120, 160, 3)


def test_following_gives_an_upright_view_around_the_person(folder: Path):
    RenderCommand(str(folder), follow="Ada").run()
    shown = pictures(folder / "follow-Ada.mp4")
    assert {image.shape for image in shown} == {(240, 136, 3)}  # 9:16 of 240 is 135, made even
    RenderCommand(str(folder), follow="2", aspect="1:1", style="boxes", height=160, draw=RenderOptions(trail=0)).run()
    assert {image.shape for image in pictures(folder / "follow-2-boxes.mp4")} == {(160, 160, 3)}


def test_skeletons_are_drawn_from_the_joints_of_a_pose_model(folder: Path):
    """Of Ada alone, in frame 5 alone: the shoulders at (230, 100) and (260, 100) are seen, the rest is not."""
    joints = np.zeros((17, 3))
    joints[5:7] = [[230, 100, 0.9], [260, 100, 0.9]]
    line = ",".join(f"{value:g}" for value in joints.ravel())
    (folder / "keypoints.txt").write_text(f"6,220.00,60.00,50.00,150.00,{line}\n")
    RenderCommand(str(folder), style="skeleton", draw=RenderOptions(labels=False)).run()
    drawn = changed(folder / "skeleton.mp4", folder, 5)
    assert drawn[97:104, 232:258].any(axis=0).all()
    assert not drawn[110:].any()
    assert not changed(folder / "skeleton.mp4", folder, 6).any()


def test_without_keypoints_there_are_no_skeletons(folder: Path):
    with pytest.raises(InputError, match="has no keypoints to draw skeletons from: track the video with a pose model"):
        RenderCommand(str(folder), style="skeleton").run()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"style": "neon"}, "no style is called neon; there are boxes, names, spotlight"),
        ({"only": ("Zoe",)}, r"there is no person Zoe in .*; there are 1 \(Ada\), 2"),
        ({"follow": "9"}, "there is no person 9 in"),
        ({"start": "2", "end": "1"}, "--to must be later than --from"),
        ({"start": "1:75"}, "--from 1:75 is no time: give seconds"),
        ({"start": "60"}, "nothing was drawn: film has no picture from 60 to its end"),
        ({"follow": "2", "aspect": "tall"}, "--aspect tall is no shape"),
        ({"follow": "2", "aspect": "11:1"}, "--aspect 11:1 is no shape: give width:height from 1:10 to 10:1"),
        ({"aspect": "9:16"}, "--aspect 9:16 is the shape of the view of --follow: name whom to follow"),
        ({"height": 10}, "--height must lie between 64 and 4320, not 10"),
        ({"crf": 52}, "--crf must lie between 0 and 51, not 52: 0 is lossless"),
        ({"out": Path("drawn.gif")}, r"^--out drawn\.gif must end like .* written: \.mp4, \.m4v, .*, \.webp$"),
        ({"out": Path("drawn")}, "^--out drawn must end like a video or a picture"),
        ({"video": Path("gone.mp4")}, r"no longer at gone\.mp4; name it with --video"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(folder: Path, options: dict, complaint: str):
    with pytest.raises(InputError, match=complaint):
        RenderCommand(str(folder), **options).run()
    assert not list(folder.glob("*.mp4"))


def test_a_folder_that_is_no_run_and_a_video_alone_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="is no run"):
        RenderCommand(str(tmp_path)).run()
    with pytest.raises(InputError, match=r"film\.mp4 is no folder of a run: name one, or a video and its tracks\.txt"):
        RenderCommand("film.mp4").run()
    with pytest.raises(InputError, match=r"no file .*, as .* is a folder: name the tracks\.txt in it"):
        RenderCommand("film.mp4", tmp_path).run()


def test_two_people_of_one_name_are_told_apart_by_id(folder: Path):
    with pytest.raises(InputError, match="Ada is the name of 1, 2: give one of these ids"):
        RenderCommand(str(folder), only=("Ada",), draw=RenderOptions(names={2: "Ada"})).run()


def test_the_command_line_takes_from_and_to(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "sys.argv",
        ["followspot", "render", str(folder), "--from", "0:02", "--to", "2.2", "--only", "1", "2", "--style", "names"],
    )
    main()
    assert len(pictures(folder / "names-1-2-part.mp4")) == 5


def test_times_and_shapes_are_read_as_people_write_them():
    assert [seconds(text, "from") for text in ("90", "1:30", "0:01:30.5", "1:00:00")] == [90, 90, 90.5, 3600]
    assert [shape(text, "aspect") for text in ("9:16", "1:1", "16:9")] == [9 / 16, 1, 16 / 9]


def test_the_camera_is_scored_against_truth(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Ada's truth is her box; that of 2 is 100 pixels higher up in the last 15 of 55 frames, out of any view."""
    truth = folder.parent / "gt.txt"
    rows = []
    for row in (folder / "tracks.txt").read_text().splitlines():
        frame, id, left, top = row.split(",")[:4]
        raised = id == "2" and int(frame) > 60
        rows.append(f"{frame},{id},{left},{0 if raised else top},50,{60 if raised else 150},1,1,1\n")
    truth.write_text("".join(rows))
    EvaluateFollowCommand(folder, truth, json=folder / "scores.json").run()
    people = json.loads((folder / "scores.json").read_text())["people"]
    assert people["1"]["frames"] == FRAMES
    assert (people["1"]["centred"], people["1"]["cut"]) == (100, 0)
    assert people["2"]["frames"] == 55
    assert people["2"]["centred"] == pytest.approx(100 * 40 / 55)
    assert people["2"]["cut"] == pytest.approx(100 * 15 / 55)
    assert people["2"]["acceleration"] <= 2.6
    assert "centred %" in capsys.readouterr().out


def test_a_name_that_no_font_has_is_told_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tools.run.video_sinks.unwritable", lambda name, font: "\u674e" if "\u674e" in name else "")
    RenderCommand(str(folder), end="0.2", draw=RenderOptions(names={1: "\u674e\u738b", 2: "Ada"})).run()
    said = (
        "note: no font here has \u674e, so \u674e\u738b are drawn by id: give one that has with --draw.font FILE.ttf\n"
    )
    assert said in capsys.readouterr().out
