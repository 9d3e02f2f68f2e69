"""What tests of several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest


@pytest.fixture
def rendered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes of `dataset stage` are rendered in this process: one of their own takes a second to begin.

    What processes of their own do is told in `test_dataset_stage.py`.
    """

    def here(work: Callable[[Any], Any], scenes: Sequence[Any], *_: Any) -> Iterator[Any]:
        return map(work, scenes)

    monkeypatch.setattr("tools.dataset_stage.in_processes", here)
