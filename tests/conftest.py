"""What all tests share: the browser, and that files with slow tests go first, so that no core waits for the last."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


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
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            yield browser
            browser.close()
