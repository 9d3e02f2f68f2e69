"""Metrics of a ranking: average precision and cumulative matching.

Q queries, G gallery crops. A cost is a dissimilarity of two crops: small is good.
"""

from __future__ import annotations

import numpy as np

NO_MATCH = np.nan
WORTH_SORTING = 80  # one sort of 15,000 values takes as long as that many passes over them


def cosine_cost(query: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """1 - cosine similarity of rows of length 1, (Q, D) and (G, D) to (Q, G)."""
    return 1 - query @ gallery.T


def average_precision(cost: np.ndarray, match: np.ndarray, dropped: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average precision and the rank of the first match, for each row of (Q, G) arrays.

    cost float, match bool (the same person), dropped bool (pairs that do not count, matching or not). Returns
    (Q,) average precision in 0..1 and (Q,) rank of the first match from 1; both NaN where a row has no match. Ties are
    resolved against the ranking, so precision agrees with scikit-learn's `average_precision_score`.
    """
    precision = np.full(len(cost), NO_MATCH)
    first = np.full(len(cost), NO_MATCH)
    found = np.flatnonzero(match & ~dropped)  # twenty times as fast as np.nonzero of the array
    if not len(found):
        return precision, first
    counted = np.where(dropped, np.inf, cost)
    row, hits = found // cost.shape[1], counted.ravel()[found]
    hits = hits[np.lexsort((hits, row))]
    rows, starts, counts = np.unique(row, return_index=True, return_counts=True)
    parts = zip(counted[rows], np.split(hits, starts[1:]), strict=True)
    above = np.concatenate([count_up_to(costs, own) for costs, own in parts])
    hits_above = last_of_ties(row, hits) - np.repeat(starts, counts) + 1
    precision[rows] = np.add.reduceat(hits_above / above, starts) / counts
    first[rows] = (above - hits_above)[starts] + 1
    return precision, first


def last_of_ties(row: np.ndarray, value: np.ndarray) -> np.ndarray:
    """For each index of lists (N,) sorted by row and then by value, the last index that holds the same two."""
    last = np.flatnonzero(np.diff(row, append=-1).astype(bool) | np.diff(value, append=0).astype(bool))
    return last[np.searchsorted(last, np.arange(len(row)))]


def count_up_to(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How many of the values (G,) are at most each threshold (K,), (K,)."""
    if len(thresholds) < WORTH_SORTING:
        return np.array([np.count_nonzero(values <= threshold) for threshold in thresholds])
    return np.searchsorted(np.sort(values), thresholds, side="right")


def single_shot_rank(
    cost: np.ndarray,
    query_person: np.ndarray,
    gallery_person: np.ndarray,
    dropped: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:
    """Rank of the right person when one gallery crop a person is drawn anew for each query (CUHK03's protocol).

    cost and dropped (Q, G), query_person (Q,), gallery_person (G,). Returns (Q,) ranks from 1, NaN where none of the
    person's crops may be drawn.
    """
    order = np.argsort(gallery_person, kind="stable")
    labels, starts = np.unique(gallery_person[order], return_index=True)
    lots = np.where(dropped[:, order], np.inf, random.random(cost.shape, np.float32))  # (Q, G)
    smallest = np.minimum.reduceat(lots, starts, axis=1)  # (Q, people)
    drawn = (lots == np.repeat(smallest, np.diff([*starts, len(order)]), axis=1)) & np.isfinite(lots)
    shot = np.minimum.reduceat(np.where(drawn, cost[:, order], np.inf), starts, axis=1)  # (Q, people)
    column = np.searchsorted(labels, query_person).clip(max=len(labels) - 1)
    own = shot[np.arange(len(cost)), column]
    rank = (shot <= own[:, None]).sum(axis=1).astype(float)
    rank[(labels[column] != query_person) | ~np.isfinite(own)] = NO_MATCH
    return rank


def cumulative_matching(rank: np.ndarray, ranks: int) -> np.ndarray:
    """Share of queries whose first match has rank 1, 2, ... `ranks` or better, of queries with a match."""
    rank = rank[np.isfinite(rank)]
    return (rank[:, None] <= np.arange(1, ranks + 1)).mean(axis=0) if len(rank) else np.zeros(ranks)
