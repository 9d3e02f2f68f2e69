"""What all tests share: the browser, of which there is one, and that its files and other long ones go first, so that no
core waits for the last."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tracker.detection.weights import keep_offline

LONG = {
    *("test_stops.py", "test_training.py", "test_openvino_network.py", "test_benchmark_tracks.py", "test_threads.py"),
    *("test_dataset_video.py", "test_hostile_files.py", "test_reid_commands.py"),
}
"""Files without a slow test that take more than ten seconds as a whole."""
IN_BROWSER = {
    *("test_page.py", "test_page_size.py", "test_frame_view.py", "test_run_page.py", "test_run_messages.py"),
    *("test_report.py", "test_report_formation.py"),
}
"""Files that go to one process, so that a single browser starts."""
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-software-rasterizer", "--disable-features=RenderDocument"]
"""Without the process that would draw in the place of a GPU, and without a new frame for each page, which costs a sixth
of what opening one takes."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long = {item.path for item in items if item.path.name in LONG or item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.name not in IN_BROWSER, item.path not in long))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each file is a piece of work, but for those in the browser, which are one."""
    from xdist.scheduler import LoadFileScheduling

    class ByFileOrBrowser(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "the browser" if Path(file).name in IN_BROWSER else file

    return ByFileOrBrowser(config, log) if config.getvalue("dist") == "loadfile" else None


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
