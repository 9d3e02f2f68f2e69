import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.data.crops import NOBODY, Crop
from reid.evaluation.protocols import PROTOCOLS, Embedded, Labels, evaluate, reassociation, rows_not_trained_on


def crop(person, camera=-1, video="v", frame=0):
    return Crop(Path(f"{person}_{video}_{frame}.jpg"), person, camera, video, frame, frame / 25)


def unit(angles):
    angles = np.radians(angles)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def embedded(angles, crops):
    return Embedded(unit(angles), Labels.of(crops))


def test_market1501_does_not_count_the_same_view_of_the_person():
    """The nearest crop is the query's own camera's; of the other two, the other person is nearer."""
    query, gallery = [crop(1, 1)], [crop(1, 1, frame=1), crop(2, 1, frame=2), crop(1, 2, frame=3)]
    scores = evaluate(embedded([0], query), embedded([1, 10, 20], gallery), PROTOCOLS["market1501"])
    assert scores.mean_average_precision == pytest.approx(1 / 2)
    assert scores.rank(1) == 0
    assert scores.rank(2) == 1
    assert scores.queries == 1


def test_without_cameras_only_the_very_picture_is_left_out():
    query, gallery = [crop(1, frame=5)], [crop(1, frame=5), crop(1, frame=6), crop(2, frame=5)]
    scores = evaluate(embedded([0], query), embedded([0, 30, 20], gallery), PROTOCOLS["market1501"])
    assert scores.mean_average_precision == pytest.approx(1 / 2)


def test_pictures_without_frames_of_their_own_count_by_their_files():
    """CUHK03 tells no frames, and names of one's own may end in any number: all are frame 0 of one recording here."""
    one, other, stranger = (replace(crop(person), path=Path(name)) for person, name in ((1, "a"), (1, "b"), (2, "c")))
    scores = evaluate(embedded([0], [one]), embedded([0, 30, 20], [one, other, stranger]), PROTOCOLS["market1501"])
    assert scores.queries == 1
    assert scores.mean_average_precision == pytest.approx(1 / 2)


def test_a_query_without_counted_match_is_left_out():
    query, gallery = [crop(1, 1), crop(2, 1)], [crop(1, 1, frame=1), crop(2, 2, frame=1)]
    scores = evaluate(embedded([0, 90], query), embedded([0, 90], gallery), PROTOCOLS["market1501"])
    assert scores.queries == 1
    assert scores.mean_average_precision == 1


def test_dancereid_published_drops_the_hardest_and_keeps_the_easiest_while_clean_does_the_opposite():
    """Most similar is another person of the same frame, then the person's own neighbouring frame, then the late one."""
    query = [crop(1, frame=100)]
    gallery = [crop(2, frame=100), crop(1, frame=101), crop(1, frame=400)]
    rows = embedded([0], query), embedded([5, 10, 20], gallery)
    assert evaluate(*rows, PROTOCOLS["dancereid-published"]).rank(1) == 1
    assert evaluate(*rows, PROTOCOLS["dancereid-clean"]).rank(1) == 0
    assert evaluate(*rows, PROTOCOLS["dancereid-published"]).mean_average_precision == pytest.approx(
        (1 / 2 + 2 / 3) / 2
    )
    assert evaluate(*rows, PROTOCOLS["dancereid-clean"]).mean_average_precision == pytest.approx(1 / 2)


def test_cuhk03_compares_across_views_only_and_its_draws_are_seeded():
    random = np.random.default_rng(0)
    person = np.repeat(np.arange(20), 10)
    labels = Labels(person, np.tile([1, 2], 100), np.zeros(200, int), np.zeros(200, int), np.arange(200))
    rows = random.normal(size=(200, 16)) + np.repeat(random.normal(size=(20, 16)), 10, axis=0)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    two_views = Embedded(rows, labels)
    scores = [evaluate(two_views, two_views, PROTOCOLS["cuhk03"]) for _ in range(2)]
    assert scores[0] == scores[1]
    assert 0 < scores[0].rank(1) < 1
    one_view = Embedded(rows, replace(labels, camera=np.ones(200, int)))
    assert evaluate(one_view, one_view, PROTOCOLS["cuhk03"]).rank(10) == 0


def test_people_trained_on_are_left_out_of_the_clean_protocol():
    assert rows_not_trained_on(Labels.of([crop(3), crop(35), crop(4)]), [35, 36]).tolist() == [0, 2]


def test_reassociation_asks_among_the_people_of_the_later_frame():
    """Two people turn by 60 degrees in 30 frames: found at once, but not after 30 frames, and absent later."""
    crops = [
        crop(1, frame=0),
        crop(2, frame=0),
        crop(1, frame=1),
        crop(2, frame=1),
        crop(1, frame=30),
        crop(2, frame=30),
    ]
    answered = reassociation(embedded([0, 60, 5, 65, 60, 0], crops))
    assert {gap: (answer.rank1, answer.questions) for gap, answer in answered.items()} == {
        1: (1.0, 2),
        30: (0.0, 2),
        120: (None, 0),
        300: (None, 0),
    }


def test_reassociation_asks_for_no_distractor():
    """Two crops that show nobody known are not one person, but may be taken for one."""
    crops = [crop(1, frame=0), crop(NOBODY, frame=0), crop(1, frame=1), crop(NOBODY, frame=1)]
    assert reassociation(embedded([0, 60, 5, 65], crops))[1].questions == 1
    assert reassociation(embedded([0, 60, 90, 5], crops))[1].rank1 == 0


def test_reassociation_needs_a_choice():
    crops = [crop(1, frame=0), crop(1, frame=1), crop(2, video="w", frame=1)]
    assert reassociation(embedded([0, 0, 0], crops))[1].rank1 is None


def random_labels(random, count):
    person, camera = random.integers(0, 750, count), random.integers(0, 6, count)
    return Labels(person, camera, np.zeros(count, int), np.arange(count), np.arange(count))


def random_rows(random, count, dimension=256):
    rows = random.normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def one_query_at_a_time(query, gallery, query_labels, gallery_labels):
    precisions = []
    for row, person, camera in zip(query, query_labels.person, query_labels.camera, strict=True):
        order = np.argsort(1 - gallery @ row)
        match = gallery_labels.person[order] == person
        match = match[~(match & (gallery_labels.camera[order] == camera))]
        places = np.flatnonzero(match) + 1
        if len(places):
            precisions.append((np.arange(1, len(places) + 1) / places).mean())
    return float(np.mean(precisions))


@pytest.mark.parametrize("dimension", [64, 32])
def test_scores_are_those_of_a_loop_over_queries(dimension):
    random = np.random.default_rng(0)
    query, gallery = (random_rows(random, count, dimension) for count in (300, 1500))
    of_query, of_gallery = random_labels(random, 300), random_labels(random, 1500)
    of_query.frame[:] += 100_000
    scores = evaluate(Embedded(query, of_query), Embedded(gallery, of_gallery), PROTOCOLS["market1501"])
    expected = one_query_at_a_time(query, gallery, of_query, of_gallery)
    assert scores.mean_average_precision == pytest.approx(expected, abs=1e-4)


def test_memory_stays_bounded():
    random = np.random.default_rng(0)
    rows = Embedded(random_rows(random, 6000), random_labels(random, 6000))
    tracemalloc.start()
    evaluate(rows, rows, PROTOCOLS["market1501"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6000 * 6000 * 4
