"""Label placement: next to their person, inside the picture, and never on a face while there is room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import boxes

HEAD_SHARE = 0.25
"""A head is taken to be in this upper share of a box, unless keypoints show where it is."""

_SLOTS = (
    ("left", "below"),
    ("right", "below"),
    ("left", "above"),
    ("right", "above"),
    ("off left", "low"),
    ("off right", "low"),
    ("off left", "middle"),
    ("off right", "middle"),
    ("left", "low"),
    ("right", "low"),
    ("off left", "below"),
    ("off right", "below"),
    ("off left", "above"),
    ("off right", "above"),
    ("left", "middle"),
    ("right", "middle"),
)
_FACE_JOINTS = slice(0, 5)
MIN_CONFIDENCE = 0.5
_HEAD_RADIUS = 0.11
HOLD = 1.0
"""Seconds that a label stays in its slot while that is free."""
_FACE_WEIGHT = 10.0


def head_regions(xyxy: np.ndarray, keypoints: np.ndarray | None = None) -> np.ndarray:
    """(T, 4) pixel boxes that hold the heads of boxes (T, 4), from keypoints (T, 17, 3) COCO where a face is seen."""
    heads = xyxy.astype(np.float64)
    heads[:, 3] = heads[:, 1] + HEAD_SHARE * (heads[:, 3] - heads[:, 1])
    if keypoints is None:
        return heads
    for row, face in enumerate(keypoints[:, _FACE_JOINTS]):
        seen = face[face[:, 2] > MIN_CONFIDENCE, :2]
        if len(seen):
            radius = _HEAD_RADIUS * (xyxy[row, 2:] - xyxy[row, :2]).max()
            heads[row, :2] = np.maximum(seen.min(axis=0) - radius, xyxy[row, :2])
            heads[row, 2:] = np.minimum(seen.max(axis=0) + radius, xyxy[row, 2:])
    return heads


def slots(box: np.ndarray, width: int, height: int) -> np.ndarray:
    """(16, 2) left and top of a label around a box (4,), the best place first: below, above, beside, inside.

    Below comes first because feet move less than raised arms do, and on the floor no person is covered.
    """
    left, top, right, bottom = box
    across = {"left": left, "right": right - width, "off left": left - width, "off right": right}
    down = {"below": bottom, "above": top - height, "low": bottom - height, "middle": (top + bottom - height) / 2}
    return np.array([(across[x], down[y]) for x, y in _SLOTS])


def _candidates(box: np.ndarray, size: tuple[int, int], room: tuple[int, int]) -> np.ndarray:
    """(16, 4) corners of the label in every slot, in whole pixels and inside the picture, `room`."""
    around = np.concatenate([np.floor(box[:2]), np.ceil(box[2:])])
    corners = np.rint(slots(around, *size).clip(0, np.maximum(0, np.subtract(room, size))))
    return np.concatenate([corners, corners + np.array(size)], axis=1)


class LabelLayout:
    """Places the labels of one frame after another, and lets a label stay in its slot for a while: no flicker."""

    def __init__(self) -> None:
        self._slot_since: dict[int, tuple[int, float]] = {}

    def place(
        self,
        time: float,
        ids: Sequence[int],
        xyxy: np.ndarray,
        heads: np.ndarray,
        sizes: Sequence[tuple[int, int]],
        room: tuple[int, int],
    ) -> np.ndarray:
        """Left and top of every label, (T, 2) int pixels.

        xyxy and heads (T, 4) pixels, sizes (width, height) of the labels, room (width, height) of the picture.
        """
        there = set(ids)
        self._slot_since = {identity: held for identity, held in self._slot_since.items() if identity in there}
        placed = np.zeros((0, 4))
        for identity, box, size in zip(ids, xyxy, sizes, strict=True):
            labels = _candidates(box, size, room)
            cost = _FACE_WEIGHT * boxes.intersection(labels, heads).sum(axis=1)
            cost += boxes.intersection(labels, placed).sum(axis=1)
            label = labels[self._choose(identity, cost, time)]
            placed = np.concatenate([placed, label[None]])
        return placed[:, :2].astype(int)

    def _choose(self, identity: int, cost: np.ndarray, time: float) -> int:
        """The slot kept from before while it is free and fresh, or else the first of the cheapest."""
        slot, since = self._slot_since.get(identity, (0, -np.inf))
        if not (0 <= time - since < HOLD and cost[slot] == 0):
            best = int(cost.argmin())
            if best != slot:
                self._slot_since[identity] = (best, time)
            slot = best
        return slot
