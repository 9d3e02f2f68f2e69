"""Boxes of the detector that no track took, offered where a person has a gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracker.boxes import iou
from tracker.types import Detections

from .gaps import Places

LEAST_OVERLAP = 0.35
"""IoU of a box with the person's last one, at least."""
LONGEST_HOLE = 8
"""Frames in a row without such a box after which nothing more is offered."""
LEAST_BOXES = 2
TAKEN = 0.7
"""IoU with a box of somebody's from which a box is theirs."""


@dataclass(frozen=True)
class Offer:
    """Boxes in a gap of a person's: frames (n,), in order, and xyxy (n, 4) pixels."""

    frame: np.ndarray
    xyxy: np.ndarray


def free_boxes(unused: dict[int, Detections], everybody: dict[int, Places]) -> dict[int, np.ndarray]:
    """The unused boxes (n, 4) by frame that nobody has by now."""
    frames = np.array(sorted(unused), int)
    theirs: dict[int, list[np.ndarray]] = {}
    for places in everybody.values():
        low = np.searchsorted(places.frame, frames)
        hit = low < len(places.frame)
        hit[hit] = places.frame[low[hit]] == frames[hit]
        for frame, row in zip(frames[hit].tolist(), low[hit].tolist(), strict=True):
            theirs.setdefault(frame, []).append(places.xyxy[row])
    return {frame: _free(unused[frame].xyxy.astype(float), theirs.get(frame)) for frame in frames.tolist()}


def _free(boxes: np.ndarray, theirs: list[np.ndarray] | None) -> np.ndarray:
    return boxes if theirs is None else boxes[iou(boxes, np.stack(theirs)).max(axis=1) < TAKEN]


def offers(places: Places, free: dict[int, np.ndarray], step: int, last: int) -> Iterator[Offer]:
    """What a person's gaps may be filled with, also before their first and behind their last box."""
    own = places.frame
    edges = [(-1, int(own[0]), False, True)]
    edges += [(a, b, True, True) for a, b in zip(own[:-1].tolist(), own[1:].tolist(), strict=True) if b - a > step]
    edges.append((int(own[-1]), last + 1, True, False))
    for start, end, from_start, from_end in edges:
        chain: dict[int, np.ndarray] = {}
        if from_start:
            chain = _chain(places.xyxy[np.searchsorted(own, start)], range(start + step, end, step), free, {})
        if from_end:
            back = range(end - step, start, -step)
            chain = {**_chain(places.xyxy[np.searchsorted(own, end)], back, free, chain), **chain}
        if len(chain) >= LEAST_BOXES:
            frames = np.array(sorted(chain))
            yield Offer(frames, np.stack([chain[frame] for frame in frames.tolist()]))


def _chain(
    box: np.ndarray, frames: range, free: dict[int, np.ndarray], known: dict[int, np.ndarray]
) -> dict[int, np.ndarray]:
    """Box after box that continues the one before; ends at what is `known` already."""
    chain: dict[int, np.ndarray] = {}
    missed = 0
    for frame in frames:
        if frame in known:
            break
        boxes = free.get(frame)
        overlap = iou(box[None], boxes)[0] if boxes is not None and len(boxes) else np.zeros(1)
        if overlap.max() >= LEAST_OVERLAP and boxes is not None:
            box = boxes[int(overlap.argmax())]
            chain[frame] = box
            missed = 0
        else:
            missed += 1
            if missed > LONGEST_HOLE:
                break
    return chain
