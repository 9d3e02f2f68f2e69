"""k-reciprocal re-ranking (Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017).

Nothing of size (Q + G) x (Q + G) is ever held: neighbour lists are found in chunks, encodings are sparse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..data.option_ranges import require_range

CHUNK_CELLS = 2_000_000


@dataclass(frozen=True)
class RerankingOptions:
    """The three numbers of the method; the defaults are the paper's."""

    k1: int = 20
    """Neighbours that must find each other."""
    k2: int = 6
    """Neighbours whose encodings are averaged (local query expansion)."""
    original: float = 0.3
    """Weight of the original distance beside the Jaccard distance."""

    def __post_init__(self) -> None:
        require_range("reranking.k1", self.k1, 1)
        require_range("reranking.k2", self.k2, 1)
        require_range("reranking.original", self.original, 0, 1)


class Reranking:
    """Re-ranked costs of queries against a gallery; `rows` gives them a chunk at a time.

    query (Q, D) and gallery (G, D) are rows of length 1.
    """

    def __init__(self, query: np.ndarray, gallery: np.ndarray, options: RerankingOptions) -> None:
        self.queries = len(query)
        self.embedding = np.concatenate([query, gallery]).astype(np.float32)
        self.options = options
        k1 = min(options.k1, len(self.embedding) - 1)
        self.neighbours, self.farthest = nearest(self.embedding, k1 + 1)
        encoding = self.encode(self.expanded_neighbours(k1))
        self.encoding = self.expand_queries(encoding).tocsr()
        self.by_neighbour = self.encoding[self.queries :].tocsc()

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Costs of queries start..stop against the gallery, (stop - start, G)."""
        query, gallery = self.embedding[start:stop], self.embedding[self.queries :]
        original = squared_distance(query, gallery) / self.farthest[start:stop, None]
        jaccard = np.stack([self.jaccard(row) for row in range(start, stop)])
        return (1 - self.options.original) * jaccard + self.options.original * original

    def jaccard(self, row: int) -> np.ndarray:
        """Jaccard distance of one query's encoding to every gallery crop's, (G,) (equation 10)."""
        own = self.encoding[[row]]
        shared = np.zeros(self.by_neighbour.shape[0], np.float32)
        for column, weight in zip(own.indices, own.data, strict=True):
            entries = slice(self.by_neighbour.indptr[column], self.by_neighbour.indptr[column + 1])
            shared[self.by_neighbour.indices[entries]] += np.minimum(weight, self.by_neighbour.data[entries])
        return 1 - shared / (2 - shared)

    def expanded_neighbours(self, k1: int) -> list[np.ndarray]:
        """For each crop its k-reciprocal neighbours, widened by those of theirs that mostly agree (equations 3-5)."""
        close = [self.reciprocal(row, k1) for row in range(len(self.embedding))]
        half = [self.reciprocal(row, round(k1 / 2)) for row in range(len(self.embedding))]
        return [widen(own, [half[candidate] for candidate in own]) for own in close]

    def reciprocal(self, row: int, k: int) -> np.ndarray:
        """The k nearest of a crop that count it among their own k nearest."""
        forward = self.neighbours[row, : k + 1]
        return forward[(self.neighbours[forward, : k + 1] == row).any(axis=1)]

    def encode(self, neighbours: list[np.ndarray]) -> sparse.csr_matrix:
        """Each crop as weights over its neighbours, exp(-distance), summing to 1 (equation 7)."""
        count = len(self.embedding)
        rows = np.repeat(np.arange(count), [len(columns) for columns in neighbours])
        columns = np.concatenate(neighbours)
        weight = np.exp(-self.distance_of_pairs(rows, columns) / self.farthest[rows])
        weight /= np.bincount(rows, weight, count)[rows]
        return sparse.csr_matrix((weight.astype(np.float32), (rows, columns)), shape=(count, count))

    def distance_of_pairs(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Squared distance of crop rows[n] to crop columns[n], (N,)."""
        chunk = max(1, CHUNK_CELLS // self.embedding.shape[1])
        parts = [slice(start, start + chunk) for start in range(0, len(rows), chunk)]
        dot = [np.einsum("nd,nd->n", self.embedding[rows[part]], self.embedding[columns[part]]) for part in parts]
        return np.maximum(2 - 2 * np.concatenate(dot), 0)

    def expand_queries(self, encoding: sparse.csr_matrix) -> sparse.csr_matrix:
        """Each encoding replaced by the mean of its k2 nearest crops' (equation 11)."""
        k2 = min(self.options.k2, self.neighbours.shape[1])
        if k2 <= 1:
            return encoding
        count = len(self.embedding)
        rows, columns = np.repeat(np.arange(count), k2), self.neighbours[:, :k2].ravel()
        mean = sparse.csr_matrix((np.full(count * k2, 1 / k2, np.float32), (rows, columns)), shape=(count, count))
        return mean @ encoding


def widen(own: np.ndarray, candidates: list[np.ndarray]) -> np.ndarray:
    """`own` and every candidate set of which more than two thirds lie in it."""
    agreeing = [other for other in candidates if 3 * np.isin(other, own).sum() > 2 * len(other)]
    return np.unique(np.concatenate([own, *agreeing]))


def squared_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distance of rows of length 1, (A, D) and (B, D) to (A, B)."""
    return np.maximum(2 - 2 * (a @ b.T), 0)


def nearest(embedding: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` nearest rows of each row, nearest first (N, count), and the squared distance of the farthest (N,)."""
    chunk = max(1, CHUNK_CELLS // len(embedding))
    neighbours, farthest = [], []
    for start in range(0, len(embedding), chunk):
        distance = squared_distance(embedding[start : start + chunk], embedding)
        few = np.argpartition(distance, count - 1, axis=1)[:, :count]
        order = np.take_along_axis(distance, few, axis=1).argsort(axis=1, kind="stable")
        neighbours.append(np.take_along_axis(few, order, axis=1))
        farthest.append(distance.max(axis=1))
    return np.concatenate(neighbours), np.maximum(np.concatenate(farthest), 1e-12)
