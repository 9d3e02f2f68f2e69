"""What all tests share: the browser, and that long files go first, so that no core waits for the last."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tracker.detection.weights import keep_offline

LONG = {
    *("test_stops.py", "test_training.py", "test_openvino_network.py", "test_benchmark_tracks.py", "test_threads.py"),
    *("test_dataset_video.py", "test_hostile_files.py", "test_reid_commands.py", "test_run_page.py", "test_page.py"),
}
"""Files without a slow test that take more than ten seconds as a whole."""
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-software-rasterizer", "--disable-features=RenderDocument"]
"""Without the process that would draw in the place of a GPU, and without a new frame for each page, which costs a sixth
of what opening one takes."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long = {item.path for item in items if item.path.name in LONG or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


def pytest_sessionstart() -> None:
    """Nothing is reported to OpenVINO's makers, which would be a process for each report. While modules are imported,
    there is next to nothing for the garbage collector to find."""
    keep_offline()
    gc.disable()


def pytest_collection_finish() -> None:
    """What is imported by now stays: the garbage collector need not look through all of torch again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless browser; skips where there is none."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium is not installed, so the page cannot be driven")
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", "/tmp")  # a socket lies there, whose path may have 107 bytes
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=BROWSER)
            yield browser
            browser.close()
