import numpy as np

from tracker.gallery import Gallery, GalleryOptions, embed_all


class Counting:
    """An embedder that tells how often and with how many crops it was asked."""

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
    assert max(np.diff(times)) < 70  # no long stretch of her life is forgotten altogether


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
