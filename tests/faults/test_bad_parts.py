"""Parts that go wrong while a video is tracked: the command says it in a sentence, and what it had by then is kept."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from film import shoot
from stage_play import ColourEmbedder

from tools import cli, track
from tools.run.parts import Parts
from tracker.results.mot_files import read_tracks
from tracker.tracker import Tracker, TrackerOptions
from tracker.types import Detections, Frame, InputError
from tracker.video.video_reader import VideoReader

FRAMES, BAD = 60, 44
ONE_SHOT = TrackerOptions(cuts=False)


class Still:
    """A detector of two people who stand still; in frame `BAD` it does what `wrong` does with what it saw there."""

    def __init__(self, wrong: Callable[[np.ndarray, np.ndarray], Any] = Detections) -> None:
        self.wrong = wrong

    def __call__(self, frame: Frame) -> Any:
        xyxy = np.array([[10.0, 10, 40, 90], [70, 12, 100, 92]])
        return (self.wrong if frame.index == BAD else Detections)(xyxy, np.array([0.9, 0.8]))

    def batch(self, frames: Sequence[Frame]) -> list[Any]:
        return [self(frame) for frame in frames]


def fails(*_: Any) -> Any:
    raise RuntimeError("CUDA error: an illegal memory access\nwas encountered")


DETECTORS: dict[str, tuple[Callable[[np.ndarray, np.ndarray], Any], str]] = {
    "it fails": (fails, "the detector failed in frames 44 and 48: RuntimeError: CUDA error: an illegal memory access"),
    "a corner is not a number": (
        lambda xyxy, score: Detections(xyxy * np.nan, score),
        "not finite (in frames 44 and 48)",
    ),
    "a score is not a number": (lambda xyxy, score: Detections(xyxy, score * np.nan), "score that is not finite"),
    "boxes end before they begin": (lambda xyxy, score: Detections(xyxy[:, ::-1], score), "ends before it begins"),
    "it gives arrays": (lambda xyxy, score: xyxy, "gave no Detections"),
    "it gives nothing": (lambda *_: None, "gave no Detections"),
}


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return shoot(tmp_path / "film.mp4", FRAMES)


@pytest.fixture
def run(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(detector: Any, embedder: Any = None, **options: Any) -> tuple[int, str]:
        """Exit code and standard error of `followspot track` with these parts.

        Its options are not read from words, which would take longer than all the rest.
        """
        parts = Parts(detector, embedder, {"detector": None, "reid": None})
        monkeypatch.setattr(track, "make_parts", lambda *_, **__: parts)
        command = track.TrackCommand((str(video),), tmp_path / "run", **options)
        monkeypatch.setattr(cli, "chosen", lambda *_: command)
        monkeypatch.setattr(sys, "argv", ["followspot", "track"])
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
            return (1, str(code)) if isinstance(code, str) else (int(code or 0), capsys.readouterr().err)
        return 0, capsys.readouterr().err

    return run


def kept(folder: Path) -> int:
    """Frames with rows, after everything the run left was read."""
    rows = [tracks for tracks in read_tracks(folder / "tracks.txt") if len(tracks)]  # but for frames left out
    overview = json.loads((folder / "tracks.json").read_text())
    assert len((folder / "tracks.csv").read_text().splitlines()) == 1 + sum(map(len, rows))
    assert overview["summary"]["frames"] == len(rows)
    assert (folder / "config.json").exists()
    with VideoReader(next(folder.glob("video*.mp4"))) as video:
        assert sum(1 for _ in video) == len(rows)
    assert not list(folder.rglob("*.part"))
    return len(rows)


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_that_goes_wrong_once_loses_nothing_before(run: Callable[..., Any], tmp_path: Path, name: str):
    """Frame 44 is a keyframe of the frames 41 to 48: the 41 before are kept, those of the last second too."""
    wrong, sentence = DETECTORS[name]
    code, said = run(Still(wrong))
    assert code != 0
    assert sentence in said
    assert "\n" not in said.strip()
    assert kept(tmp_path / "run") == 41


def test_two_thousand_boxes_in_a_frame_are_tracked_as_any_others(run: Callable[..., Any], tmp_path: Path):
    """A crowd between the two for one frame, of whom no person stays: only the two who stand have an id."""
    draw = np.random.default_rng(0)

    def crowd(xyxy: np.ndarray, score: np.ndarray) -> Detections:
        corner = draw.uniform((42, 0), (58, 60), (1998, 2))
        strangers = np.concatenate([corner, corner + draw.uniform(5, 10, (1998, 2))], axis=1)
        return Detections(np.concatenate([xyxy, strangers]), np.concatenate([score, draw.uniform(0.1, 1, 1998)]))

    assert run(Still(crowd), tracker=ONE_SHOT)[0] == 0  # every frame of the film looks like another camera's
    assert kept(tmp_path / "run") == FRAMES
    assert {int(id) for rows in read_tracks(tmp_path / "run/tracks.txt") for id in rows.ids} == {1, 2}


class Wrong(ColourEmbedder):
    """An encoder that does `wrong` to its vectors from the second batch on."""

    def __init__(self, wrong: Callable[[np.ndarray], Any]) -> None:
        super().__init__()
        self.wrong, self.batches = wrong, 0

    def __call__(self, crops: Sequence[np.ndarray]) -> Any:
        self.batches += 1
        rows = super().__call__(crops)
        return self.wrong(rows) if self.batches > 1 else rows


class Leaving(Still):
    """One of the two leaves for the frames 20 to 34, and the encoder is asked who comes back."""

    def __call__(self, frame: Frame) -> Any:
        found = super().__call__(frame)
        return found[:1] if 20 <= frame.index < 35 else found


EMBEDDERS: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "it fails": (fails, "the re-ID encoder failed on"),
    "a vector is not a number": (lambda rows: rows * np.nan, "not finite"),
    "vectors grow": (lambda rows: np.concatenate([rows, rows], axis=1), "where it should give"),
    "a vector too few": (lambda rows: rows[:-1], "where it should give"),
    "one number": (lambda rows: np.float32(1), "where it should give"),
    "nothing": (lambda rows: None, "the re-ID encoder"),
}


@pytest.mark.parametrize("name", EMBEDDERS)
def test_an_encoder_that_goes_wrong_loses_nothing_before(run: Callable[..., Any], tmp_path: Path, name: str):
    """The first batch makes the two known at the start; the second is when the one who left is back."""
    wrong, sentence = EMBEDDERS[name]
    code, said = run(Leaving(), Wrong(wrong))
    assert code != 0
    assert sentence in said
    assert "\n" not in said.strip()
    assert 35 <= kept(tmp_path / "run") < FRAMES


@pytest.mark.parametrize("second", [0.0, -0.1, float("nan"), float("inf")])
def test_a_tracker_refuses_times_that_do_not_grow(second: float):
    tracker = Tracker(picture_size=(128, 96))
    tracker.update(Frame(0, 0.0, None), Detections.empty())
    with pytest.raises(InputError, match=r"frame 1: .* does not come after 0.000 s"):
        tracker.update(Frame(1, second, None), Detections.empty())


def stamped_alike(video: Path) -> Path:
    """The film, all of whose frames last no time (the table `stts` of an MP4)."""
    content = bytearray(shoot(video, FRAMES, options={"bf": "0"}).read_bytes())
    table = content.index(b"stts")
    entries = int.from_bytes(content[table + 8 : table + 12], "big")
    for entry in range(entries):
        place = table + 12 + 8 * entry
        content[place + 4 : place + 8] = bytes(4)
    video.write_bytes(content)
    return video


def unstamped(video: Path) -> Path:
    """The film as a bare stream of H.264, in which frames have no times."""
    shoot(video.with_suffix(".h264"), FRAMES)
    return video.with_suffix(".h264").rename(video)


def begun_again(video: Path) -> Path:
    """Twice the same half of the film, joined byte by byte: the times of the second are those of the first."""
    part = shoot(video.with_suffix(".ts"), FRAMES // 2).read_bytes()
    video.write_bytes(part + part)
    return video


LONG = "FUZZ_SECONDS" in os.environ
"""Whether this is `make test-faults`."""


def flipped(video: Path, place: int, places: int) -> None:
    """The film with one byte inverted: this of so many places, spread over the file."""
    content = bytearray(video.read_bytes())
    content[len(content) * place // places] ^= 0xFF
    video.write_bytes(content)


def cut(video: Path, place: int, places: int) -> None:
    """The film without what follows the place."""
    content = video.read_bytes()
    video.write_bytes(content[: len(content) * place // places])


@pytest.mark.parametrize("damage", [flipped, cut])
def test_of_a_damaged_video_all_that_can_be_read_is_kept(
    run: Callable[..., Any], video: Path, tmp_path: Path, damage: Callable[[Path, int, int], None]
):
    """Either it is tracked, and says what is missing, or a sentence says that there is nothing to track.

    Damage in the index at the end (`moov`) may say that the film leaves a frame out, as cut films do.
    """
    whole, places = video.read_bytes(), 200 if LONG else 10
    index = whole.index(b"moov")
    tracked = 0
    for place in range(places):
        video.write_bytes(whole)
        damage(video, place, places)
        code, said = run(Still(), tracker=ONE_SHOT)
        if (tmp_path / "run").exists():
            frames = kept(tmp_path / "run")
            tracked += 1
            told = "film.mp4" in (tmp_path / "run/report.html").read_text()
            assert frames == FRAMES or told or len(whole) * place // places > index
        else:
            assert code != 0
            assert "film" in said
            assert "\n" not in said.strip()
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
    assert tracked > places // 2 or damage is cut  # the index of an MP4 is at its end


def grown(video: Path) -> Path:
    """Half the film, and then the other half in twice the size."""
    small = shoot(video.with_suffix(".ts"), FRAMES // 2).read_bytes()
    large = shoot(video.with_suffix(".ts"), FRAMES // 2, width=256, height=192).read_bytes()
    video.write_bytes(small + large)
    return video


@pytest.mark.parametrize("change", [stamped_alike, unstamped, begun_again, grown])
def test_a_video_with_strange_times_or_sizes_is_tracked_whole(
    run: Callable[..., Any], video: Path, tmp_path: Path, change: Callable[[Path], Path]
):
    """In the first frame's size; where parts are joined one frame is torn, and left out; two people stay two."""
    change(video)
    run(Still(), tracker=ONE_SHOT)
    assert kept(tmp_path / "run") >= FRAMES - 1
    assert {int(id) for rows in read_tracks(tmp_path / "run/tracks.txt") for id in rows.ids} == {1, 2}
