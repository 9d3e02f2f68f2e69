"""The stage: what it renders follows from the seed, and its truth fits its pictures."""

from __future__ import annotations

import numpy as np
import pytest

from tools.stage import Scene, StageOptions
from tracker.types import InputError

SMALL = StageOptions(dancers=3, twins=2, seconds=0.8, fps=5.0, width=320, height=180, seed=4)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not():
    first, again = list(Scene(SMALL).frames()), list(Scene(SMALL).frames())
    other = list(Scene(StageOptions(dancers=3, twins=2, seconds=0.8, fps=5.0, width=320, height=180, seed=5)).frames())
    assert len(first) == 4
    for a, b, c in zip(first, again, other, strict=True):
        assert np.array_equal(a.frame.image, b.frame.image)
        assert np.array_equal(a.truth.xyxy, b.truth.xyxy)
        assert not np.array_equal(a.frame.image, c.frame.image)


def test_a_stage_that_cannot_be_rendered_is_refused_in_a_sentence():
    with pytest.raises(InputError, match="twins must be 0 to 3"):
        StageOptions(dancers=3, twins=4)
    with pytest.raises(InputError, match="even"):
        StageOptions(width=641)
