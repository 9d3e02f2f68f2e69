import tracemalloc

import numpy as np
import pytest

import reid.evaluation.reranking
from reid.evaluation.reranking import Reranking, RerankingOptions


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def slow_reranking(query, gallery, k1, k2, original_weight):
    """The method of Zhong et al. 2017 step by step, on one full matrix."""
    everyone = np.concatenate([query, gallery]).astype(np.float64)
    count, queries = len(everyone), len(query)
    distance = np.maximum(2 - 2 * everyone @ everyone.T, 0)
    distance = distance / distance.max(axis=1, keepdims=True)
    ranking = distance.argsort(axis=1, kind="stable")

    def reciprocal(row, k):
        return [other for other in ranking[row, : k + 1] if row in ranking[other, : k + 1]]

    encoding = np.zeros((count, count))
    for row in range(count):
        own = reciprocal(row, k1)
        expanded = set(own)
        for candidate in own:
            theirs = reciprocal(candidate, round(k1 / 2))
            if len(set(theirs) & set(own)) > 2 / 3 * len(theirs):
                expanded |= set(theirs)
        columns = sorted(expanded)
        weight = np.exp(-distance[row, columns])
        encoding[row, columns] = weight / weight.sum()
    encoding = np.stack([encoding[ranking[row, :k2]].mean(axis=0) for row in range(count)])
    jaccard = np.empty((queries, count - queries))
    for row in range(queries):
        for column in range(count - queries):
            shared = np.minimum(encoding[row], encoding[queries + column]).sum()
            jaccard[row, column] = 1 - shared / (2 - shared)
    return (1 - original_weight) * jaccard + original_weight * distance[:queries, queries:]


@pytest.mark.parametrize(("k1", "k2"), [(20, 6), (7, 1)])
def test_it_agrees_with_a_slow_reference_also_where_it_goes_in_chunks(k1, k2, monkeypatch):
    monkeypatch.setattr(reid.evaluation.reranking, "CHUNK_CELLS", 400)
    random = np.random.default_rng(0)
    centres = random.normal(size=(8, 16))
    query = unit(centres[random.integers(0, 8, 15)] + 0.6 * random.normal(size=(15, 16)))
    gallery = unit(centres[random.integers(0, 8, 60)] + 0.6 * random.normal(size=(60, 16)))
    ours = Reranking(query, gallery, RerankingOptions(k1, k2, 0.3))
    expected = slow_reranking(query, gallery, k1, k2, 0.3)
    assert np.concatenate([ours.rows(0, 6), ours.rows(6, 15)]) == pytest.approx(expected, abs=1e-5)


def test_a_gallery_smaller_than_the_neighbourhood_works():
    random = np.random.default_rng(0)
    rows = Reranking(unit(random.normal(size=(2, 4))), unit(random.normal(size=(3, 4))), RerankingOptions()).rows(0, 2)
    assert rows.shape == (2, 3)
    assert np.isfinite(rows).all()


def test_no_full_matrix_is_ever_held(monkeypatch):
    monkeypatch.setattr(reid.evaluation.reranking, "CHUNK_CELLS", 50_000)
    random = np.random.default_rng(0)
    rows = unit(random.normal(size=(750, 8)))
    tracemalloc.start()
    Reranking(rows[:100], rows[100:], RerankingOptions(k1=5, k2=2)).rows(0, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 750 * 750 * 4


def test_wide_embeddings_are_not_copied_for_every_pair_of_neighbours():
    """Each of 300 crops has about twenty neighbours: their embeddings side by side would be 65 MB."""
    centres = np.repeat(np.random.default_rng(0).normal(size=(15, 1024)), 20, axis=0)
    rows = unit(centres + np.random.default_rng(1).normal(size=centres.shape))
    tracemalloc.start()
    Reranking(rows[:100], rows[100:], RerankingOptions())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 25e6


def test_crops_that_look_all_the_same_give_finite_costs():
    rows = unit(np.ones((6, 4)))
    assert np.isfinite(Reranking(rows[:2], rows[2:], RerankingOptions()).rows(0, 2)).all()
