"""All box arithmetic. Boxes are (..., 4) arrays; `xyxy` are corners in pixels, `cxcywh` centre and size."""

from __future__ import annotations

import numpy as np


def xyxy_to_cxcywh(xyxy: np.ndarray) -> np.ndarray:
    """Corners to centre and size, (..., 4) to (..., 4)."""
    low, high = xyxy[..., :2], xyxy[..., 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=-1)


def cxcywh_to_xyxy(cxcywh: np.ndarray) -> np.ndarray:
    """Centre and size to corners, (..., 4) to (..., 4)."""
    centre, half = cxcywh[..., :2], cxcywh[..., 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=-1)


def xywh_to_xyxy(xywh: np.ndarray) -> np.ndarray:
    """Left, top, width, height to corners, (..., 4) to (..., 4)."""
    return np.concatenate([xywh[..., :2], xywh[..., :2] + xywh[..., 2:]], axis=-1)


def xyxy_to_xywh(xyxy: np.ndarray) -> np.ndarray:
    """Corners to left, top, width, height, (..., 4) to (..., 4)."""
    return np.concatenate([xyxy[..., :2], xyxy[..., 2:] - xyxy[..., :2]], axis=-1)


def area(xyxy: np.ndarray) -> np.ndarray:
    """Area in square pixels, (..., 4) to (...)."""
    return (xyxy[..., 2] - xyxy[..., 0]).clip(0) * (xyxy[..., 3] - xyxy[..., 1]).clip(0)


def expand(xyxy: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Boxes (..., 4) grown on each side by a share of their size, which broadcasts with (..., 1)."""
    # all axes reversed, so that each coordinate lies together in memory and is fast to take out again
    wider, higher = (xyxy[..., 2:] - xyxy[..., :2]).T * by.T[0]
    left, top, right, bottom = xyxy.T
    return np.stack([left - wider, top - higher, right + wider, bottom + higher]).T


def intersection(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Shared area of every pair in square pixels, (A, 4) and (B, 4), or (A, B, 4), to (A, B)."""
    # coordinate by coordinate: NumPy is slow on corners, whose axis of two is too short for it
    width = np.minimum(a[:, None, 2], b[..., 2]) - np.maximum(a[:, None, 0], b[..., 0])
    height = np.minimum(a[:, None, 3], b[..., 3]) - np.maximum(a[:, None, 1], b[..., 1])
    return np.maximum(width, 0) * np.maximum(height, 0)


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of every pair, 0..1, (A, 4) and (B, 4), or (A, B, 4), to (A, B)."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b) - shared
    return shared / np.maximum(union, 1e-9)


def height_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Overlap of the vertical extents over their union (Hybrid-SORT's HMIoU factor).

    (A, 4) and (B, 4), or (A, B, 4), to (A, B).
    """
    bottoms = a[:, None, 3], b[..., 3]
    tops = a[:, None, 1], b[..., 1]
    shared = np.minimum(*bottoms) - np.maximum(*tops)
    span = np.maximum(*bottoms) - np.minimum(*tops)
    return np.maximum(shared, 0) / np.maximum(span, 1e-9)


def contact(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Share of the smaller box that lies within the other, of every pair, 0..1, (A, 4) and (B, 4) to (A, B)."""
    smaller = np.minimum(area(a)[:, None], area(b)[None, :])
    return intersection(a, b) / np.maximum(smaller, 1.0)


def contacts(xyxy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs of boxes (N, 4) that overlap, the earlier row of each first: rows, rows, and `contact`, (P,) each."""
    left, top, right, bottom = xyxy.T
    rows, columns = np.nonzero(np.triu((left[:, None] < right) & (left < right[:, None]), 1))  # in a crowd few pairs
    meet = (top[rows] < bottom[columns]) & (top[columns] < bottom[rows])
    rows, columns = rows[meet], columns[meet]
    shared = intersection(xyxy[rows], xyxy[columns][:, None])[:, 0]
    sizes = area(xyxy)
    return rows, columns, shared / np.maximum(np.minimum(sizes[rows], sizes[columns]), 1.0)


def in_contact(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """Pairs of which more than this share of the smaller box lies within the other, (A, 4) and (B, 4) to (A, B) bool.

    A box is in contact with itself.
    """
    return contact(a, b) > share


def occlusion(xyxy: np.ndarray) -> np.ndarray:
    """Largest share of each box that lies behind one whose feet are lower in the picture, (N, 4) to (N,) in 0..1."""
    left, top, right, bottom = xyxy.T
    across = (left[:, None] < right) & (left < right[:, None])
    nearer = bottom[:, None] < bottom
    rows, columns = np.nonzero(across & nearer & (top < bottom[:, None]))  # in a crowd few of all pairs
    shared = intersection(xyxy[rows], xyxy[columns][:, None])[:, 0]
    largest = np.zeros(len(xyxy))
    np.maximum.at(largest, rows, shared / np.maximum(area(xyxy[rows]), 1.0))
    return largest
