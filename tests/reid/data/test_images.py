import itertools
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.data.crops import Crop, DataError
from reid.data.images import AHEAD, open_images, read_ahead, readable

SIZE = 3 * 8 * 4  # bytes of a picture of 8 x 4


def crops_of(folder, bad=()):
    """Six pictures 16 x 8 of brightness 0, 40, ... 200 of one person, each with a joint in its middle."""
    crops = []
    for number in range(6):
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), np.full((16, 8, 3), 40 * number, np.uint8))
        if number in bad:
            path.write_bytes(b"no picture")
        crops.append(Crop(path, 0, -1, "v", number, 0.0, np.array([[4, 8]], np.float32)))
    return crops


def brightness(images):
    return [int(images[row][0].float().mean()) for row in range(len(images))]


@pytest.mark.parametrize("memory", [0, 6 * SIZE - 1, 6 * SIZE])
def test_pictures_are_kept_where_they_fit_and_are_the_same_either_way(tmp_path, memory):
    images, skipped = open_images(crops_of(tmp_path, bad=[2]), 8, 4, memory)
    assert skipped == [2]
    assert bool(images.kept) == (memory == 6 * SIZE)
    assert brightness(images) == [0, 40, 120, 160, 200]
    assert [images[row][1].tolist() for row in range(5)] == [[[2, 4]]] * 5
    assert tuple(images[0][0].shape) == (3, 8, 4)


@pytest.mark.parametrize("memory", [0, 6 * SIZE])
def test_where_the_rows_to_skip_are_known_another_picture_stands_in_for_one_that_went_bad(tmp_path, memory):
    images, skipped = open_images(crops_of(tmp_path, bad=[0, 3]), 8, 4, memory, [2])
    assert skipped == [2]
    assert brightness(images) == [40, 40, 40, 160, 200]  # the first that can be read
    assert images.lost.tolist() == [True, False, True, False, False]


@pytest.mark.parametrize("memory", [0, 6 * SIZE])
def test_pictures_none_of_which_can_be_read_are_one_sentence(tmp_path, memory):
    with pytest.raises(DataError, match=r"No picture of 6, such as .*0\.png, can be read"):
        open_images(crops_of(tmp_path, bad=range(6)), 8, 4, memory)


def test_readable_crops_and_the_other_pictures(tmp_path):
    crops = crops_of(tmp_path, bad=[1, 4])
    kept, skipped = readable(crops)
    assert [crop.frame for crop in kept] == [0, 2, 3, 5]
    assert skipped == [tmp_path / "1.png", tmp_path / "4.png"]
    assert readable([]) == ([], [])


def test_reading_ahead_keeps_the_order_and_goes_no_farther_than_it_may():
    begun, lock = [], threading.Lock()

    def read(item):
        with lock:
            begun.append(item)
        return 10 * item

    results = read_ahead(read, itertools.count())
    assert list(itertools.islice(results, 5)) == [0, 10, 20, 30, 40]
    results.close()
    assert sorted(begun) == list(range(AHEAD + 5))


def test_an_error_while_reading_ahead_comes_in_its_turn():
    def read(path):
        if path == Path("bad"):
            raise DataError("bad")
        return path.name

    results = read_ahead(read, [Path("good"), Path("bad"), Path("later")])
    assert next(results) == "good"
    with pytest.raises(DataError, match="bad"):
        next(results)
