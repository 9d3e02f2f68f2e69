"""A run's folder read again: where its video is, and its tracks."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import ROOT

from tools.run.tracked_run import absolute, read_run
from tools.track import TrackCommand
from tracker.drawing.render import RenderOptions
from tracker.types import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of the demo's dancers, who never leave, replayed: every fifth frame; the video named from its folder."""
    home = tmp_path_factory.mktemp("run")
    (home / "demo.mp4").write_bytes((ROOT / "assets" / "demo.mp4").read_bytes())
    rows = (ROOT / "assets" / "demo_gt.txt").read_text().splitlines()
    (home / "boxes.txt").write_text("".join(f"{row}\n" for row in rows if row.split(",")[1] in "35"))
    replayed = {"detections": Path("boxes.txt"), "reid": "none", "video": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        TrackCommand(("demo.mp4",), vid_stride=5, draw=RenderOptions(names={2: "Ada"}), **replayed).run()
    return home / "runs" / "demo"


def test_a_run_knows_its_video_names_and_tracks_from_any_folder(folder: Path):
    run = read_run(folder)
    assert (run.name, run.width, run.height, run.fps, run.tracking) == ("demo", 1280, 720, 5.0, "online")
    assert run.opened == str(folder.parents[1].resolve() / "demo.mp4")
    assert run.names == {2: "Ada"}
    with run.open() as source:
        indices = [frame.index for frame in source]
    assert len(indices) == run.frames == 70
    tracks = run.tracks()
    assert [rows.frame for rows in tracks] == indices
    assert {id for rows in tracks for id in rows.ids.tolist()} == {1, 2}


def test_a_moved_video_is_named_anew_and_a_folder_that_is_no_run_is_refused(folder: Path, tmp_path: Path):
    config = json.loads((folder / "config.json").read_text())
    copied = tmp_path / "copied"
    copied.mkdir()
    for file in ("tracks.txt", "tracks.json"):
        (copied / file).write_bytes((folder / file).read_bytes())
    with pytest.raises(InputError, match=r"does not say where the video is; name it with --video"):
        read_run(copied)
    (copied / "config.json").write_text(json.dumps(config | {"opened": str(tmp_path / "gone.mp4")}))
    with pytest.raises(InputError, match=r"no longer at .*gone\.mp4; name it with --video"):
        read_run(copied).open()
    with read_run(copied, folder.parents[1] / "demo.mp4").open() as source:
        assert source.width == 1280
    (tmp_path / "day 1" / "first").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "day 1" / "first" / "1.jpg"), np.zeros((720, 1280, 3), np.uint8))
    for pattern in ("day*/*/*.jpg", "**/*.jpg"):
        (copied / "config.json").write_text(json.dumps(config | {"opened": str(tmp_path / pattern)}))
        with read_run(copied).open() as source:
            assert source.name == "first"
    (copied / "tracks.json").write_text('{"video": {}, "summary": {}}')
    with pytest.raises(InputError, match="is damaged or of another version"):
        read_run(copied)
    (copied / "tracks.json").unlink()
    with pytest.raises(InputError, match="is no run"):
        read_run(copied)


def test_addresses_and_cameras_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("rtsp://camera/1") == "rtsp://camera/1"
    assert absolute("0") == "0"
    assert absolute("dance.mp4") == str(tmp_path.resolve() / "dance.mp4")
