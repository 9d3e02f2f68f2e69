"""`track --show` where no window can be opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from film import shoot

from tools.run import video_sinks
from tools.run.video_sinks import require_screen
from tools.track import TrackCommand
from tracker.types import InputError

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in SCREENS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("screens", "sentence"),
    [
        ({}, "neither DISPLAY nor WAYLAND_DISPLAY names one"),
        ({"DISPLAY": "127.0.0.1:63"}, "OpenCV cannot open a window on this one"),
    ],
    ids=["no screen", "a screen that is not there"],
)
def test_without_a_screen_nothing_starts(
    screens: dict[str, str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, value in screens.items():
        monkeypatch.setenv(name, value)
    video = shoot(tmp_path / "dance.mp4", 5)
    with pytest.raises(InputError, match=f"^--show needs a screen, and {sentence}: leave it out$"):
        TrackCommand(sources=(str(video),), out=tmp_path / "out", show=True).run()
    assert list(tmp_path.iterdir()) == [video]


def test_a_window_that_opens_is_a_screen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(video_sinks, "OPEN_A_WINDOW", "pass")
    require_screen()
