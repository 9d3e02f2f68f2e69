import numpy as np
import pytest

from tracker.gallery import LIKELIEST, Appearance, Gallery, GalleryOptions, People, clear_views, embed_all, similarities


class Counting:
    """An embedder that records how often and with how many crops it was called."""

    calibration = None

    def __init__(self):
        self.batches = []

    def __call__(self, crops):
        self.batches.append(len(crops))
        return np.eye(4, dtype=np.float32)[: len(crops)]


def crop(value: int = 0) -> np.ndarray:
    return np.full((40, 20, 3), value, np.uint8)


def test_views_stay_few_and_spread_over_the_whole_life():
    gallery = Gallery(GalleryOptions(size=5, spacing=0.4))
    for step in range(1000):
        if gallery.wants(step * 0.1):
            gallery.add(step * 0.1, crop())
    times = [view.time for view in gallery.views]
    assert len(times) == 5
    assert times[0] == 0.0
    assert times[-1] > 99
    assert max(np.diff(times)) < 70  # no long part of the track is without a view


def test_large_crops_are_kept_small_and_none_is_a_view_into_the_frame():
    gallery = Gallery(GalleryOptions())
    frame = np.zeros((1000, 500, 3), np.uint8)
    gallery.add(0.0, frame)
    assert gallery.views[0].crop.shape == (256, 128, 3)
    small = crop()
    gallery.add(1.0, small)
    small[:] = 255
    assert gallery.views[1].crop.max() == 0


def test_a_view_is_embedded_once_and_all_in_one_batch():
    one, two, embedder = Gallery(GalleryOptions()), Gallery(GalleryOptions()), Counting()
    one.add(0.0, crop())
    one.add(0.5, crop())
    two.add(0.2, crop())
    assert embed_all([one, two], embedder) == 3
    assert embed_all([one, two], embedder) == 0
    two.add(0.9, crop())
    assert embed_all([one, two], embedder) == 1
    assert embedder.batches == [3, 1]
    assert one.views[0].crop is None  # the picture is let go once its embedding is known


def test_the_better_half_of_the_views_decides():
    """Against two views along the axes the best are 0.9, 0.1 and 0.5; of three the better two: (0.9 + 0.5) / 2."""
    views, others = np.array([[0.9, 0.2], [0.1, 0.0], [0.3, 0.5]]), np.eye(2)
    assert similarities([Appearance(views)], People([Appearance(others)])) == pytest.approx(0.7)
    assert similarities([Appearance(views[:1])], People([Appearance(others)])) == pytest.approx(0.9)
    # each with each: of two views the better one, along the first axis 0.9, along the second 0.2
    people, three = (
        [Appearance(views), Appearance(views[:2])],
        [Appearance(others), Appearance(others[:1]), Appearance(others[1:])],
    )
    assert similarities(people, People(three)) == pytest.approx(np.array([[0.7, 0.6, 0.35], [0.9, 0.9, 0.2]]))


def test_among_hundreds_who_looks_alike_is_compared_view_by_view_and_nobody_else_is_overrated():
    rng = np.random.default_rng(0)

    def person(number: int, views: int) -> Appearance:
        rows = 3 * np.eye(256)[number] + rng.normal(0, 0.1, (views, 256)) + 1
        return Appearance(rows / np.linalg.norm(rows, axis=1, keepdims=True))

    crowd = [person(number, 6) for number in range(200)]
    people = [person(number, 3) for number in (5, 150)]
    all_of_them = similarities(people, People(crowd))
    one_by_one = np.concatenate([similarities(people, People([other])) for other in crowd], axis=1)
    assert all_of_them.argmax(axis=1).tolist() == [5, 150]
    exact = np.isclose(all_of_them, one_by_one, atol=1e-12)
    assert exact[:, [5, 150]].all()
    assert LIKELIEST <= exact.all(axis=0).sum() <= 2 * LIKELIEST
    assert (all_of_them <= one_by_one + 1e-12).all()


def test_a_view_is_clear_while_no_other_box_covers_more_than_half_of_it():
    """100 x 200 each; one at 100 pixels to the right of the other would be apart, at 49 it covers 51 columns."""
    boxes = np.array([[0.0, 0, 100, 200], [500.0, 0, 600, 200]])
    others = np.array([[49.0, 0, 149, 200], [551.0, 0, 651, 200]])
    everybody = np.concatenate([others, boxes])
    assert clear_views(everybody, [2, 3], 0.5).tolist() == [False, True]
    assert clear_views(boxes[[1, 1]], [0], 0.5).tolist() == [False]  # two boxes on one person
