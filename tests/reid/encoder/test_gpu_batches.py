"""Batches for a GPU have few sizes, since cuDNN prepares itself anew for each."""

import numpy as np
import pytest

from reid.encoder.torch_encoder import padded


@pytest.mark.parametrize(("crops", "size"), [(1, 16), (16, 16), (17, 64), (64, 64), (65, 128), (200, 256)])
def test_any_number_of_crops_is_filled_up_to_one_of_few_sizes(crops: int, size: int) -> None:
    images = np.arange(1, crops + 1, dtype=np.uint8).reshape(crops, 1, 1, 1)
    filled = padded(images)
    assert filled.shape == (size, 1, 1, 1)
    assert filled.dtype == np.uint8
    assert np.array_equal(filled[:crops], images)
    assert not filled[crops:].any()
