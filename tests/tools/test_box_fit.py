"""Boxes from a file that cannot be those of the video: in `track --detections` and in `render`."""

from __future__ import annotations

from pathlib import Path

import pytest
from film import shoot

from tools.render import RenderCommand
from tools.track import TrackCommand
from tracker.types import InputError

FRAMES, WIDTH, HEIGHT = 50, 320, 240


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return shoot(Path("dance.mp4"), FRAMES, width=WIDTH, height=HEIGHT)


def boxes(path: str, id: int, *rows: tuple[int, int, float]) -> Path:
    """A person in every frame, and further rows of frame, left edge and score."""
    person = [(frame, 100, 0.9) for frame in range(1, FRAMES + 1)]
    lines = [f"{frame},{id},{left},50,40,120,{score}\n" for frame, left, score in [*person, *rows]]
    Path(path).write_text("".join(lines))
    return Path(path)


def track(video: Path, detections: Path, **options) -> None:
    TrackCommand((str(video),), Path("out"), reid="none", detections=detections, video=False, **options).run()


BEYOND, OUTSIDE = [(frame, 100, 0.9) for frame in range(61, 71)], [(frame, WIDTH, 0.9) for frame in range(1, 6)]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (BEYOND, "10 of 60 boxes are beyond the video's end (up to frame 70, and dance has 50)"),
        (OUTSIDE, "5 of 55 boxes are outside the picture of 320x240"),
        ([(1, -40, 0.9)], "1 of 51 boxes are outside the picture of 320x240"),
        ([(1, 10, 97), (2, 10, -0.5)], "2 of 52 scores are not between 0 and 1, such as 97"),
    ],
    ids=["beyond", "right of it", "left of it", "scores"],
)
def test_some_boxes_that_do_not_fit_are_counted(
    rows: list[tuple[int, int, float]], sentence: str, video: Path, capsys: pytest.CaptureFixture[str]
):
    track(video, boxes("det.txt", -1, *rows))
    assert f"note: det.txt: {sentence}\n" in capsys.readouterr().out


def test_render_counts_them_too(video: Path, capsys: pytest.CaptureFixture[str]):
    RenderCommand(str(video), boxes("tracks.txt", 1, *BEYOND)).run()
    assert "note: tracks.txt: 10 of 60 boxes are beyond the video's end" in capsys.readouterr().out


def test_boxes_that_fit_and_tracks_without_scores_are_not_noted(video: Path, capsys: pytest.CaptureFixture[str]):
    det = boxes("det.txt", -1, (1, -39, 0.9), (2, WIDTH - 1, 1), (3, 10, 0), (FRAMES + 1, 10, 0.9))
    track(video, det, vid_stride=3)
    tracks = Path("tracks.txt")
    tracks.write_text("".join(f"{frame},1,100,50,40,120,-1,-1,-1,-1\n" for frame in range(1, FRAMES + 1)))
    RenderCommand(str(video), tracks).run()
    assert "note:" not in capsys.readouterr().out


def test_tracks_of_another_video_are_refused(video: Path):
    far = [(frame, 100, 0.9) for frame in range(FRAMES + 1, 2 * FRAMES + 2)]
    with pytest.raises(
        InputError, match=r"^tracks\.txt is of another video: 51 of 101 boxes are beyond the video's end"
    ):
        RenderCommand(str(video), boxes("tracks.txt", 1, *far)).run()
    with pytest.raises(InputError, match=r"^det\.txt is of another video"):
        track(video, boxes("det.txt", -1, *far))
    Path("wide.txt").write_text("".join(f"{frame},1,1500,50,40,120,0.9\n" for frame in range(1, FRAMES + 1)))
    with pytest.raises(InputError, match=r"^wide\.txt is of another video: 50 of 50 boxes are outside the picture"):
        RenderCommand(str(video), Path("wide.txt")).run()
    assert {path.name for path in Path().iterdir()} == {"dance.mp4", "tracks.txt", "det.txt", "wide.txt"}


def test_a_run_is_not_drawn_on_another_video(video: Path):
    track(video, boxes("det.txt", -1))
    shoot(Path("small.mp4"), FRAMES)
    with pytest.raises(InputError, match=r"small\.mp4 is not the video of out: that was 320x240, this is 128x96$"):
        RenderCommand("out", video=Path("small.mp4")).run()
    shoot(Path("short.mp4"), FRAMES // 3, width=WIDTH, height=HEIGHT)
    with pytest.raises(InputError, match=r"out/tracks\.txt is of another video: 32 of 48 boxes are beyond"):
        RenderCommand("out", video=Path("short.mp4")).run()
