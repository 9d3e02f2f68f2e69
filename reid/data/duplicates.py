"""Pictures that are the same file, and pictures that look the same."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import cv2
import numpy as np

from .crops import grouped

HASH_SIDE = 8
ALIKE = 3
"""Bits of 64 in which two pictures that look the same may differ. Among 5,563 Market-1501 crops and 1,078 rendered ones
no two people were this near; neighbouring frames of a slow dancer are."""
CHUNK = 2048


def difference_hash(image: np.ndarray) -> np.ndarray:
    """(64,) bool of a picture (h, w, 3) uint8 BGR: shrunk to 9x8 grey, whether a pixel is brighter than the one before.

    Neal Krawetz, "Kind of like that", 2013 (dHash).
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (HASH_SIDE + 1, HASH_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small[:, 1:] > small[:, :-1]).ravel()


def groups_of_equals(keys: Sequence[Hashable]) -> list[list[int]]:
    """Rows with equal keys, for each key that stands more than once, in order of their first rows."""
    return [group for group in grouped(range(len(keys)), keys.__getitem__).values() if len(group) > 1]


def alike_pairs(hashes: np.ndarray, most: int = ALIKE) -> Iterator[np.ndarray]:
    """Pairs of rows of hashes (N, B) bool that differ in at most so many bits: (K, 2) arrays, first row < second."""
    signs = np.where(hashes, 1, -1).astype(np.float32)
    for start in range(0, len(signs), CHUNK):
        agreeing = signs[start : start + CHUNK] @ signs[start:].T  # bits that agree less those that differ
        row, column = np.nonzero(np.triu(agreeing >= signs.shape[1] - 2 * most, k=1))
        yield np.stack([row, column], axis=1) + start
