"""A pass of a network for pictures as arrays, and the few sizes of batch for a GPU: each takes time to prepare."""

import numpy as np
import pytest
import torch

from models.recorded import KEPT, Recorded

SIZES = (16, 64)


def brightness(pictures: torch.Tensor) -> torch.Tensor:
    return pictures.float().mean(dim=(1, 2, 3))[:, None]  # (B, 1)


def numbered(count: int) -> np.ndarray:
    return np.arange(1, count + 1, dtype=np.uint8).reshape(count, 1, 1, 1).repeat(3, axis=3)


def test_pictures_go_in_as_arrays_and_results_come_out_as_arrays():
    run = Recorded(brightness, torch.device("cpu"))
    assert run(numbered(3)).tolist() == [[1], [2], [3]]
    assert run(numbered(3)[::-1]).tolist() == [[3], [2], [1]]
    assert run(numbered(2)).tolist() == [[1], [2]]


@pytest.mark.parametrize(("count", "size"), [(1, 16), (16, 16), (17, 64), (64, 64), (65, 65)])
def test_on_a_gpu_a_batch_is_filled_up_to_one_of_few_sizes(count: int, size: int):
    filled = Recorded(brightness, torch.device("cuda"), SIZES).filled(numbered(count))
    assert filled.shape == (size, 1, 1, 3)
    assert filled.dtype == np.uint8
    assert np.array_equal(filled[:count], numbered(count))
    assert not filled[count:].any()


def test_on_a_gpu_the_last_batch_of_a_video_is_as_large_as_those_before():
    run = Recorded(brightness, torch.device("cuda"), _of_shape={(4, 1, 1, 3): lambda pictures: pictures})
    assert len(run.filled(numbered(3))) == 4
    assert len(run(numbered(3))) == 3
    assert len(run.filled(numbered(5))) == 5
    assert len(run.filled(np.zeros((3, 2, 1, 3), np.uint8))) == 3  # pictures of another size


def test_of_many_shapes_the_last_few_stay_prepared():
    run = Recorded(brightness, torch.device("cpu"))
    for count in range(1, KEPT + 3):
        assert len(run(numbered(count))) == count
    assert [shape[0] for shape in run._of_shape] == list(range(3, KEPT + 3))


def test_a_processor_takes_any_number():
    pictures = numbered(3)
    assert Recorded(brightness, torch.device("cpu"), SIZES).filled(pictures) is pictures
